//! A request to stop: once asked, finish what is in hand, save, and leave.
//!
//! It does not know who asked. Work that is not yet durable is simply fetched again on resume.

use std::sync::Arc;

use tokio::sync::watch;

/// The asking side and the asked side in one; clones share the request.
#[derive(Debug, Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

impl Stop {
    /// Nobody has asked yet.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Asks. Asking again changes nothing.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody has asked.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once somebody asks.
    pub async fn asked(&self) {
        let mut changes = self.0.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = changes.wait_for(|asked| *asked).await;
    }
}
