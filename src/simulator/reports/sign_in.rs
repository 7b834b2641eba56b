//! When people signed in last, in step with what reports say they did.

use serde_json::{Value, json};

use crate::simulator::person::Person;
use crate::simulator::world::World;

use super::activity::{ALL, Days};
use super::{DAY, Span, date, refreshed};

/// `signInActivity`; `None` for whoever never did.
pub(in crate::simulator) fn sign_in_activity(world: &World, person: &Person) -> Option<Value> {
    let at_start = world.time.started().div_euclid(DAY) - 2;
    let days = Days { refreshed: refreshed(&world.time), at_start, span: Span::Always, seed: world.seed, restated: 0 };
    let last = ALL.iter().filter_map(|service| days.last_activity(person, *service)).max()?;
    let id = |matter: &str| {
        let mut chance = days.chance(person, matter);
        let high = u128::from(chance.next());
        uuid::Uuid::from_u128(high << 64 | u128::from(chance.next())).to_string()
    };
    // Attempts come later than the last success, and programs later than people.
    Some(json!({
        "lastSignInDateTime": format!("{}T07:41:12Z", date(last)), "lastSignInRequestId": id("interactive"),
        "lastNonInteractiveSignInDateTime": format!("{}T03:10:05Z", date(last + 1)),
        "lastNonInteractiveSignInRequestId": id("programs"),
        "lastSuccessfulSignInDateTime": format!("{}T07:40:58Z", date(last)), "lastSuccessfulSignInRequestId": id("success"),
    }))
}
