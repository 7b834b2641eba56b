//! Work on a task of its own, so that more than one processor may be at the items of one mailbox, or of all.
//!
//! It must not know what the work is.

use std::future::Future;

use tokio::task::JoinHandle;

use super::error::CollectError;

/// A task that ends, at its next await, with whoever waits for it.
struct Apart<T>(JoinHandle<T>);

impl<T> Drop for Apart<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs work on a task of its own and returns what it came to. Dropped before that, the work is dropped as well.
///
/// # Errors
/// What the work says; [`CollectError::Internal`] when the program is about to end.
pub(super) async fn apart<T: Send + 'static>(
    work: impl Future<Output = Result<T, CollectError>> + Send + 'static,
) -> Result<T, CollectError> {
    let mut task = Apart(tokio::spawn(work));
    match (&mut task.0).await {
        Ok(done) => done,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(CollectError::Internal),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn what_the_work_came_to_comes_back() {
        assert_eq!(apart(async { Ok(7) }).await.expect("it ends"), 7);
        assert!(matches!(apart(async { Err::<(), _>(CollectError::Stopped) }).await, Err(CollectError::Stopped)));
    }

    #[tokio::test]
    async fn nobody_waits_and_the_work_is_dropped() {
        struct Held(Arc<Notify>);
        impl Drop for Held {
            fn drop(&mut self) {
                self.0.notify_one();
            }
        }
        let (begun, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (says, held) = (begun.clone(), Held(dropped.clone()));
        let work = apart(async move {
            let _held = held;
            says.notify_one();
            std::future::pending::<Result<(), CollectError>>().await
        });
        tokio::select! {
            _ = work => unreachable!("it never ends"),
            () = begun.notified() => {}
        }
        dropped.notified().await;
    }
}
