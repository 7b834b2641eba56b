//! The reports about the whole tenant: counted from the same people as the others, whatever names are concealed.

use crate::simulator::tenant::Standing;
use crate::simulator::world::World;

use super::activity::{ALL, Days};
use super::columns::Report;
use super::{date, rows};

/// The rows of a report about totals, without the refresh date.
pub(super) fn of(world: &World, report: Report, days: Days) -> Vec<Vec<String>> {
    match report {
        Report::Services => vec![services(world, days)],
        Report::Quota => quota(world, days),
        Report::ActivationCounts => activations(world, days, false),
        Report::ActivationUserCounts => activations(world, days, true),
        _ => Vec::new(),
    }
}

/// Active and inactive people by service, then of any.
fn services(world: &World, days: Days) -> Vec<String> {
    let mut counts = [[0_u64; 2]; ALL.len() + 1];
    for person in world.people() {
        let licensed = ALL.iter().map(|service| service.licensed(&person, &world.tenant.estate)).collect::<Vec<_>>();
        let active = ALL
            .iter()
            .zip(&licensed)
            .map(|(service, licensed)| *licensed && days.is_active(days.last_activity(&person, *service)));
        let active: Vec<bool> = active.collect();
        let any = (licensed.contains(&true), active.contains(&true));
        let each = licensed.iter().copied().zip(active.iter().copied()).chain([any]);
        for (count, (licensed, active)) in counts.iter_mut().zip(each) {
            let [used, unused] = count;
            *used += u64::from(licensed && active);
            *unused += u64::from(licensed && !active);
        }
    }
    counts.into_iter().flatten().map(|n| n.to_string()).chain([days.period()]).collect()
}

/// One line a day, the latest first.
fn quota(world: &World, days: Days) -> Vec<Vec<String>> {
    let exchange = |person: &crate::simulator::person::Person| {
        let own = world.tenant.users.get(person.at).is_some_and(|user| matches!(user.mailbox, Standing::Mailbox(_)));
        own || person.has_service(&world.tenant.estate, "exchange")
    };
    let under = world.people().filter(exchange).count().to_string();
    let zero = || "0".to_owned();
    let line = |day: i64| vec![under.clone(), zero(), zero(), zero(), zero(), date(day), days.period()];
    (days.first()..=days.last()).rev().map(line).collect()
}

/// Activations per product: by platform, or by people.
fn activations(world: &World, days: Days, by_people: bool) -> Vec<Vec<String>> {
    let mut products: Vec<(String, [u64; 7])> = Vec::new();
    for person in world.people() {
        let desk = rows::Desk { world, report: Report::Activations, days, person: &person };
        for row in rows::of(&desk) {
            let cell = |at: usize| row.get(at).map(String::as_str).unwrap_or_default();
            let number = |at: usize| cell(at).parse::<u64>().unwrap_or_default();
            let [windows, mac, phone, ios, android] = [4, 5, 6, 7, 8].map(number);
            let used = u64::from(windows + mac + phone + ios + android > 0);
            let counts = [windows, mac, android, ios, phone, 1, used];
            match products.iter_mut().find(|(name, _)| name == cell(2)) {
                Some((_, have)) => have.iter_mut().zip(counts).for_each(|(have, more)| *have += more),
                None => products.push((cell(2).to_owned(), counts)),
            }
        }
    }
    let line = |(name, [windows, mac, android, ios, phone, assigned, used]): (String, [u64; 7])| {
        let counts = if by_people { vec![assigned, used, 0] } else { vec![windows, mac, android, ios, phone] };
        [name].into_iter().chain(counts.into_iter().map(|n| n.to_string())).collect()
    };
    products.into_iter().map(line).collect()
}
