//! What has been handed out: codes, device codes, access and refresh tokens. All of it in memory, all opaque.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Caller, Rules};
use crate::simulator::Options;
use crate::simulator::world::World;

/// How long an authorization code lives, in milliseconds.
const CODE_LIFE: i64 = 600_000;
/// How long a device code lives, in seconds.
pub(super) const DEVICE_LIFE: u64 = 900;

/// What a poll that came too soon adds to the interval, in milliseconds.
const SLOWER: i64 = 5_000;
/// A client that waits exactly so long must not be told off for rounding.
const TOLERANCE: i64 = 100;

/// What a code or refresh token stands for.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) user: usize,
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
}

/// An authorization code that waits to be redeemed.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) grant: Grant,
    pub(super) challenge: String,
    pub(super) redirect_uri: String,
    made: i64,
}

/// A device code and what became of it.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub(super) user_code: String,
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) state: DeviceState,
    pub(super) made: i64,
    pub(super) polled: Option<i64>,
    /// Milliseconds between polls; five seconds more after each hasty one (RFC 8628, section 3.5).
    pub(super) interval: i64,
}

impl Device {
    /// Whether a poll now would come too soon.
    pub(super) fn is_hasty(&self, now: i64) -> bool {
        self.polled.is_some_and(|last| now - last + TOLERANCE < self.interval)
    }
}

/// What the person has done with a device code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeviceState {
    Waiting,
    Approved(usize),
    Declined,
}

struct Access {
    caller: Caller,
    ends: i64,
    uses: u64,
}

#[derive(Default)]
struct Given {
    codes: HashMap<String, Code>,
    devices: HashMap<String, Device>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Grant>,
    /// Applications an administrator agreed to since the start.
    agreed: HashSet<String>,
}

/// The platform's memory.
pub(in crate::simulator) struct Platform {
    pub(super) rules: Rules,
    given: Mutex<Given>,
}

/// An opaque secret.
fn secret(prefix: &str) -> String {
    format!("{prefix}.{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}

impl Platform {
    pub(in crate::simulator) fn new(options: &Options) -> Self {
        Self { rules: Rules::of(options), given: Mutex::default() }
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who a bearer token belongs to, and how often it has been used.
    pub(in crate::simulator) fn caller(
        &self,
        world: &World,
        header: Option<&str>,
    ) -> Result<(Caller, u64), &'static str> {
        let header = header.ok_or("Access token is empty.")?;
        let token = header.strip_prefix("Bearer ").ok_or("CompactToken parsing failed.")?;
        let mut given = self.given();
        let access = given.access.get_mut(token).ok_or("Access token validation failure. Invalid audience.")?;
        if access.ends <= world.time.millis() {
            return Err("Lifetime validation failed, the token is expired.");
        }
        access.uses += 1;
        Ok((access.caller.clone(), access.uses))
    }

    /// Ends the token of a header before its time.
    pub(in crate::simulator) fn expire(&self, header: &str) {
        let token = header.strip_prefix("Bearer ").unwrap_or_default();
        if let Some(access) = self.given().access.get_mut(token) {
            access.ends = i64::MIN;
        }
    }

    /// Whether somebody agreed to the application.
    pub(super) fn has_consent(&self, world: &World, client_id: &str) -> bool {
        world.tenant.app(client_id).is_some_and(|app| app.consented) || self.given().agreed.contains(client_id)
    }

    /// An administrator agrees to the application.
    pub(super) fn agree(&self, client_id: &str) {
        self.given().agreed.insert(client_id.to_owned());
    }

    /// Makes a code for a person who signed in in the browser.
    pub(super) fn code(&self, world: &World, grant: Grant, challenge: &str, redirect_uri: &str) -> String {
        let code = secret("0.C");
        let (challenge, redirect_uri) = (challenge.to_owned(), redirect_uri.to_owned());
        let made = world.time.millis();
        self.given().codes.insert(code.clone(), Code { grant, challenge, redirect_uri, made });
        code
    }

    /// Takes a code back, once.
    pub(super) fn redeem(&self, world: &World, code: &str) -> Option<Code> {
        let code = self.given().codes.remove(code)?;
        (world.time.millis() - code.made < CODE_LIFE).then_some(code)
    }

    /// Starts a device-code sign-in: the device code and the code to type.
    pub(super) fn device(&self, world: &World, client_id: &str, scopes: Vec<String>) -> (String, String) {
        let code = secret("D");
        let letters = uuid::Uuid::new_v4().simple().to_string().to_uppercase();
        let user_code: String = letters.chars().take(9).collect();
        let state = match self.rules.auto_approve.as_deref().and_then(|upn| world.tenant.user(upn)) {
            Some(user) => DeviceState::Approved(user),
            None => DeviceState::Waiting,
        };
        let device = Device {
            user_code: user_code.clone(),
            client_id: client_id.to_owned(),
            scopes,
            state,
            made: world.time.millis(),
            polled: None,
            interval: i64::try_from(self.rules.device_interval).unwrap_or_default().saturating_mul(1000),
        };
        self.given().devices.insert(code.clone(), device);
        (code, user_code)
    }

    /// A device code as it was before this poll.
    pub(super) fn poll(&self, world: &World, code: &str) -> Option<Device> {
        let mut given = self.given();
        let device = given.devices.get_mut(code)?;
        let before = device.clone();
        let now = world.time.millis();
        if device.is_hasty(now) {
            device.interval += SLOWER;
        }
        device.polled = Some(now);
        Some(before)
    }

    /// A device code is used up.
    pub(super) fn spend_device(&self, code: &str) {
        self.given().devices.remove(code);
    }

    /// A person types a code and signs in.
    pub(in crate::simulator) fn approve(&self, world: &World, user_code: &str, upn: &str) -> bool {
        let user = world.tenant.user(upn);
        let user = user.filter(|at| world.tenant.users.get(*at).is_some_and(|user| user.can_sign_in()));
        user.is_some_and(|user| self.decide(user_code, DeviceState::Approved(user)))
    }

    /// A person types a code and says no.
    pub(in crate::simulator) fn decline(&self, user_code: &str) -> bool {
        self.decide(user_code, DeviceState::Declined)
    }

    fn decide(&self, user_code: &str, state: DeviceState) -> bool {
        let mut given = self.given();
        let typed = user_code.trim().to_uppercase();
        let found = given.devices.values_mut().find(|device| device.user_code == typed);
        found.map(|device| device.state = state).is_some()
    }

    /// Forgets every token, as a revoked session does.
    pub(in crate::simulator) fn revoke(&self) {
        let mut given = self.given();
        given.access.clear();
        given.refresh.clear();
    }

    /// Hands out an access token.
    pub(super) fn access(&self, world: &World, caller: Caller) -> String {
        self.access_as(world, caller, "AT.")
    }

    /// Hands out an access token that begins like this.
    pub(super) fn access_as(&self, world: &World, caller: Caller, begins: &str) -> String {
        let (token, now) = (secret(begins.trim_end_matches('.')), world.time.millis());
        let life = i64::try_from(self.rules.token_lifetime_seconds).unwrap_or(i64::MAX / 2000).saturating_mul(1000);
        let mut given = self.given();
        given.access.retain(|_, access| access.ends > now);
        given.access.insert(token.clone(), Access { caller, ends: now.saturating_add(life), uses: 0 });
        token
    }

    /// Hands out a refresh token.
    pub(super) fn refresh(&self, grant: Grant) -> String {
        let token = secret("RT");
        self.given().refresh.insert(token.clone(), grant);
        token
    }

    /// What a refresh token stands for. Each use brings a new one, and the old one stays good: Microsoft,
    /// "Refresh tokens in the Microsoft identity platform".
    pub(super) fn spend_refresh(&self, token: &str) -> Option<Grant> {
        self.given().refresh.get(token).cloned()
    }
}
