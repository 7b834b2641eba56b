//! Rows G101 to G111 of the table.

use super::{Row, row};

/// Number, what happens, fault, behaviour, tests.
pub(super) const ROWS: &[Row] = &[
    row(
        101,
        "two writers, one temporary name",
        "none: a rule of storage",
        "one name per writer",
        &["package::landing::a_temporary_file_of_an_earlier_session_is_not_written_into"],
    ),
    row(
        102,
        "done is written too early",
        "none: a rule of storage",
        "the row comes after the durable file, with its hash",
        &[
            "package::tests::crash::killed_between_rename_and_row_what_was_named_is_an_orphan_and_is_moved_aside",
            "package::tests::crash::a_row_without_its_bytes_is_damage",
        ],
    ),
    row(
        103,
        "everything is fetched again after a failure",
        "none: a rule of storage",
        "only what has not ended is fetched",
        &[
            "resume::killed_again_and_again_a_run_still_ends_with_what_an_undisturbed_one_has",
            "custody::tests::record::remaining_items_come_in_listing_order_and_in_steps",
        ],
    ),
    row(
        104,
        "a half-earned resume point replaces a good one",
        "none: a rule of storage",
        "rows are only added; a pass counts when it ended",
        &["custody::tests::undo::rows_are_never_changed_replaced_or_removed"],
    ),
    row(
        105,
        "unreadable state means skipping",
        "none: a rule of storage",
        "it is an error, never a skip",
        &["custody::tests::damage::a_truncated_or_scribbled_file_is_an_error_or_is_whole_and_never_a_panic"],
    ),
    row(
        106,
        "SQLite over a network",
        "none: a matter of speed",
        "not tested: no network share here",
        &["custody::tests::record::the_record_reads_back_as_it_was_written"],
    ),
    row(
        107,
        "the clock is wrong",
        "none: a rule of the record",
        "the server's date beside the local time",
        &["graph::tests::the_clocks_are_compared_with_every_answer"],
    ),
    row(
        108,
        "two runs on one folder",
        "none: a rule of storage",
        "the second is refused and told who is at work",
        &["bad_input::a_second_run_on_the_same_folder_is_refused_and_told_who_is_at_work"],
    ),
    row(
        109,
        "two folders, one slug",
        "none: no folder's name becomes a path",
        "paths are control numbers",
        &["package::placement::a_native_lies_where_the_design_says"],
    ),
    row(
        110,
        "Ctrl-C",
        "none: it comes from the person",
        "once: finish and save; twice: leave",
        &["resume::interrupted_once_it_saves_what_it_has_and_leaves_with_7"],
    ),
    row(
        111,
        "a log hides what it cannot use",
        "none: a rule of the record",
        "entries that cannot be read are counted and named",
        &["graph::page::an_odd_entry_is_counted_and_the_others_are_read"],
    ),
];
