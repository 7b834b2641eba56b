//! Rows G76 to G100 of the table.

use super::{Row, row};

/// Number, what happens, fault, behaviour, tests.
pub(super) const ROWS: &[Row] = &[
    row(
        76,
        "mail of 25 MB and more",
        "none: the tenant has one of 40 MiB",
        "streamed and hashed as it arrives",
        &[
            "simulator::volume::forty_mebibytes_are_made_while_they_are_sent",
            "package::landing::a_small_body_makes_no_file_and_a_large_one_makes_one",
        ],
    ),
    row(
        77,
        "hasAttachments is false though there are some",
        "g77",
        "the list is always asked",
        &["faults::items::attachments_that_cannot_be_had_are_named_and_passing_trouble_with_them_passes"],
    ),
    row(
        78,
        "no list of attachments with content",
        "g78",
        "listed without, then one by one",
        &["faults::items::attachments_that_cannot_be_had_are_named_and_passing_trouble_with_them_passes"],
    ),
    row(
        79,
        "contentBytes is missing",
        "g79",
        "$value of each attachment",
        &["faults::items::attachments_that_cannot_be_had_are_named_and_passing_trouble_with_them_passes"],
    ),
    row(
        80,
        "items within items",
        "none: the tenant has such mail",
        "their MIME is taken as a whole",
        &["identity::tests::embedded_messages_have_their_bytes_their_ids_and_their_own_family"],
    ),
    row(
        81,
        "attachments without names",
        "g81",
        "kept",
        &["faults::items::properties_that_are_missing_or_odd_are_never_invented_and_never_stop_the_rebuilding"],
    ),
    row(
        82,
        "attachments of zero bytes",
        "none: the tenant has one",
        "kept",
        &["main_job::every_message_of_the_range_is_collected_with_the_bytes_that_were_served_and_nothing_else"],
    ),
    row(
        83,
        "addresses that are none",
        "g83",
        "kept as they are, never refused",
        &[
            "faults::items::properties_that_are_missing_or_odd_are_never_invented_and_never_stop_the_rebuilding",
            "collect::rebuild::tests::no_name_or_value_can_open_a_field_of_its_own",
        ],
    ),
    row(
        84,
        "several Reply-To",
        "none: the tenant has such mail",
        "all are kept",
        &["collect::rebuild::tests::an_independent_parser_finds_every_fact_again"],
    ),
    row(
        85,
        "Bcc",
        "none: the tenant has such mail",
        "written where the mailbox has it",
        &["collect::rebuild::tests::an_independent_parser_finds_every_fact_again"],
    ),
    row(
        86,
        "the original headers are missing",
        "g86",
        "rebuilt from properties, which is said",
        &["faults::items::properties_that_are_missing_or_odd_are_never_invented_and_never_stop_the_rebuilding"],
    ),
    row(
        87,
        "the sent date is missing",
        "g87",
        "no other date takes its place",
        &[
            "faults::items::properties_that_are_missing_or_odd_are_never_invented_and_never_stop_the_rebuilding",
            "collect::rebuild::tests::what_the_json_does_not_have_is_not_invented",
        ],
    ),
    row(
        88,
        "invented values",
        "none: it is the client's own doing",
        "nothing is invented",
        &[
            "faults::items::properties_that_are_missing_or_odd_are_never_invented_and_never_stop_the_rebuilding",
            "collect::rebuild::tests::what_the_json_does_not_have_is_not_invented",
        ],
    ),
    row(
        89,
        "a preference changes the body",
        "none: it is the client's own header",
        "none is sent for bodies",
        &["graph::tests::a_request_carries_token_ids_preferences_and_our_name"],
    ),
    row(
        90,
        "the event of a meeting cannot be expanded",
        "none: it is not asked for",
        "meetings come as MIME",
        &["faults::items::items_that_cannot_be_rendered_are_rebuilt_whatever_the_code_and_the_code_is_kept"],
    ),
    row(
        91,
        "raw control characters in JSON",
        "g91",
        "read as they are",
        &[
            "faults::listing::text_that_is_not_clean_costs_no_page",
            "graph::json::raw_control_characters_inside_strings_are_read_as_they_are",
        ],
    ),
    row(
        92,
        "hand-made MIME is wrong",
        "none: it is the client's own doing",
        "other parsers read it",
        &["rebuilt_mail::python_reads_a_rebuilt_message_without_a_defect_and_finds_every_fact"],
    ),
    row(
        93,
        "the Message-ID is another, missing or odd",
        "g93",
        "never a key; the header's is kept",
        &[
            "faults::listing::text_that_is_not_clean_costs_no_page",
            "identity::message_id::case_brackets_and_line_ends_matter",
        ],
    ),
    row(
        94,
        "dates that no parser takes",
        "none: the tenant has such mail",
        "unknown stays unknown",
        &["identity::date::what_is_no_date_stays_unknown"],
    ),
    row(
        95,
        "the store's size is another",
        "g95",
        "noted, never compared with bytes",
        &["faults::listing::counts_and_sizes_that_are_not_true_change_nothing_that_is_collected"],
    ),
    row(
        96,
        "half surrogates and zero bytes",
        "g96",
        "bytes stay bytes; only what is shown is cleaned",
        &[
            "faults::listing::text_that_is_not_clean_costs_no_page",
            "graph::json::half_a_surrogate_pair_and_bad_utf8_become_replacement_characters",
        ],
    ),
    row(
        97,
        "protected content",
        "none: the tenant has such mail",
        "kept as served and noted",
        &["identity::tests::protected_and_opaque_content_is_noted_once_per_kind_and_never_a_loss"],
    ),
    row(
        98,
        "only the first attachment is taken",
        "none: it is the client's own doing",
        "none, one and three hundred arrive",
        &["collect::rebuild::tests::zero_one_and_three_hundred_attachments_all_arrive"],
    ),
    row(
        99,
        "a failed comparison counts as a duplicate",
        "none: nothing is left out as a duplicate",
        "every listed id is collected or excepted",
        &[
            "main_job::every_message_of_the_range_is_collected_with_the_bytes_that_were_served_and_nothing_else",
            "custody::tests::record::a_listed_row_that_the_schema_refuses_is_an_error_and_not_a_duplicate",
        ],
    ),
    row(
        100,
        "half-written files",
        "none: a rule of storage",
        "temporary name, synced, renamed",
        &[
            "package::tests::settling::a_settled_native_lies_at_its_place_with_exactly_its_bytes",
            "package::tests::crash::killed_before_the_rename_a_native_is_swept",
        ],
    ),
];
