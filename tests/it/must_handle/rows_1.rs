//! Rows G01 to G25 of the table.

use super::{Row, row};

/// Number, what happens, fault, behaviour, tests.
pub(super) const ROWS: &[Row] = &[
    row(
        1,
        "401 in mid-run",
        "g01",
        "one renewal, then the request again; it gives up after six",
        &[
            "faults::passing::a_token_that_is_refused_is_renewed_once_and_the_request_asked_again",
            "graph::tests::a_rejected_token_is_renewed_once_and_the_request_repeated",
        ],
    ),
    row(
        2,
        "the refresh token is revoked",
        "g02",
        "the run pauses with exit 4 and goes on after a sign-in",
        &[
            "faults::mailbox::a_sign_in_that_is_withdrawn_pauses_the_run",
            "resume::a_revoked_sign_in_pauses_the_run_and_a_new_one_goes_on",
        ],
    ),
    row(
        3,
        "the sign-in endpoint never answers",
        "g03",
        "a deadline of its own, then again",
        &[
            "faults::passing::a_sign_in_endpoint_that_says_nothing_for_a_while_does_not_end_a_run",
            "session::tests::a_platform_that_hangs_is_given_up_after_so_many_tries_of_so_long",
            "faults::passing::a_web_page_in_place_of_a_renewed_token_is_asked_for_again",
        ],
    ),
    row(
        4,
        "silence in the middle of a body",
        "g04",
        "a deadline that starts anew with each byte, then again",
        &["faults::passing::connections_that_break_and_bodies_that_end_early_are_asked_for_again_as_a_whole"],
    ),
    row(
        5,
        "the connection breaks in the body, or the body is short",
        "g05",
        "the whole request again; announced lengths are compared",
        &[
            "faults::passing::connections_that_break_and_bodies_that_end_early_are_asked_for_again_as_a_whole",
            "faults::passing::half_a_multipart_that_ends_as_if_it_were_whole_is_asked_for_again",
            "faults::passing::a_web_page_in_place_of_a_message_is_not_taken_for_mail",
        ],
    ),
    row(
        6,
        "the error of a streamed request has a body",
        "g06",
        "it is read and its code decides and is recorded",
        &["faults::items::items_that_cannot_be_rendered_are_rebuilt_whatever_the_code_and_the_code_is_kept"],
    ),
    row(
        7,
        "the code is elsewhere or spelt otherwise",
        "g07",
        "found at any depth in any case",
        &[
            "faults::passing::errors_that_pass_are_known_by_their_code_in_any_spelling_and_place",
            "graph::said::a_code_is_found_at_any_depth_in_either_spelling_and_any_case",
        ],
    ),
    row(
        8,
        "a link to another host",
        "g08",
        "not followed, no token sent, the run stops and can go on",
        &[
            "faults::listing::a_link_to_another_host_ends_the_run_and_nothing_was_lost",
            "graph::link::a_link_to_another_scheme_host_or_port_is_foreign",
        ],
    ),
    row(
        9,
        "debug output shows tokens, addresses, names",
        "none: it is the client's own output",
        "nothing of the kind at any level",
        &[
            "no_secrets::no_secret_is_in_any_output_or_file_of_the_whole_job_and_its_troubles",
            "main_job::diagnostics_at_the_highest_level_tell_no_secret_and_no_content",
        ],
    ),
    row(
        10,
        "no User-Agent",
        "none: it is the client's own header",
        "the decorated form on every request",
        &["graph::tests::a_request_carries_token_ids_preferences_and_our_name"],
    ),
    row(
        11,
        "a body that cannot be sent twice",
        "none: nothing but GET is sent to Graph",
        "only GET, so every request can be repeated",
        &["faults::mailbox::nothing_but_gets_without_batches_and_delta_reaches_graph"],
    ),
    row(
        12,
        "429 with Retry-After",
        "g12",
        "one fence holds the mailbox, the longest wins",
        &[
            "faults::passing::throttling_is_waited_out_however_the_wait_is_told",
            "graph::pace::the_longest_fence_wins_and_fences_do_not_add_up",
        ],
    ),
    row(
        13,
        "Retry-After as a date, a fraction, not at all, or long",
        "g13",
        "all are read, long ones are kept to",
        &[
            "faults::passing::throttling_is_waited_out_however_the_wait_is_told",
            "graph::retry_after::seconds_fractions_and_dates_are_understood",
            "graph::retry_after::a_wait_above_three_minutes_is_honoured_and_a_century_is_not",
        ],
    ),
    row(
        14,
        "429: too many at once",
        "g14",
        "four seats per mailbox inside the retries",
        &[
            "faults::passing::throttling_is_waited_out_however_the_wait_is_told",
            "graph::tests::no_mailbox_ever_sees_five_requests_at_once",
        ],
    ),
    row(
        15,
        "10,000 requests in ten minutes",
        "g15",
        "a sliding window that counts every attempt",
        &[
            "faults::passing::throttling_is_waited_out_however_the_wait_is_told",
            "graph::pace::no_ten_minutes_see_more_requests_than_the_window_allows",
        ],
    ),
    row(
        16,
        "503 without a body for a large page",
        "g16",
        "again, then a smaller page",
        &["faults::listing::pages_that_come_short_empty_or_twice_still_list_everything"],
    ),
    row(
        17,
        "500, 502, 503, 504",
        "g17",
        "growing pauses with jitter",
        &[
            "faults::passing::a_service_that_fails_now_and_then_is_asked_again",
            "graph::tries::pauses_double_up_to_a_minute_and_never_overflow",
        ],
    ),
    row(
        18,
        "404 without a body for an item that exists",
        "g18",
        "again; never recorded as deleted",
        &[
            "faults::passing::an_item_that_is_said_not_to_be_there_without_a_word_is_asked_for_again",
            "graph::tests::an_item_that_answers_404_without_a_body_is_tried_again",
        ],
    ),
    row(
        19,
        "400 invalidRequest that passes",
        "g19",
        "a second try",
        &["faults::passing::errors_that_pass_are_known_by_their_code_in_any_spelling_and_place"],
    ),
    row(
        20,
        "an error while the request was read",
        "g20",
        "again, whatever the status",
        &[
            "faults::passing::errors_that_pass_are_known_by_their_code_in_any_spelling_and_place",
            "graph::judge::an_error_while_reading_the_request_is_tried_again_whatever_the_status",
        ],
    ),
    row(
        21,
        "too many objects opened",
        "g21",
        "fewer seats for the mailbox, then again",
        &[
            "faults::items::attachments_that_cannot_be_had_are_named_and_passing_trouble_with_them_passes",
            "graph::pace::a_mailbox_with_too_much_open_gets_fewer_seats_but_keeps_one",
        ],
    ),
    row(
        22,
        "the mailbox is dead",
        "g22",
        "the first loss asks whether it still opens; then the run stops",
        &[
            "faults::mailbox::a_mailbox_that_closes_in_the_middle_is_not_asked_for_ever_and_loses_nothing",
            "faults::items::many_items_in_a_row_that_cannot_be_rendered_do_not_stop_the_run",
        ],
    ),
    row(
        23,
        "throttled for ever",
        "g23",
        "bounded in time, resumable",
        &[
            "faults::mailbox::a_service_that_never_stops_throttling_or_failing_is_given_up_in_bounded_time",
            "graph::tests::a_service_that_keeps_throttling_ends_as_throttled_with_the_trail",
        ],
    ),
    row(
        24,
        "parts of a batch fail",
        "none: $batch is never used",
        "each request stands alone",
        &["faults::mailbox::nothing_but_gets_without_batches_and_delta_reaches_graph"],
    ),
    row(
        25,
        "headers that tell what is left",
        "g25",
        "harmless; Outlook does not send them",
        &["faults::passing::headers_that_tell_how_much_is_left_harm_nothing"],
    ),
];
