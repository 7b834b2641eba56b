//! What changes its state when, unless it is renewed: thirteen months on a line, and lists of all.

use jiff::civil::Date;
use jiff::{Span, ToSpan as _};
use maud::{Markup, html};

use super::frame::{Column, Column::Number, Column::Short, Column::Text, counted, day, figure, notes, number, table};
use super::shape::{Ink, Mark, Title, timeline};
use crate::inventory::ask::{Answer, Renewal};
use crate::terms::UtcInstant;

/// Months on the line.
const MONTHS: i32 = 13;
/// Subscriptions on the line; the table has all.
const DRAWN: usize = 30;
const HEADS: &[(&str, Column)] = &[
    ("Day", Short),
    ("In days", Number),
    ("Product", Text),
    ("Subscription", Text),
    ("State", Short),
    ("Seats", Number),
    ("Remark", Text),
];

/// The line, then what is to come, what is past, what has no date.
pub(super) fn renewals(answer: &Answer<Renewal>, now: UtcInstant) -> Markup {
    let axis = Axis::from(now);
    let place = |row: &Renewal| axis.as_ref().and_then(|axis| axis.place(row));
    let drawn: Vec<(&Renewal, f64)> = answer.rows.iter().filter_map(|row| Some((row, place(row)?))).collect();
    let later: Vec<&Renewal> =
        answer.rows.iter().filter(|row| place(row).is_none() && row.days.is_some_and(|days| days >= 0)).collect();
    let past: Vec<&Renewal> = answer.rows.iter().filter(|row| row.days.is_some_and(|days| days < 0)).collect();
    let undated: Vec<&Renewal> = answer.rows.iter().filter(|row| row.days.is_none()).collect();
    let marks: Vec<Mark> = drawn.iter().take(DRAWN).map(|(row, at)| mark(row, *at)).collect();
    let caption = if drawn.len() > DRAWN {
        format!("The next {MONTHS} months: the first {DRAWN} of {} subscriptions", drawn.len())
    } else {
        format!("The next {MONTHS} months")
    };
    let title = Title {
        id: "renewals",
        name: "Renewals on a time line",
        description: "The next thirteen months from left to right, a vertical line at the first day of each month. One mark for each subscription on the day on which it changes its state unless renewed, with the day, the product and the seats beside it. The table below lists the same.",
    };
    let legend = [(Ink::Solid, "subscription"), (Ink::Hollow, "trial")];
    let next: Vec<Vec<String>> = drawn.iter().map(|(row, _)| cells(row)).collect();
    let list = |all: &[&Renewal]| all.iter().map(|row| cells(row)).collect::<Vec<_>>();
    html! {
        p { "The day on which a subscription changes its state unless it is renewed. The service tells no term, no price and no automatic renewal, so none is shown." }
        @if let Some(axis) = &axis { @if !answer.rows.is_empty() { (figure(&caption, &timeline(&title, &axis.months, &legend, &marks))) } }
        @if !answer.rows.is_empty() {
            @if next.is_empty() { p { "None changes its state in the next thirteen months." } } @else { (table("In the next thirteen months", HEADS, &next, false)) }
        }
        @if !later.is_empty() { (table("Later", HEADS, &list(&later), false)) }
        @if !past.is_empty() { (table("Past", HEADS, &list(&past), false)) }
        @if !undated.is_empty() { (table("Without a date", HEADS, &list(&undated), false)) }
        (notes(&answer.notes))
    }
}

/// The months that the line covers.
struct Axis {
    today: Date,
    days: f64,
    months: Vec<(f64, String)>,
}

impl Axis {
    fn from(now: UtcInstant) -> Option<Self> {
        let today: Date = day(&now.to_string()).parse().ok()?;
        let days = between(today, today.checked_add(Span::new().months(MONTHS)).ok()?);
        let first = today.first_of_month();
        let months = (1..=MONTHS).filter_map(|number| first.checked_add(number.months()).ok());
        let months = std::iter::once(today)
            .chain(months)
            .map(|month| (between(today, month) / days, month.strftime("%Y-%m").to_string()));
        Some(Self { today, days, months: months.filter(|(at, _)| *at <= 1.0).collect() })
    }

    /// Where on the line a subscription is; `None` beside it.
    fn place(&self, row: &Renewal) -> Option<f64> {
        let date: Date = row.changes_unless_renewed.as_deref()?.get(..10)?.parse().ok()?;
        let at = between(self.today, date) / self.days;
        (row.days.is_some_and(|days| days >= 0) && at <= 1.0).then_some(at.max(0.0))
    }
}

fn between(from: Date, to: Date) -> f64 {
    (to - from).get_days().into()
}

fn mark(row: &Renewal, at: f64) -> Mark {
    let date = row.changes_unless_renewed.as_deref().map(day).unwrap_or_default();
    let seats = row.seats.map(|seats| format!(", {} {}", number(seats), if seats == 1 { "seat" } else { "seats" }));
    let seats = seats.unwrap_or_default();
    Mark { at, label: format!("{date}{seats}: {}", row.product), hollow: row.trial == Some(true) }
}

fn cells(row: &Renewal) -> Vec<String> {
    let remarks = [(row.trial == Some(true), "trial"), (row.by_partner, "by a partner")];
    let remarks: Vec<&str> = remarks.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
    vec![
        row.changes_unless_renewed.as_deref().map_or_else(|| "–".to_owned(), day),
        counted(row.days),
        row.product.clone(),
        row.subscription_id.clone(),
        row.status.clone().unwrap_or_else(|| "not known".to_owned()),
        counted(row.seats),
        remarks.join(", "),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::ask::testing::{NOW, TENANT, filled};

    #[test]
    fn the_line_has_what_comes_within_thirteen_months_and_the_lists_have_all() {
        let (_folder, store) = filled();
        let now = UtcInstant::parse(NOW).expect("an instant");
        let answer = store.view(TENANT, None).expect("a view").renewals(now, None).expect("rows");
        let made = renewals(&answer, now).into_string();
        let picture = made.split("</svg>").next().expect("a picture");
        assert!(
            picture.contains("2026-12-20, 10 seats: Microsoft 365 E3") && picture.contains(">2027-12<"),
            "{picture}"
        );
        assert!(picture.contains("2027-09-26") && !picture.contains("2026-11-28"));
        for (caption, row) in
            [("In the next", "s-soon"), ("In the next", "s-late"), ("Past", "s-past"), ("Without", "s-never")]
        {
            let part = made.split("<caption>").find(|part| part.starts_with(caption)).expect("a table");
            assert!(part.contains(row), "{row} under {caption}");
        }
        let axis = Axis::from(now).expect("an axis");
        let mut today = answer.rows[1].clone();
        (today.changes_unless_renewed, today.days) = (Some("2026-11-29T23:00:00Z".to_owned()), Some(0));
        assert_eq!(axis.place(&today), Some(0.0));
        (today.changes_unless_renewed, today.days) = (Some("2027-12-29T00:00:00Z".to_owned()), Some(395));
        assert_eq!(axis.place(&today), Some(1.0));
        (today.changes_unless_renewed, today.days) = (Some("2027-12-30T00:00:00Z".to_owned()), Some(396));
        assert_eq!(axis.place(&today), None);
    }
}
