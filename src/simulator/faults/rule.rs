//! One fault of a specification: a catalogue entry and when it strikes.

use super::Strike;
use super::cases::CASES;
use super::catalogue;
use super::effect::{Effect, Point};

/// A specification that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum FaultSpecError {
    /// No fault of this name.
    #[error("there is no fault named \"{name}\"")]
    #[diagnostic(code(affiant::simulator::fault), help("`affiant simulate --help` lists them"))]
    Unknown {
        /// The name given.
        name: String,
    },
    /// A parameter that is none, or has no such value.
    #[error("\"{text}\" is not a parameter of the fault \"{name}\"")]
    #[diagnostic(
        code(affiant::simulator::fault_parameter),
        help(
            "parameters are rate=, every=, ids=, above=, after=, times=, once, forever, retry-after=, seconds=, code=, port=, of="
        )
    )]
    Setting {
        /// The fault.
        name: String,
        /// The parameter given.
        text: String,
    },
}

/// How a throttled answer says when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryAfter {
    /// Whole seconds.
    Seconds(u64),
    /// An HTTP date one second ahead.
    Date,
    /// Seconds with a fraction.
    Float,
    /// Not at all.
    None,
}

/// One fault and its conditions.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    points: &'static [Point],
    effect: Effect,
    rate: Option<f64>,
    pub(super) every: Option<u64>,
    pub(super) ids: Option<u64>,
    pub(super) above: Option<u64>,
    pub(super) after: u64,
    pub(super) times: u32,
    pub(super) once: bool,
    retry_after: RetryAfter,
    seconds: u64,
    code: u32,
    port: Option<u16>,
    /// A part of the addresses that are struck.
    pub(super) of: Option<String>,
}

impl Rule {
    /// One fault, or the faults of a case; parameters given to a case belong to its last fault.
    pub(super) fn parse(text: &str) -> Result<Vec<Self>, FaultSpecError> {
        let (name, parameters) = text.split_once(':').unwrap_or((text, ""));
        let case = CASES.iter().find(|(case, _)| case.eq_ignore_ascii_case(name));
        let Some((_, meaning)) = case else { return Ok(vec![Self::one(name, parameters)?]) };
        let faults = meaning.split(' ').map(|fault| {
            let (name, usual) = fault.split_once(':').unwrap_or((fault, ""));
            Self::one(name, usual)
        });
        let mut rules = faults.collect::<Result<Vec<_>, _>>()?;
        match rules.last_mut() {
            Some(last) => last.adjust(name, parameters)?,
            None => return Err(FaultSpecError::Unknown { name: name.to_owned() }),
        }
        Ok(rules)
    }

    fn one(name: &str, parameters: &str) -> Result<Self, FaultSpecError> {
        let entry = catalogue::named(name).ok_or_else(|| FaultSpecError::Unknown { name: name.to_owned() })?;
        let mut rule = Self {
            points: entry.points,
            effect: entry.effect,
            rate: None,
            every: None,
            ids: None,
            above: None,
            after: 0,
            times: entry.times,
            once: false,
            retry_after: RetryAfter::Seconds(1),
            seconds: 2,
            code: 50173,
            port: None,
            of: None,
        };
        rule.adjust(name, parameters)?;
        Ok(rule)
    }

    fn adjust(&mut self, name: &str, parameters: &str) -> Result<(), FaultSpecError> {
        for parameter in parameters.split(':').filter(|parameter| !parameter.is_empty()) {
            self.set(parameter)
                .ok_or_else(|| FaultSpecError::Setting { name: name.to_owned(), text: parameter.to_owned() })?;
        }
        Ok(())
    }

    pub(super) fn set(&mut self, parameter: &str) -> Option<()> {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let number = || value.parse::<u64>().ok();
        match key {
            "rate" => self.rate = Some(value.parse().ok().filter(|rate| (0.0..=1.0).contains(rate))?),
            // A retry is counted too and does not meet the same number again.
            "every" => (self.every, self.times) = (Some(number().filter(|every| *every > 0)?), 0),
            "ids" => self.ids = Some(number()?),
            "above" => (self.above, self.times) = (Some(number()?), 0),
            "after" => self.after = number()?,
            "times" => self.times = value.parse().ok().filter(|times| *times > 0)?,
            "forever" => self.times = 0,
            "once" => self.once = true,
            "retry-after" => {
                self.retry_after = match value {
                    "date" => RetryAfter::Date,
                    "float" => RetryAfter::Float,
                    "none" => RetryAfter::None,
                    _ => RetryAfter::Seconds(number()?),
                }
            }
            "seconds" => self.seconds = number()?,
            "of" => self.of = Some(value.to_owned()).filter(|value| !value.is_empty()),
            "port" => self.port = Some(value.parse().ok()?),
            "code" => self.code = value.parse().ok()?,
            _ => return None,
        }
        Some(())
    }

    pub(super) fn covers(&self, point: Point) -> bool {
        self.points.contains(&point)
    }

    /// The share of requests that are struck; `None` for all, also where the effect chooses among entries.
    pub(super) fn share(&self) -> Option<f64> {
        self.rate.filter(|_| !matches!(self.effect, Effect::Omit | Effect::BadItem))
    }

    pub(super) fn strike(&self, seed: u64) -> Strike {
        Strike {
            effect: self.effect,
            seed,
            rate: self.rate.unwrap_or(1.0),
            retry_after: self.retry_after,
            seconds: self.seconds,
            code: self.code,
            port: self.port,
        }
    }
}
