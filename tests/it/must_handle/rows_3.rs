//! Rows G51 to G75 of the table.

use super::{Row, row};

/// Number, what happens, fault, behaviour, tests.
pub(super) const ROWS: &[Row] = &[
    row(
        51,
        "short and empty pages",
        "g51",
        "only a missing link ends a list",
        &[
            "faults::listing::pages_that_come_short_empty_or_twice_still_list_everything",
            "graph::page::an_empty_page_with_a_link_goes_on",
        ],
    ),
    row(
        52,
        "the link is missing",
        "g52",
        "compared with the count, asked again from the last date",
        &["faults::listing::links_that_are_missing_or_repeat_or_lost_their_user_still_list_everything"],
    ),
    row(
        53,
        "the link is the page itself",
        "g53",
        "noticed, then as above",
        &[
            "faults::listing::links_that_are_missing_or_repeat_or_lost_their_user_still_list_everything",
            "graph::link::a_link_that_comes_back_is_noticed",
        ],
    ),
    row(
        54,
        "the link lost its user",
        "g54",
        "not followed; asked again",
        &[
            "faults::listing::links_that_are_missing_or_repeat_or_lost_their_user_still_list_everything",
            "graph::link::a_link_that_lost_its_user_is_damaged",
            "faults::listing::a_damaged_link_on_a_sample_does_not_close_the_mailbox",
        ],
    ),
    row(
        55,
        "offsets shift",
        "g55",
        "ordered by date and listed a second time",
        &["faults::listing::offsets_that_shift_while_paging_miss_nothing"],
    ),
    row(
        56,
        "$top caps a whole delta",
        "none: no delta query is ever asked; pages are sized by Prefer",
        "the preference on every page",
        &[
            "faults::mailbox::nothing_but_gets_without_batches_and_delta_reaches_graph",
            "graph::tests::a_next_page_is_asked_with_the_headers_of_the_first",
        ],
    ),
    row(
        57,
        "one item spoils its page",
        "g57",
        "cornered to the millisecond and named; the others are listed",
        &["faults::listing::one_item_that_spoils_its_page_is_cornered_and_named_and_the_others_are_listed"],
    ),
    row(
        58,
        "annotations cannot be selected",
        "none: no delta query is ever asked",
        "none is selected",
        &["faults::mailbox::nothing_but_gets_without_batches_and_delta_reaches_graph"],
    ),
    row(
        59,
        "the delta link is dead",
        "g59",
        "no delta is asked",
        &[
            "faults::mailbox::settings_and_delta_that_are_refused_do_not_matter",
            "faults::mailbox::nothing_but_gets_without_batches_and_delta_reaches_graph",
        ],
    ),
    row(
        60,
        "no delta for this mailbox",
        "g60",
        "no delta is asked",
        &[
            "faults::mailbox::settings_and_delta_that_are_refused_do_not_matter",
            "faults::mailbox::nothing_but_gets_without_batches_and_delta_reaches_graph",
        ],
    ),
    row(
        61,
        "removed and repeated entries of a delta",
        "none: no delta query is ever asked",
        "nothing is ever taken out of a package",
        &[
            "faults::mailbox::nothing_but_gets_without_batches_and_delta_reaches_graph",
            "custody::tests::undo::rows_are_never_changed_replaced_or_removed",
        ],
    ),
    row(
        62,
        "a delta that covers nothing",
        "none: no delta query is ever asked",
        "a pass counts only when it ended",
        &["faults::mailbox::nothing_but_gets_without_batches_and_delta_reaches_graph"],
    ),
    row(
        63,
        "options are frozen inside a delta link",
        "none: no delta query is ever asked",
        "no link outlives a run",
        &["faults::mailbox::nothing_but_gets_without_batches_and_delta_reaches_graph"],
    ),
    row(
        64,
        "ids change when a message moves",
        "none: the simulator has both kinds of ids",
        "immutable ids on every request",
        &["graph::ask::every_mailbox_request_prefers_immutable_ids"],
    ),
    row(
        65,
        "ids differ by case and are long",
        "none: the simulator's ids are such",
        "compared exactly, never a file's name",
        &[
            "terms::custodian::ids_differ_by_case_and_addresses_do_not",
            "package::placement::a_native_lies_where_the_design_says",
        ],
    ),
    row(
        66,
        "an item vanishes after it was listed",
        "g66",
        "a state of its own, counted",
        &[
            "faults::items::what_vanishes_between_listing_and_fetching_is_named_and_counted",
            "faults::items::a_message_that_vanishes_during_the_access_test_does_not_close_the_mailbox",
            "faults::items::what_the_second_listing_still_shows_is_not_called_gone",
        ],
    ),
    row(
        67,
        "mail arrives during the run",
        "g67",
        "found by the second listing",
        &["faults::listing::messages_that_arrive_during_the_run_are_found_by_the_second_listing"],
    ),
    row(
        68,
        "received, sent, created differ",
        "none: the tenant has such mail",
        "one is chosen, all are kept",
        &["main_job::every_message_of_the_range_is_collected_with_the_bytes_that_were_served_and_nothing_else"],
    ),
    row(
        69,
        "bounds of a date filter",
        "none: it is the question, not the answer",
        "from included, to excluded, through the zone",
        &[
            "terms::window::a_date_given_as_to_includes_that_whole_local_day",
            "main_job::an_instant_is_exact_and_an_end_is_excluded",
        ],
    ),
    row(
        70,
        "$value below a folder answers 405",
        "none: the simulator always does",
        "never asked",
        &["faults::mailbox::nothing_but_gets_without_batches_and_delta_reaches_graph"],
    ),
    row(
        71,
        "S/MIME reports cannot be rendered",
        "g71",
        "two tries, then rebuilt and labelled",
        &["faults::items::items_that_cannot_be_rendered_are_rebuilt_whatever_the_code_and_the_code_is_kept"],
    ),
    row(
        72,
        "no structured data",
        "g72",
        "the same",
        &[
            "faults::items::items_that_cannot_be_rendered_are_rebuilt_whatever_the_code_and_the_code_is_kept",
            "graph::judge::a_message_without_structured_data_cannot_be_rendered",
        ],
    ),
    row(
        73,
        "the body cannot be converted",
        "g73",
        "rebuilt without a body, which is said",
        &["faults::items::a_body_that_can_be_had_in_no_form_is_left_out_and_said"],
    ),
    row(
        74,
        "corrupt data, old recipients",
        "g74",
        "the same as g71",
        &["faults::items::items_that_cannot_be_rendered_are_rebuilt_whatever_the_code_and_the_code_is_kept"],
    ),
    row(
        75,
        "one attachment cannot be opened",
        "g75",
        "a placeholder that names it, and an exception",
        &["faults::items::attachments_that_cannot_be_had_are_named_and_passing_trouble_with_them_passes"],
    ),
];
