//! Who uses what they are licensed for, department by department.

use maud::{Markup, html};

use super::frame::{Column::Number, Column::Text, figure, notes, number, table};
use super::shape::{Bar, Ink, Title, bars};
use crate::inventory::ask::Answer;
use crate::inventory::findings::{Department, Thresholds};

/// Departments in the chart and in the table; the others are one line.
const DRAWN: usize = 20;
const LISTED: usize = 400;

/// Active, inactive, never active, not measurable.
pub(super) fn departments(answer: &Answer<Department>, limits: &Thresholds) -> Markup {
    let bars_of: Vec<Bar> = shortened(&answer.rows, DRAWN).iter().map(|(name, line)| bar(name, line)).collect();
    let mut rows: Vec<Vec<String>> =
        shortened(&answer.rows, LISTED).iter().map(|(name, line)| cells(name, line)).collect();
    let mut sum = Department::default();
    for line in &answer.rows {
        sum.add(line);
    }
    rows.push(cells("All", &sum));
    let refreshed =
        answer.as_of.iter().find(|as_of| as_of.dataset == "active").and_then(|as_of| as_of.refresh_date.as_deref());
    let title = Title {
        id: "departments",
        name: "Activity by department",
        description: "One bar for each department, the largest first. From the left: licensed people who are active, inactive, never active, not measurable. All bars are on one scale; the table below gives the numbers.",
    };
    let legend = [
        (Ink::Solid, "active"),
        (Ink::Striped, "inactive"),
        (Ink::Dotted, "never active"),
        (Ink::Hollow, "not measurable"),
    ];
    html! {
        p {
            "People with at least one product that costs something, each counted once. "
            @match refreshed {
                Some(date) => { "Days count back from the report's own date, " (date) "." }
                None => { "No report on people's activity was read, so nobody could be measured." }
            }
        }
        p class="small" {
            "Active: activity on record within " (limits.inactive_days) " days before that date, in any service that the person's licences cover and the reports measure. "
            "Inactive: the latest activity is older. Never active: none on record. "
            "Not measurable: no such service, no report row under the person's name, or every licence newer than " (limits.assigned_days) " days and no activity within the threshold. Nobody here is called inactive for want of a measurement."
        }
        @if !answer.rows.is_empty() {
            (figure("Licensed people by department", &bars(&title, &legend, &bars_of)))
            (table("Licensed people by department", &[("Department", Text), ("Active", Number), ("Inactive", Number), ("Never active", Number), ("Not measurable", Number), ("People", Number)], &rows, true))
        }
        (notes(&answer.notes))
    }
}

/// So many lines, and what the others come to.
fn shortened(all: &[Department], most: usize) -> Vec<(String, Department)> {
    let named = |line: &Department| (line.name.clone().unwrap_or_else(|| "(no department)".to_owned()), line.clone());
    if all.len() <= most {
        return all.iter().map(named).collect();
    }
    let (shown, rest) = all.split_at(most);
    let mut others = Department::default();
    for line in rest {
        others.add(line);
    }
    let last = (format!("({} other departments)", rest.len()), others);
    shown.iter().map(named).chain(std::iter::once(last)).collect()
}

fn bar(name: &str, line: &Department) -> Bar {
    let counts = [
        (Ink::Solid, line.active, "active"),
        (Ink::Striped, line.inactive, "inactive"),
        (Ink::Dotted, line.never_active, "never active"),
        (Ink::Hollow, line.not_measurable, "not measurable"),
    ];
    let said: Vec<String> = counts
        .iter()
        .filter(|count| count.1 > 0)
        .map(|(_, count, what)| format!("{} {what}", number(*count)))
        .collect();
    Bar {
        name: name.to_owned(),
        said: said.join(", "),
        parts: counts.iter().map(|(ink, count, _)| (*ink, *count)).collect(),
        under: None,
    }
}

fn cells(name: &str, line: &Department) -> Vec<String> {
    let counts = [line.active, line.inactive, line.never_active, line.not_measurable, line.people()];
    std::iter::once(name.to_owned()).chain(counts.into_iter().map(number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_is_summed_and_nobody_is_lost() {
        let line = |name: &str, active| Department { name: Some(name.to_owned()), active, ..Department::default() };
        let all = [line("a", 5), line("b", 3), line("c", 2), Department { never_active: 1, ..Department::default() }];
        let short = shortened(&all, 2);
        assert_eq!(
            short.iter().map(|(name, line)| (name.as_str(), line.people())).collect::<Vec<_>>(),
            [("a", 5), ("b", 3), ("(2 other departments)", 3)]
        );
        assert_eq!(shortened(&all, 4).last().map(|(name, _)| name.as_str()), Some("(no department)"));
        assert_eq!(bar("x", &short[2].1).said, "2 active, 1 never active");
    }
}
