//! The links that reports are downloaded by: each opens one report for some minutes, for whoever has it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::Span;
use super::columns::Report;

/// How long a link works, in milliseconds.
const LIFE: i64 = 300_000;

/// What one link opens.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulator) struct Link {
    pub(in crate::simulator) report: Report,
    pub(in crate::simulator) span: Span,
    /// Whether names are concealed from whoever it was made for.
    pub(in crate::simulator) concealed: bool,
}

/// The links that were handed out.
#[derive(Default)]
pub(in crate::simulator) struct Links(Mutex<HashMap<String, (Link, i64)>>);

impl Links {
    /// A new link's token.
    pub(in crate::simulator) fn make(&self, link: Link, now: i64) -> String {
        let token = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (_, made)| now - *made < LIFE);
        all.insert(token.clone(), (link, now));
        token
    }

    /// What a token opens, while it does.
    pub(super) fn open(&self, token: &str, now: i64) -> Option<Link> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(token).filter(|(_, made)| now - *made < LIFE).map(|(link, _)| *link)
    }
}
