//! What a bench changes about who may read what: rights given or taken, refusals of a chosen shape, answers that
//! change by turns, a grant that is withdrawn in the middle of a run.
//!
//! The tenant's data stays as it was read; these rules lie over it, for whoever asks, owners included.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use super::rights::Reach;
use super::tenant::{Denial, SHAPES, Standing, Tenant};

/// One rule about one mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRule {
    upn: String,
    change: Change,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    /// So far the mailbox can be read, and so it refuses the rest.
    Given(Given, Denial),
    /// Everything is refused, or nothing, by turns.
    Turns(Turns),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Given {
    Full,
    Nothing,
    Folders { paths: Vec<String>, root_visible: bool },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Turns {
    /// What is answered in each turn; `None` is what the mailbox answers without this rule.
    steps: Vec<Option<Denial>>,
    length: Length,
    /// Whether the last turn stays.
    once: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Requests(u64),
    Seconds(u64),
}

/// A rule that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum AccessRuleError {
    /// It is not written as a rule.
    #[error("\"{0}\" is no rule about access")]
    #[diagnostic(
        code(affiant::simulator::access_rule),
        help("`affiant simulate --help` shows how --access, --refuse and --revoke-after are written")
    )]
    Form(String),
    /// Nobody of that name, or no such folder in the mailbox.
    #[error("the simulated tenant has no {what} {name}")]
    #[diagnostic(
        code(affiant::simulator::access_unknown),
        help("name a user by sign-in name and a folder by its path, such as Inbox/Deal")
    )]
    Unknown {
        /// User, mailbox or folder.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

/// The shapes of refusals and what each stands for.
pub fn refusal_names() -> impl Iterator<Item = (&'static str, &'static str)> {
    SHAPES.iter().map(|(name, _, gist)| (*name, *gist))
}

impl AccessRule {
    /// `UPN=full|none|folders:PATH+PATH|listed:PATH+PATH[,SHAPE]`: how far the mailbox can be read; `listed` means
    /// that all folders show though only those named can be read.
    ///
    /// # Errors
    /// [`AccessRuleError::Form`].
    pub fn access(text: &str) -> Result<Self, AccessRuleError> {
        let wrong = || AccessRuleError::Form(text.to_owned());
        let (upn, rest) = text.split_once('=').ok_or_else(wrong)?;
        let (state, denial) = match rest.rsplit_once(',') {
            Some((state, shape)) => (state, Denial::named(shape).ok_or_else(wrong)?),
            None => (rest, Denial::Forbidden),
        };
        let (word, paths) = state.split_once(':').unwrap_or((state, ""));
        let paths = || paths.split('+').filter(|path| !path.is_empty()).map(str::to_owned).collect();
        let given = match word {
            "full" => Given::Full,
            "none" => Given::Nothing,
            "folders" => Given::Folders { paths: paths(), root_visible: false },
            "listed" => Given::Folders { paths: paths(), root_visible: true },
            _ => return Err(wrong()),
        };
        Ok(Self { upn: upn.to_owned(), change: Change::Given(given, denial) })
    }

    /// `UPN=SHAPE[+SHAPE…][:every=N|Ns][:once]`: everything is refused so. Several shapes take turns of N requests
    /// to that mailbox or N seconds; `granted` is a turn without refusals, `alternating` is
    /// `mailbox_not_enabled_new+resource_not_found`; with `once` the last stays.
    ///
    /// # Errors
    /// [`AccessRuleError::Form`].
    pub fn refuse(text: &str) -> Result<Self, AccessRuleError> {
        let wrong = || AccessRuleError::Form(text.to_owned());
        let (upn, rest) = text.split_once('=').ok_or_else(wrong)?;
        let mut words = rest.split(':');
        let mut steps = Vec::new();
        for name in words.next().unwrap_or_default().split('+') {
            match name {
                "granted" => steps.push(None),
                "alternating" => steps.extend([Some(Denial::NotEnabled), Some(Denial::ResourceNotFound)]),
                name => steps.push(Some(Denial::named(name).ok_or_else(wrong)?)),
            }
        }
        let mut turns = Turns { steps, length: Length::Requests(1), once: false };
        for word in words {
            match word.strip_prefix("every=") {
                Some(length) => turns.length = length.parse().map_err(|()| wrong())?,
                None if word == "once" => turns.once = true,
                None => return Err(wrong()),
            }
        }
        Ok(Self { upn: upn.to_owned(), change: Change::Turns(turns) })
    }

    /// `UPN=N[:SHAPE]`: after N requests to that mailbox the grant is withdrawn.
    ///
    /// # Errors
    /// [`AccessRuleError::Form`].
    pub fn revoke_after(text: &str) -> Result<Self, AccessRuleError> {
        let wrong = || AccessRuleError::Form(text.to_owned());
        let (upn, rest) = text.split_once('=').ok_or_else(wrong)?;
        let (number, shape) = rest.split_once(':').unwrap_or((rest, "denied"));
        let steps = vec![None, Some(Denial::named(shape).ok_or_else(wrong)?)];
        let number = number.parse().map_err(|_| wrong())?;
        let turns = Turns { steps, length: Length::Requests(number), once: true };
        Ok(Self { upn: upn.to_owned(), change: Change::Turns(turns) })
    }
}

impl FromStr for Length {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let positive = |text: &str| text.parse().ok().filter(|number: &u64| *number > 0).ok_or(());
        match text.strip_suffix('s') {
            Some(seconds) => positive(seconds).map(Self::Seconds),
            None => positive(text).map(Self::Requests),
        }
    }
}

impl Turns {
    /// What is answered now, `seen` requests and `seconds` after the rule began.
    fn now(&self, seen: u64, seconds: u64) -> Option<Denial> {
        let count = u64::try_from(self.steps.len()).unwrap_or(1).max(1);
        let turn = match self.length {
            Length::Requests(0) => count,
            Length::Requests(length) => seen / length,
            Length::Seconds(length) => seconds / length.max(1),
        };
        let at = if self.once { turn.min(count - 1) } else { turn % count };
        usize::try_from(at).ok().and_then(|at| self.steps.get(at)).copied().flatten()
    }
}

/// The rules in force.
#[derive(Default)]
pub(super) struct Access(Mutex<HashMap<usize, Held>>);

#[derive(Default)]
struct Held {
    given: Option<(Reach<'static>, Denial)>,
    turns: Option<Turns>,
    /// Requests since the turns began.
    seen: u64,
    /// Seconds of the server's life when they began.
    began: u64,
}

/// What the rules say about one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ruled {
    /// How far it reaches, where a rule says so.
    pub(super) reach: Option<Reach<'static>>,
    /// The shape of its refusal, where a rule says so.
    pub(super) denial: Option<Denial>,
}

impl Access {
    /// Puts a rule in force in place of an earlier one of its kind.
    pub(super) fn rule(&self, tenant: &Tenant, rule: &AccessRule, seconds: u64) -> Result<(), AccessRuleError> {
        let unknown = |what, name: &str| AccessRuleError::Unknown { what, name: name.to_owned() };
        let user = tenant.user(&rule.upn).ok_or_else(|| unknown("user", &rule.upn))?;
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &rule.change {
            Change::Given(given, denial) => {
                let reach = match given {
                    Given::Full => Reach::Whole,
                    Given::Nothing => Reach::Nothing,
                    Given::Folders { paths, root_visible } => {
                        let mailbox = match tenant.users.get(user).map(|user| user.mailbox) {
                            Some(Standing::Mailbox(at)) => tenant.mailboxes.get(at),
                            _ => None,
                        };
                        let mailbox = mailbox.ok_or_else(|| unknown("mailbox of", &rule.upn))?;
                        let found = |path: &String| mailbox.find(path).ok_or_else(|| unknown("folder", path));
                        let folders = paths.iter().map(found).collect::<Result<Vec<_>, _>>()?;
                        Reach::Folders { folders: folders.into(), root_visible: *root_visible }
                    }
                };
                held.entry(user).or_default().given = Some((reach, *denial));
            }
            Change::Turns(turns) => {
                let held = held.entry(user).or_default();
                (held.turns, held.seen, held.began) = (Some(turns.clone()), 0, seconds);
            }
        }
        Ok(())
    }

    /// What holds for one more request to a user's mailbox.
    pub(super) fn ask(&self, user: usize, seconds: u64) -> Ruled {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(held) = held.get_mut(&user) else { return Ruled::default() };
        let seen = held.seen;
        held.seen += 1;
        let refused = held.turns.as_ref().and_then(|turns| turns.now(seen, seconds.saturating_sub(held.began)));
        match (refused, &held.given) {
            (Some(denial), _) => Ruled { reach: Some(Reach::Nothing), denial: Some(denial) },
            (None, Some((reach, denial))) => Ruled { reach: Some(reach.clone()), denial: Some(*denial) },
            (None, None) => Ruled::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::tenant::{Source, load};

    const MARA: &str = "mara.okafor@brackwater.example";

    fn shapes(rule: Result<AccessRule, AccessRuleError>, seconds: u64) -> Vec<Option<Denial>> {
        let tenant = load(&Source::Builtin, &[], 0).expect("the tenant inside the program is valid");
        let (access, user) = (Access::default(), tenant.user(MARA).expect("mara"));
        access.rule(&tenant, &rule.expect("a rule"), 0).expect("a user");
        (0..6).map(|n| access.ask(user, n * seconds).denial).collect()
    }

    #[test]
    fn shapes_take_turns_by_requests_or_seconds_and_the_last_may_stay() {
        let (gone, none) = (Some(Denial::NotEnabled), Some(Denial::ResourceNotFound));
        let rule = |text: &str| AccessRule::refuse(&format!("{MARA}={text}"));
        assert_eq!(shapes(rule("alternating"), 0), [gone, none, gone, none, gone, none]);
        assert_eq!(shapes(rule("alternating:every=2"), 0), [gone, gone, none, none, gone, gone]);
        assert_eq!(shapes(rule("alternating:every=60s"), 40), [gone, gone, none, gone, gone, none]);
        let granted = [gone, gone, None, None, None, None];
        assert_eq!(shapes(rule("mailbox_not_enabled_new+granted:every=2:once"), 0), granted);
    }

    #[test]
    fn a_grant_is_withdrawn_after_so_many_requests() {
        let withdrawn = Some(Denial::ItemNotFound);
        let rule = AccessRule::revoke_after(&format!("{MARA}=4:item_not_found"));
        assert_eq!(shapes(rule, 0), [None, None, None, None, withdrawn, withdrawn]);
        assert_eq!(shapes(AccessRule::revoke_after(&format!("{MARA}=0")), 0), [Some(Denial::Forbidden); 6]);
    }

    #[test]
    fn folders_are_found_and_what_is_not_there_is_named() {
        let tenant = load(&Source::Builtin, &[], 0).expect("the tenant inside the program is valid");
        let access = Access::default();
        let rule = |text: &str| access.rule(&tenant, &AccessRule::access(text).expect("a rule"), 0);
        assert_eq!(rule(&format!("{MARA}=folders:Inbox+Inbox/Kestrel,root_not_found")), Ok(()));
        let user = tenant.user(MARA).expect("mara");
        let ruled = access.ask(user, 0);
        assert!(matches!(ruled.reach, Some(Reach::Folders { folders, root_visible: false }) if folders.len() == 2));
        assert_eq!(ruled.denial, Some(Denial::RootNotFound));
        assert!(matches!(rule(&format!("{MARA}=listed:Nowhere")), Err(AccessRuleError::Unknown { .. })));
        assert!(matches!(rule("nobody@x.example=full"), Err(AccessRuleError::Unknown { .. })));
        for wrong in ["x", "x=", "x=open", "x=full,so"] {
            assert!(AccessRule::access(wrong).is_err(), "{wrong}");
        }
        for wrong in ["x=", "x=so", "x=denied:every=0", "x=denied:for=2"] {
            assert!(AccessRule::refuse(wrong).is_err(), "{wrong}");
        }
    }
}
