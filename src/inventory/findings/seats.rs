//! Seats and subscriptions: nobody's, too many, suspended, ending, on trial.

use super::{Finding, Look, Rule, about};
use crate::inventory::{Seats, StoreError};

pub(super) fn look(look: &mut Look<'_, '_>) -> Result<(), StoreError> {
    let seats = look.view.seats()?;
    let evidence = seats.as_of.first().map(ToString::to_string).unwrap_or_default();
    let filter = look.filter;
    let is_meant = |row: &Seats| !row.is_left_out && filter.licence(&row.part_number, &row.product);
    for row in seats.rows.into_iter().filter(is_meant) {
        let one = |finding: String, seats: Option<i64>| Finding {
            product: Some(row.product.clone()),
            sku: Some(row.sku_id.clone()),
            seats,
            ..about("product", &row.part_number, finding, evidence.clone())
        };
        if let Some(free) = row.unassigned.filter(|free| *free > 0) {
            let text = format!("{free} of {} usable seats are assigned to nobody", free + row.assigned.unwrap_or(0));
            look.add(Rule::SeatsUnassigned, &row.sku_id, one(text, Some(free)));
        }
        if let Some(over) = row.over.filter(|over| *over > 0) {
            look.add(Rule::SeatsOver, &row.sku_id, one(format!("{over} more assigned than bought"), Some(over)));
        }
        let suspended = matches!(row.status.as_deref(), Some("Suspended" | "LockedOut"));
        if let Some(assigned) = row.assigned.filter(|assigned| suspended && *assigned > 0) {
            let text = format!("suspended, and still assigned to {assigned}");
            look.add(Rule::SubSuspendedAssigned, &row.sku_id, one(text, Some(assigned)));
        }
    }
    let (now, within) = (look.now, look.limits.renewal_days);
    let renewals = look.view.renewals(now, None)?;
    let evidence = renewals.as_of.first().map(ToString::to_string).unwrap_or_default();
    for row in renewals.rows {
        if !filter.licence(row.part_number.as_deref().unwrap_or_default(), &row.product) {
            continue;
        }
        let one = |finding: String| Finding {
            product: Some(row.product.clone()),
            sku: row.sku_id.clone(),
            seats: row.seats,
            ..about("subscription", &row.subscription_id, finding, evidence.clone())
        };
        let day = row.changes_unless_renewed.as_deref().and_then(|at| at.get(..10)).unwrap_or_default().to_owned();
        if row.days.is_some_and(|days| (0..=within).contains(&days)) {
            let text = format!("changes its state on {day} unless renewed, in {} days", row.days.unwrap_or(0));
            look.add(Rule::SubExpiring, &row.subscription_id, one(text));
        }
        if row.trial == Some(true) {
            let until = if day.is_empty() { String::new() } else { format!(", until {day}") };
            look.add(Rule::SubTrial, &row.subscription_id, one(format!("a trial{until}")));
        }
    }
    Ok(())
}
