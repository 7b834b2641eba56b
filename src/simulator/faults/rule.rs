//! One fault of a specification: a catalogue entry and when it strikes.

use super::Strike;
use super::catalogue::{self, CASES, Effect, Point};

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
            "parameters are rate=, every=, ids=, above=, after=, times=, once, forever, retry-after=, seconds=, code=, port="
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
    pub(super) rate: Option<f64>,
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
}

impl Rule {
    pub(super) fn parse(text: &str) -> Result<Self, FaultSpecError> {
        let (name, parameters) = text.split_once(':').unwrap_or((text, ""));
        let case = CASES.iter().find(|(case, _)| case.eq_ignore_ascii_case(name));
        let (name, usual) = match case {
            Some((_, meaning)) => meaning.split_once(':').unwrap_or((meaning, "")),
            None => (name, ""),
        };
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
        };
        for parameter in usual.split(':').chain(parameters.split(':')).filter(|parameter| !parameter.is_empty()) {
            rule.set(parameter)
                .ok_or_else(|| FaultSpecError::Setting { name: name.to_owned(), text: parameter.to_owned() })?;
        }
        Ok(rule)
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
            "port" => self.port = Some(value.parse().ok()?),
            "code" => self.code = value.parse().ok()?,
            _ => return None,
        }
        Some(())
    }

    pub(super) fn covers(&self, point: Point) -> bool {
        self.points.contains(&point)
    }

    pub(super) fn strike(&self) -> Strike {
        Strike {
            effect: self.effect,
            retry_after: self.retry_after,
            seconds: self.seconds,
            code: self.code,
            port: self.port,
        }
    }
}
