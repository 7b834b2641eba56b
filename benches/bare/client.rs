//! The bare client: sends the very requests that a collection sent, over the same HTTP library and as many connections,
//! and does the least with what comes back. It runs in a process of its own, so that it is measured as the program is.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest as _, Sha256};

use super::answers::mailbox_of;

/// Requests at once for one mailbox.
const AT_ONCE: usize = 4;
/// As long as a real one.
const TOKEN_BYTES: usize = 1_500;

/// What becomes of the bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Dropped,
    Hashed,
    Written,
}

impl Form {
    pub const ALL: [Self; 3] = [Self::Dropped, Self::Hashed, Self::Written];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Hashed => "hashed",
            Self::Written => "written",
        }
    }
}

impl FromStr for Form {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|form| form.name() == text).ok_or_else(|| text.to_owned())
    }
}

struct Work {
    http: reqwest::Client,
    origin: String,
    form: Form,
}

/// One request of the list: the page size it asks for, 0 for none, and its target.
type Line = (String, String);

/// Sends every request of the list, in its order for each mailbox, four at a time.
pub async fn fetch(http: reqwest::Client, origin: &str, list: &Path, form: Form, out: &Path) {
    let text = std::fs::read_to_string(list).expect("a list of requests");
    let mut by_mailbox = BTreeMap::<u64, Vec<Line>>::new();
    for line in text.lines() {
        let (page, target) = line.split_once(' ').expect("a page size and a target");
        let below = target.strip_prefix("/v1.0/users/").and_then(|path| path.split('?').next());
        let (mailbox, _) = below.and_then(mailbox_of).expect("a mailbox");
        by_mailbox.entry(mailbox).or_default().push((page.to_owned(), target.to_owned()));
    }
    let work = Arc::new(Work { http, origin: origin.to_owned(), form });
    let mut started = Vec::new();
    for (mailbox, lines) in by_mailbox {
        let folder = out.join(mailbox.to_string());
        std::fs::create_dir_all(&folder).expect("a folder");
        let (next, lines, folder) = (Arc::new(AtomicUsize::new(0)), Arc::new(lines), Arc::new(folder));
        for _ in 0..AT_ONCE {
            let (work, next, lines, folder) = (work.clone(), next.clone(), lines.clone(), folder.clone());
            started.push(tokio::spawn(async move {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(line) = lines.get(n) else { return };
                    work.one(line, &folder.join(format!("{n}.eml"))).await;
                }
            }));
        }
    }
    for one in started {
        one.await.expect("it ends");
    }
}

impl Work {
    async fn one(&self, (page, target): &Line, file: &Path) {
        let token = "t".repeat(TOKEN_BYTES);
        let mut asked = self.http.get(format!("{}{target}", self.origin)).bearer_auth(token);
        if page != "0" {
            asked = asked.header("prefer", format!("odata.maxpagesize={page}"));
        }
        let mut answer = asked.send().await.expect("an answer");
        let is_mail = target.ends_with("/$value");
        let mut hash = Sha256::new();
        let mut written = (is_mail && self.form == Form::Written).then(|| File::create(file).expect("a file"));
        while let Some(bytes) = answer.chunk().await.expect("a whole body") {
            if is_mail && self.form != Form::Dropped {
                hash.update(&bytes);
            }
            if let Some(file) = &mut written {
                file.write_all(&bytes).expect("written");
            }
        }
        std::hint::black_box(hash.finalize());
    }
}
