//! Faults on purpose: which requests get which trouble, decided by a seed and so the same in every run.
//!
//! A specification is a list of `name:parameter:parameter`, separated by commas, semicolons or spaces, for example
//! `value-503:rate=0.02,throttle:every=50,cut-body:rate=0.01,list-504:above=200,foreign-link:once`; a parameter may
//! also follow its fault after a comma. Parameters: `rate=0.02` strikes that share of all resources, chosen by the seed; `every=50` every 50th request;
//! `ids=3` the first three resources asked for; `above=200` pages larger than that; `after=100` not before the
//! 101st request; `times=2` so often per resource (`forever` without end); `once` a single time in the server's life.
//! By itself a fault strikes a resource once, so that a retry succeeds; faults that stand for lasting trouble strike always.

mod apply;
mod cases;
mod catalogue;
mod documents;
mod effect;
mod pages;
mod refusals;
mod reports;
mod rule;
mod shapes;

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

pub(super) use apply::claims_challenge;
pub(super) use effect::{Effect, Names, Point, Sheet};
pub use rule::FaultSpecError;

use cases::CASES;
use rule::{RetryAfter, Rule};

use super::chance;

/// The faults that can be asked for, each with its meaning; then the cases of the must-handle list.
pub fn fault_names() -> impl Iterator<Item = (&'static str, &'static str)> {
    catalogue::all().map(|entry| (entry.name, entry.gist)).chain(CASES.iter().copied())
}

/// The faults of one server and what they have done so far.
#[derive(Default)]
pub(super) struct Faults {
    seed: u64,
    at_work: Mutex<Vec<(Rule, Done)>>,
}

#[derive(Default)]
struct Done {
    seen: u64,
    struck: u64,
    per_resource: HashMap<u64, u32>,
    chosen: HashSet<u64>,
}

/// A fault that strikes now.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Strike {
    /// What happens.
    pub(super) effect: Effect,
    seed: u64,
    /// The share of entries that are chosen, where the effect chooses.
    rate: f64,
    retry_after: RetryAfter,
    seconds: u64,
    /// Of this machine, to be sent to.
    port: Option<u16>,
    /// An AADSTS number.
    pub(super) code: u32,
}

impl Faults {
    /// Reads a specification.
    pub(super) fn parse(specification: &str, seed: u64) -> Result<Self, FaultSpecError> {
        Ok(Self { seed, at_work: Mutex::new(read(specification)?) })
    }

    /// Other faults from now on, as new as at a start; none for an empty specification.
    pub(super) fn replace(&self, specification: &str) -> Result<(), FaultSpecError> {
        let rules = read(specification)?;
        *self.at_work.lock().unwrap_or_else(PoisonError::into_inner) = rules;
        Ok(())
    }

    /// How often each fault has struck, in the order of the specification; a case of several faults counts as several.
    pub(super) fn struck(&self) -> Vec<u64> {
        let at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        at_work.iter().map(|(_, done)| done.struck).collect()
    }

    /// The fault that strikes this request, if one does. `size` is the page size where there is one; `turn` how
    /// many requests came with the same token, for faults of the token.
    pub(super) fn strike(&self, point: Point, resource: &str, size: u64, turn: Option<u64>) -> Option<Strike> {
        let mut at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        let mut struck = None;
        for (n, (rule, done)) in at_work.iter_mut().enumerate() {
            let seed = self.seed.wrapping_add(u64::try_from(n).unwrap_or_default());
            let here = rule.of.as_ref().is_none_or(|part| resource.contains(part.as_str()));
            if struck.is_none() && here && rule.covers(point) && self.decides(seed, rule, done, resource, size, turn) {
                struck = Some(rule.strike(seed));
            }
        }
        struck
    }

    fn decides(&self, seed: u64, rule: &Rule, done: &mut Done, resource: &str, size: u64, turn: Option<u64>) -> bool {
        done.seen += 1;
        let seen = turn.unwrap_or(done.seen);
        let resource_hash = chance::hash(resource) ^ self.seed;
        let due = seen > rule.after
            && rule.above.is_none_or(|above| size > above)
            && rule.every.is_none_or(|every| every > 0 && done.seen.is_multiple_of(every))
            && rule.share().is_none_or(|rate| chance::selects(seed, resource, rate))
            && !(rule.once && done.struck > 0);
        if !due {
            return false;
        }
        if let Some(ids) = rule.ids
            && !done.chosen.contains(&resource_hash)
        {
            if u64::try_from(done.chosen.len()).is_ok_and(|have| have >= ids) {
                return false;
            }
            done.chosen.insert(resource_hash);
        }
        if rule.times > 0 {
            let count = done.per_resource.entry(resource_hash).or_default();
            if *count >= rule.times {
                return false;
            }
            *count += 1;
        }
        done.struck += 1;
        true
    }
}

fn read(specification: &str) -> Result<Vec<(Rule, Done)>, FaultSpecError> {
    let mut rules: Vec<Rule> = Vec::new();
    for part in specification.split([',', ';', ' ']).filter(|part| !part.is_empty()) {
        // `value-503:rate=0.1,times=2`: a parameter alone belongs to the fault before it.
        let last = rules.last_mut().filter(|_| !part.contains(':'));
        if last.and_then(|rule| rule.set(part)).is_none() {
            rules.append(&mut Rule::parse(part)?);
        }
    }
    Ok(rules.into_iter().map(|rule| (rule, Done::default())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Faults {
        Faults::parse(text, 7).expect("a valid specification")
    }

    fn strikes(faults: &Faults, point: Point, resource: &str, size: u64) -> bool {
        faults.strike(point, resource, size, None).is_some()
    }

    #[test]
    fn a_share_of_resources_is_struck_once_each_and_the_same_in_every_run() {
        let struck = || {
            let faults = faults("value-503:rate=0.1");
            let ids: Vec<String> = (0..1000).map(|n| format!("message {n}")).collect();
            let first: Vec<_> = ids.iter().filter(|id| strikes(&faults, Point::Value, id, 0)).cloned().collect();
            assert!(!ids.iter().any(|id| strikes(&faults, Point::Value, id, 0)), "a retry succeeds");
            first
        };
        let first = struck();
        assert!((60..140).contains(&first.len()), "{}", first.len());
        assert_eq!(first, struck());
    }

    #[test]
    fn lasting_faults_keep_striking_the_resources_they_chose() {
        let faults = faults("value-500-forever:ids=2");
        for _ in 0..3 {
            assert!(strikes(&faults, Point::Value, "a", 0) && strikes(&faults, Point::Value, "b", 0));
            assert!(!strikes(&faults, Point::Value, "c", 0));
        }
    }

    #[test]
    fn only_pages_above_the_bound_time_out() {
        let faults = faults("list-504:above=200");
        assert!(strikes(&faults, Point::List, "page", 500) && strikes(&faults, Point::List, "page", 500));
        assert!(!strikes(&faults, Point::List, "page", 200));
        assert!(!strikes(&faults, Point::Folders, "page", 500));
    }

    #[test]
    fn every_nth_request_and_once_count_requests() {
        let every = faults("throttle:every=3");
        let hits: Vec<bool> = (0..9).map(|n| strikes(&every, Point::Value, &n.to_string(), 0)).collect();
        assert_eq!(hits, [false, false, true, false, false, true, false, false, true]);
        let once = faults("foreign-link:once");
        assert!(strikes(&once, Point::List, "a", 0) && !strikes(&once, Point::List, "b", 0));
    }

    #[test]
    fn every_case_of_the_list_is_a_valid_specification() {
        for (case, _) in CASES {
            assert!(Faults::parse(case, 0).is_ok(), "{case}");
        }
        assert!(Faults::parse("", 0).is_ok());
        assert!(matches!(Faults::parse("no-such-fault", 0), Err(FaultSpecError::Unknown { .. })));
        assert!(matches!(Faults::parse("throttle:every=x", 0), Err(FaultSpecError::Setting { .. })));
    }
    #[test]
    fn a_case_of_several_faults_takes_parameters_for_its_last() {
        let faults = faults("G75:ids=2");
        assert!(strikes(&faults, Point::Attachment, "a", 0) && strikes(&faults, Point::Attachment, "b", 0));
        assert!(!strikes(&faults, Point::Attachment, "c", 0));
        assert_eq!(faults.struck(), [0, 2]);
    }

    #[test]
    fn other_faults_begin_anew_and_a_specification_that_cannot_be_read_changes_nothing() {
        let faults = faults("throttle:once");
        assert!(strikes(&faults, Point::Value, "a", 0));
        assert!(faults.replace("throttle:once").is_ok() && strikes(&faults, Point::Value, "a", 0));
        assert!(faults.replace("no-such-fault").is_err());
        assert_eq!(faults.struck(), [1]);
        assert!(faults.replace("").is_ok() && faults.struck().is_empty());
    }
}
