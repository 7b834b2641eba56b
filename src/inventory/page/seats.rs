//! Seats by product, and how the service's own count of them compares with the people in the store.

use maud::{Markup, html};

use super::frame::{Column::Number, Column::Short, Column::Text, counted, figure, notes, number, table};
use super::shape::{Bar, Ink, Title, bars};
use crate::inventory::ask::{Answer, Seats};

/// Products in a chart; the tables have all.
const DRAWN: usize = 22;

/// Assigned, free, too many, in grace, suspended.
pub(super) fn seats(answer: &Answer<Seats>) -> Markup {
    let all: Vec<&Seats> = answer.rows.iter().filter(|row| is_drawn(row)).collect();
    let drawn =
        largest(&all, |row| row.enabled.unwrap_or(0).max(row.assigned.unwrap_or(0)).max(row.suspended.unwrap_or(0)));
    let bars_of: Vec<Bar> = drawn.iter().map(|row| bar(row)).collect();
    let rows: Vec<Vec<String>> = answer.rows.iter().map(line).collect();
    let title = Title {
        id: "seats",
        name: "Seats by product",
        description: "One bar for each product with seats that count. From the left: seats assigned, seats assigned beyond those bought, usable seats that nobody has, suspended seats. A thin strip under a bar: the usable seats that are in grace. All bars are on one scale; the table below gives the numbers.",
    };
    let legend = [
        (Ink::Solid, "assigned"),
        (Ink::Striped, "assigned beyond what is there"),
        (Ink::Hollow, "free"),
        (Ink::Dotted, "suspended"),
        (Ink::Grey, "of the usable ones: in grace"),
    ];
    html! {
        @if !bars_of.is_empty() { (figure(&caption("Seats", drawn.len(), all.len()), &bars(&title, &legend, &bars_of))) }
        @if !rows.is_empty() {
            (table("Seats by product", &[("Product", Text), ("State", Short), ("Enabled", Number), ("In grace", Number), ("Suspended", Number), ("Locked out", Number), ("Assigned", Number), ("Free", Number), ("Over", Number), ("Remark", Text)], &rows, false))
            p class="small" { "Usable seats are those enabled and those in grace. A dash under Free and Over: they mean nothing for products that cost nothing, are for the whole company, are left out, or cannot be used; the chart leaves these out, suspended ones apart." }
        }
    }
}

/// What the service counts as assigned, beside whom the store knows.
pub(super) fn reconciliation(answer: &Answer<Seats>) -> Markup {
    let all: Vec<&Seats> = answer.rows.iter().filter(|row| row.assigned.unwrap_or(0) > 0 || row.people > 0).collect();
    let drawn = largest(&all, |row| row.assigned.unwrap_or(0).max(row.people));
    let bars_of: Vec<Bar> = drawn
        .iter()
        .map(|row| {
            let (elsewhere, left_out) = (row.elsewhere.unwrap_or(0).max(0), row.outside + row.without_address);
            let beyond = beyond(row);
            let inside = row.people.saturating_sub(beyond).max(0);
            Bar {
                name: row.product.clone(),
                said: format!(
                    "{} counted: {} in the store, {} left out, {} elsewhere",
                    counted(row.assigned),
                    number(row.people),
                    number(left_out),
                    number(elsewhere)
                ),
                parts: vec![(Ink::Solid, inside), (Ink::Striped, beyond), (Ink::Hollow, left_out + elsewhere)],
                under: None,
            }
        })
        .collect();
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|row| {
            vec![
                row.product.clone(),
                row.part_number.clone(),
                counted(row.assigned),
                number(row.people),
                number(row.outside),
                number(row.without_address),
                counted(row.elsewhere.map(|count| count.max(0))),
                number(beyond(row)),
            ]
        })
        .collect();
    let title = Title {
        id: "reconciliation",
        name: "Assigned seats and people",
        description: "One bar for each product with assigned seats. From the left: people in the store who have it, people beyond the service's count, seats assigned to others: left out or elsewhere. All bars are on one scale; the table below gives the numbers.",
    };
    let legend = [
        (Ink::Solid, "people in the store"),
        (Ink::Striped, "people beyond the count"),
        (Ink::Hollow, "left out or elsewhere"),
    ];
    html! {
        p { "The service counts assigned seats itself, for the whole organisation. Beside it stands how many people in the store have the product; those whose assignment failed hold no seat. Left out are accounts outside the domains that the connection names, and those without an address; only their number is kept. Elsewhere are deleted accounts, devices, and changes between the two answers." }
        @if !bars_of.is_empty() { (figure(&caption("Assigned seats and people", drawn.len(), all.len()), &bars(&title, &legend, &bars_of))) }
        @if !rows.is_empty() {
            (table("Assigned seats and people", &[("Product", Text), ("Part number", Text), ("Assigned, by the service's count", Number), ("People in the store", Number), ("Outside the domains", Number), ("Without address", Number), ("Elsewhere", Number), ("People beyond the count", Number)], &rows, false))
            p class="small" { "Seats and people are read one after the other: people beyond the count were given the product in between, or the service's count was behind." }
        }
        (notes(&answer.notes))
    }
}

/// Usable products whose seats count, and those that lie suspended.
fn is_drawn(row: &Seats) -> bool {
    let idle =
        !matches!(row.status.as_deref(), Some("Enabled" | "Warning")) && row.applies_to.as_deref() != Some("Company");
    row.unassigned.is_some() || idle && row.suspended.unwrap_or(0) > 0
}

/// How many more people have it than the service counts.
fn beyond(row: &Seats) -> i64 {
    row.elsewhere.map_or(0, |count| count.saturating_neg().max(0))
}

fn bar(row: &Seats) -> Bar {
    let (assigned, free, over) = (row.assigned.unwrap_or(0), row.unassigned, row.over.unwrap_or(0));
    let (grace, suspended) = (row.in_grace.unwrap_or(0), row.suspended.unwrap_or(0));
    let mut words = Vec::new();
    if free.is_some() {
        words.push(format!("{} assigned", number(assigned)));
    }
    let more = [(over, "over"), (free.unwrap_or(0), "free"), (grace, "in grace"), (suspended, "suspended")];
    words.extend(
        more.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{} {what}", number(count))),
    );
    if free.is_none() && assigned > 0 {
        words.push(format!("{} still assigned", number(assigned)));
    }
    // Seats of a suspended product are not there to be assigned: what still is, is said in words.
    let within = if free.is_some() { assigned.saturating_sub(over) } else { 0 };
    Bar {
        name: row.product.clone(),
        said: words.join(", "),
        parts: vec![
            (Ink::Solid, within),
            (Ink::Striped, over),
            (Ink::Hollow, free.unwrap_or(0)),
            (Ink::Dotted, suspended),
        ],
        under: Some((row.enabled.unwrap_or(0), grace)).filter(|(_, grace)| *grace > 0),
    }
}

fn line(row: &Seats) -> Vec<String> {
    let numbers = [row.enabled, row.in_grace, row.suspended, row.locked_out, row.assigned, row.unassigned, row.over];
    let mut cells = vec![row.product.clone(), row.status.clone().unwrap_or_else(|| "not known".to_owned())];
    cells.extend(numbers.into_iter().map(counted));
    cells.push(row.note.clone().unwrap_or_default());
    cells
}

/// Those that are drawn, in the order of the table.
fn largest<'a>(all: &[&'a Seats], size: impl Fn(&Seats) -> i64) -> Vec<&'a Seats> {
    let mut places: Vec<usize> = (0..all.len()).collect();
    places.sort_by_key(|place| std::cmp::Reverse(all.get(*place).map_or(0, |row| size(row))));
    places.truncate(DRAWN);
    places.sort_unstable();
    places.into_iter().filter_map(|place| all.get(place).copied()).collect()
}

fn caption(what: &str, drawn: usize, all: usize) -> String {
    if drawn == all { what.to_owned() } else { format!("{what}: the {drawn} largest of {all} products") }
}
