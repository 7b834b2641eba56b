//! Taking turns: folders are listed side by side and recorded one after the other, so that control numbers follow the
//! order of the folders whatever the service's speed. It must not know what is recorded.

use tokio::sync::oneshot;

/// A place in a row of those who record.
#[derive(Debug)]
pub(super) struct Turn {
    before: Option<oneshot::Receiver<()>>,
    after: Option<oneshot::Sender<()>>,
}

impl Turn {
    /// For one who records alone, or in whatever order.
    pub(super) const fn free() -> Self {
        Self { before: None, after: None }
    }

    /// A row of turns, each after the one before it.
    pub(super) fn row() -> impl FnMut() -> Self {
        let mut last = None;
        move || {
            let (sender, receiver) = oneshot::channel();
            Self { before: last.replace(receiver), after: Some(sender) }
        }
    }

    /// Returns when everyone before has gone; at once when asked again. Somebody who failed has gone too.
    pub(super) async fn come(&mut self) {
        if let Some(before) = &mut self.before {
            let _ = before.await;
            self.before = None;
        }
    }

    /// Lets the next one come, when it was one's own turn.
    pub(super) async fn go(mut self) {
        self.come().await;
        if let Some(after) = self.after.take() {
            // The next one may have been dropped.
            let _ = after.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use futures_util::{StreamExt as _, stream};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_is_ready_first_the_record_is_in_order() {
        let recorded = Mutex::new(Vec::new());
        let mut next = Turn::row();
        let all: Vec<_> = (0..12_u64).map(|number| (number, next())).collect();
        let work = all.into_iter().map(|(number, mut turn)| {
            let recorded = &recorded;
            async move {
                tokio::time::sleep(Duration::from_secs(number * 7 % 5)).await;
                // Every third has nothing to record.
                if number % 3 > 0 {
                    turn.come().await;
                    recorded.lock().expect("not poisoned").push(number);
                }
                turn.go().await;
            }
        });
        stream::iter(work).buffered(4).for_each(|()| async {}).await;
        assert_eq!(*recorded.lock().expect("not poisoned"), [1, 2, 4, 5, 7, 8, 10, 11]);
    }
}
