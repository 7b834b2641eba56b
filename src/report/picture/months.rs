//! Messages by month: one small chart per mailbox on one axis, sent above the line and the others below.

use maud::{Markup, html};

use super::super::facts::months::{Months, MonthsOf};
use super::super::words::number;
use super::{at, block, length, line, svg, text};

/// The charts of the mailboxes given.
pub(in super::super) fn months(id: &str, all: &Months, mailboxes: &[MonthsOf]) -> Markup {
    const LEFT: f64 = 8.0;
    const WIDE: f64 = 704.0;
    const TALL: f64 = 96.0;
    let count = mailboxes.len();
    let height = u32::try_from(count).unwrap_or(u32::MAX).saturating_mul(96).saturating_add(24);
    let columns = u32::try_from(all.axis.len().max(1)).unwrap_or(u32::MAX);
    let step = WIDE / f64::from(columns);
    let every = all.axis.len().div_ceil(12).max(1);
    let inside = html! {
        @for (place, one) in mailboxes.iter().enumerate() {
            @let top = at(place, TALL);
            @let most = one.sent.iter().chain(&one.others).copied().max().unwrap_or(0);
            @let base = top + 54.0;
            (text(LEFT, top + 13.0, 12, "start", &one.custodian))
            (text(LEFT + WIDE, top + 13.0, 10, "end", &format!("most in a month: {}", number(most))))
            (block(LEFT, top + 18.0, WIDE, 72.0, "#f0f0f0"))
            @for (month, (sent, others)) in one.sent.iter().zip(&one.others).enumerate() {
                @let x = LEFT + at(month, step);
                @let (up, down) = (length(*sent, most, 34.0), length(*others, most, 34.0));
                @if *sent > 0 { (block(x + step * 0.15, base - up.max(0.8), step * 0.7, up.max(0.8), "#888")) }
                @if *others > 0 { (block(x + step * 0.15, base, step * 0.7, down.max(0.8), "#222")) }
                @if sent + others == 0 { (text(x + step / 2.0, base - 4.0, 11, "middle", "∅")) }
            }
            (line(LEFT, base, LEFT + WIDE, base))
        }
        @for (month, label) in all.axis.iter().enumerate().filter(|(month, _)| month % every == 0) {
            (text(LEFT + at(month, step) + step / 2.0, at(count, TALL) + 14.0, 10, "middle", label))
        }
    };
    let description = "One chart per mailbox on one time axis. Above the line: messages in Sent Items. Below: messages in all other folders. Shaded: the range collected. A sign for an empty set marks a month without a message. The table below gives the numbers.";
    svg(id, height, "Collected messages by month", description, &inside)
}
