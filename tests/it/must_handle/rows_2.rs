//! Rows G26 to G50 of the table.

use super::{Row, row};

/// Number, what happens, fault, behaviour, tests.
pub(super) const ROWS: &[Row] = &[
    row(
        26,
        "guests, accounts on premises, null userType",
        "none: the tenant has such people",
        "all are listed with a state and a reason",
        &["users::every_state_is_told_with_its_reason", "directory::expect::every_state_has_its_rule_and_says_why"],
    ),
    row(
        27,
        "people without a name, an address, an id",
        "g27",
        "listed as far as they are somebody",
        &[
            "faults::mailbox::people_without_names_and_names_in_capitals_are_the_people_they_are",
            "directory::person::an_entry_without_an_id_is_nobody",
        ],
    ),
    row(
        28,
        "names in another case",
        "g28",
        "compared without case, kept by object id",
        &[
            "faults::mailbox::people_without_names_and_names_in_capitals_are_the_people_they_are",
            "directory::tests::an_id_a_sign_in_name_and_any_address_name_the_same_person_in_any_case",
        ],
    ),
    row(
        29,
        "no mailbox",
        "g29",
        "named with its advice before anything is collected",
        &[
            "faults::mailbox::a_mailbox_that_never_opens_is_told_before_anything_is_collected",
            "access_rows::a_mailbox_that_is_not_in_the_cloud_is_no_mailbox_in_each_of_the_shapes",
        ],
    ),
    row(
        30,
        "the licence is gone",
        "g30",
        "the run stops early and goes on with a new licence",
        &[
            "faults::mailbox::a_mailbox_that_closes_in_the_middle_is_not_asked_for_ever_and_loses_nothing",
            "access_rows::a_mailbox_whose_licence_is_gone_is_no_mailbox",
            "access_lost::a_licence_that_ends_while_messages_are_fetched_pauses_the_run_and_nothing_is_lost",
        ],
    ),
    row(
        31,
        "the tenant's service is disabled",
        "g31",
        "told as that, not as a missing mailbox",
        &["faults::mailbox::a_disabled_service_is_no_missing_mailbox"],
    ),
    row(
        32,
        "403 on somebody's mailbox",
        "g32",
        "no rights, no scope and not yet in force are told apart",
        &[
            "faults::mailbox::a_mailbox_that_never_opens_is_told_before_anything_is_collected",
            "access_rows::a_token_without_the_shared_scope_is_told_from_missing_delegation",
            "access_rows::no_rights_at_all_are_denied_in_each_of_the_shapes",
        ],
    ),
    row(
        33,
        "settings refused though mail works",
        "g33",
        "they are not needed",
        &[
            "faults::mailbox::settings_and_delta_that_are_refused_do_not_matter",
            "users::purposes_are_asked_only_with_their_scope_and_refusals_are_no_noise",
        ],
    ),
    row(
        34,
        "rights on some folders only",
        "g34",
        "folders and messages are tried; the weakest counts",
        &[
            "faults::mailbox::messages_that_may_not_be_read_though_folders_may_are_never_a_complete_run",
            "access_rows::one_shared_folder_of_the_well_known_ones_is_partial",
        ],
    ),
    row(
        35,
        "a full mailbox has no delta",
        "g35",
        "no delta is asked",
        &[
            "faults::mailbox::settings_and_delta_that_are_refused_do_not_matter",
            "faults::mailbox::nothing_but_gets_without_batches_and_delta_reaches_graph",
        ],
    ),
    row(
        36,
        "an id under another mailbox's path",
        "g36",
        "an exception, never called deleted",
        &["faults::items::an_id_that_is_taken_for_another_mailboxs_is_not_called_deleted"],
    ),
    row(
        37,
        "404 that means the mailbox",
        "g37",
        "only ErrorItemNotFound means the item, and only while the mailbox opens",
        &[
            "faults::mailbox::a_mailbox_that_closes_in_the_middle_is_not_asked_for_ever_and_loses_nothing",
            "faults::items::one_refusal_of_an_item_that_is_there_does_not_cost_its_bytes",
            "faults::listing::a_list_that_is_refused_once_and_then_given_is_no_lost_folder",
            "access_lost::access_that_ends_as_item_not_found_while_messages_are_fetched_is_not_taken_for_deletion",
        ],
    ),
    row(
        38,
        "an alias instead of the address",
        "none: the tenant has aliases",
        "resolved through the directory",
        &["users::any_address_finds_its_owner_where_aliases_are_visible"],
    ),
    row(
        39,
        "hashed names in reports",
        "none: no report names anybody that is collected; doctor reads the setting",
        "told before it disappoints",
        &["doctor::a_role_that_sees_totals_only_is_told_before_it_disappoints"],
    ),
    row(
        40,
        "only the top level is listed; folders in circles",
        "g40",
        "every level is walked; a folder counts once",
        &[
            "faults::listing::folders_that_contain_themselves_end_and_those_that_are_gone_are_named",
            "main_job::every_message_of_the_range_is_collected_with_the_bytes_that_were_served_and_nothing_else",
        ],
    ),
    row(
        41,
        "the root is not listed",
        "none: the simulator never lists it",
        "asked for by its well-known name",
        &["main_job::every_message_of_the_range_is_collected_with_the_bytes_that_were_served_and_nothing_else"],
    ),
    row(
        42,
        "a folder is gone during the walk",
        "g42",
        "named; the walk goes on",
        &["faults::listing::folders_that_contain_themselves_end_and_those_that_are_gone_are_named"],
    ),
    row(
        43,
        "folders of one name, odd names",
        "none: the tenant has such folders",
        "kept by id; names are only shown",
        &[
            "main_job::every_message_of_the_range_is_collected_with_the_bytes_that_were_served_and_nothing_else",
            "terms::scope::a_path_reads_back_whatever_the_names_hold",
            "main_job::folders_can_be_chosen_and_left_out_and_the_plan_can_come_first",
        ],
    ),
    row(
        44,
        "hidden folders",
        "none: the tenant has one",
        "asked for at every level",
        &["main_job::every_message_of_the_range_is_collected_with_the_bytes_that_were_served_and_nothing_else"],
    ),
    row(
        45,
        "folders that no listing shows",
        "g45",
        "found by the messages in them",
        &[
            "faults::listing::folders_that_no_listing_shows_are_found_by_their_messages",
            "faults::listing::messages_in_a_folder_that_no_listing_shows_are_not_left_out_in_silence",
            "faults::listing::folders_that_their_parents_count_and_no_list_shows_are_named",
        ],
    ),
    row(
        46,
        "search folders repeat messages",
        "none: the tenant has one",
        "left out",
        &["main_job::every_message_of_the_range_is_collected_with_the_bytes_that_were_served_and_nothing_else"],
    ),
    row(
        47,
        "Recoverable Items are not below the root",
        "none: the tenant has them",
        "walked by name when asked for",
        &["main_job::every_message_of_the_range_is_collected_with_the_bytes_that_were_served_and_nothing_else"],
    ),
    row(
        48,
        "the archive cannot be reached",
        "none: Graph has no answer for it",
        "said before every run",
        &["left_out::what_graph_cannot_reach_is_said_before_every_run"],
    ),
    row(
        49,
        "folders of other classes",
        "none: the tenant has them",
        "mail in them is collected, other items are counted as outside of it",
        &["left_out::items_of_other_kinds_are_counted_and_the_folders_that_hold_them_stay_in_the_balance"],
    ),
    row(
        50,
        "counts change during the run",
        "g50",
        "the balance is of what was listed; other counts are noted",
        &["faults::listing::counts_and_sizes_that_are_not_true_change_nothing_that_is_collected"],
    ),
];
