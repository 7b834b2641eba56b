//! Who is asking, with which scopes: sign-in, renewal, and the tokens in between.
//!
//! A [`Session`] is one account of one tenant. Its token is renewed before it ends, by one caller for all,
//! and the new refresh token is stored before the new access token is used, because Entra may have turned
//! the old one off. Tokens leave this module only as a sensitive header. It must not know Graph's paths.

mod authority;
mod error;
mod login;
mod loopback;
mod scopes;
mod store;
mod who;

use std::time::Duration;

use oauth2::{RefreshToken, Scope, TokenResponse as _};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::cloud::Cloud;
use crate::terms::{Clock, Exchange, ObjectId, Secret, UtcInstant};

use self::authority::{Authority, TokenAnswer, refused};
use self::who::Who;

pub use self::error::{EntraError, SignInError};
pub use self::login::Prompt;
pub use self::scopes::{DIRECTORY, SIGN_IN, Scopes, WANTED};
pub use self::store::{Account, Kept, Store, StoreError, StoreKind, Tokens};

/// Renew this long before a token ends.
const EARLY: i64 = 5 * 60 * 1000;
/// A token without a stated life is taken to live this long, in seconds.
const UNSTATED_LIFE: u64 = 3600;
/// How often a passing refusal of the token endpoint is tried again.
const TRIES: u32 = 4;

/// How the account signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// Browser on this machine, authorization code with PKCE.
    Browser,
    /// A code typed on another device.
    DeviceCode,
}

impl Flow {
    /// The spelling on the command line and in the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::DeviceCode => "device-code",
        }
    }
}

/// Where and how to sign in.
#[derive(Debug, Clone)]
pub struct SignIn<'a> {
    /// The cloud.
    pub cloud: &'a Cloud,
    /// The tenant's domain or id, or `organizations`.
    pub tenant: &'a str,
    /// The application's client id.
    pub client_id: &'a str,
    /// How.
    pub flow: Flow,
    /// Who is expected, for the sign-in page.
    pub login_hint: Option<&'a str>,
    /// Whether to ask for [`DIRECTORY`] too.
    pub read_directory: bool,
    /// Whether a token that can write is taken.
    pub allow_write_scopes: bool,
    /// Roots to trust besides the platform's, PEM.
    pub ca: Option<&'a [u8]>,
}

/// Who is signed in; no secret.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The sign-in name.
    pub user_principal_name: String,
    /// The name people know.
    pub display_name: Option<String>,
    /// The directory object.
    pub object_id: ObjectId,
    /// The tenant.
    pub tenant_id: String,
    /// The application.
    pub client_id: String,
    /// What the token allows.
    pub scopes: Scopes,
    /// How they signed in.
    pub flow: Flow,
    /// Whether the user insisted on a token that can write.
    pub write_scopes_allowed: bool,
    /// When the token was obtained.
    pub issued_at: UtcInstant,
    /// When it ends.
    pub expires_at: UtcInstant,
    /// Entra's id of the token, where known; the tenant's logs show it.
    pub token_id: Option<String>,
}

/// An access token on its way into a request.
#[derive(Clone)]
pub struct Bearer {
    header: http::HeaderValue,
    generation: u64,
}

impl std::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bearer(not shown)")
    }
}

impl Bearer {
    /// The `Authorization` header, marked sensitive so that it never shows in logs.
    pub fn header(&self) -> http::HeaderValue {
        self.header.clone()
    }
}

/// One account's sign-in. Share it as `Arc<Session>`.
pub struct Session {
    signed_in: SignedIn,
    authority: Authority,
    store: Store,
    clock: Clock,
    live: Mutex<Live>,
}

struct Live {
    tokens: Tokens,
    /// Goes up with every renewal, so that many callers with one rejected token renew it once.
    generation: u64,
}

impl Session {
    /// Signs in, checks what was granted, and stores the sign-in.
    ///
    /// # Errors
    /// [`SignInError::WriteScopes`] unless allowed; whatever the identity platform or the store refuses.
    pub async fn sign_in(
        wanted: &SignIn<'_>,
        store: Store,
        clock: Clock,
        show: &(dyn Fn(&Prompt) + Send + Sync),
    ) -> Result<Self, SignInError> {
        let authority = Authority::new(wanted.cloud, wanted.tenant, wanted.client_id, wanted.ca, clock.clone())?;
        let asked = scopes_for(wanted.cloud, wanted.read_directory);
        let answer = match wanted.flow {
            Flow::Browser => login::browser(&authority, &asked, wanted.login_hint, show).await?,
            Flow::DeviceCode => login::device_code(&authority, &asked, show).await?,
        };
        let scopes = granted(&answer, &asked);
        let write = scopes.write_scopes();
        if !write.is_empty() && !wanted.allow_write_scopes {
            return Err(SignInError::WriteScopes(write.join(" ")));
        }
        let tokens = Tokens::new(&answer, clock(), None);
        let named = answer.extra_fields().id_token.as_deref().and_then(who::from_id_token);
        let Who { user_principal_name, display_name, object_id, tenant_id, token_id } = match named {
            Some(who) => who,
            None => who::from_me(wanted.cloud, &tokens.access, wanted.ca).await?,
        };
        let account = Account {
            user_principal_name,
            display_name,
            object_id,
            tenant_id: tenant_id.unwrap_or_else(|| wanted.tenant.to_owned()),
            client_id: wanted.client_id.to_owned(),
            login_url: wanted.cloud.authority().to_string(),
            graph_url: wanted.cloud.graph().to_string(),
            cloud: wanted.cloud.name(),
            scopes,
            flow: wanted.flow,
            write_scopes_allowed: wanted.allow_write_scopes && !write.is_empty(),
            issued_at: tokens.issued_at,
            expires_at: tokens.expires_at,
            token_id,
        };
        store.save(&account, &tokens).await?;
        // Renewals go to the tenant the account is really in, whatever was typed.
        let authority = Authority::new(wanted.cloud, &account.tenant_id, wanted.client_id, wanted.ca, clock.clone())?
            .keeping(&authority);
        Ok(Self::live(account, tokens, authority, store, clock))
    }

    /// Takes up a stored sign-in; sends nothing.
    ///
    /// # Errors
    /// [`SignInError::SignedOut`] when there is none; the store's own.
    pub async fn stored(
        account: Option<&str>,
        cloud: &Cloud,
        store: Store,
        ca: Option<&[u8]>,
        clock: Clock,
    ) -> Result<Self, SignInError> {
        let (account, tokens) = store.load(account, cloud).await?.ok_or(SignInError::SignedOut)?;
        let authority = Authority::new(cloud, &account.tenant_id, &account.client_id, ca, clock.clone())?;
        Ok(Self::live(account, tokens, authority, store, clock))
    }

    fn live(account: Account, tokens: Tokens, authority: Authority, store: Store, clock: Clock) -> Self {
        let signed_in = SignedIn {
            user_principal_name: account.user_principal_name,
            display_name: account.display_name,
            object_id: account.object_id,
            tenant_id: account.tenant_id,
            client_id: account.client_id,
            scopes: account.scopes,
            flow: account.flow,
            write_scopes_allowed: account.write_scopes_allowed,
            issued_at: account.issued_at,
            expires_at: account.expires_at,
            token_id: account.token_id,
        };
        Self { signed_in, authority, store, clock, live: Mutex::new(Live { tokens, generation: 0 }) }
    }

    /// Who is signed in.
    pub const fn signed_in(&self) -> &SignedIn {
        &self.signed_in
    }

    /// A token that is good for some minutes yet; renewed first where it is not.
    pub async fn bearer(&self) -> Result<Bearer, SignInError> {
        let mut live = self.live.lock().await;
        if live.tokens.expires_at.millis() - EARLY <= (self.clock)().millis() {
            self.refresh(&mut live, None).await?;
        }
        live.bearer()
    }

    /// A token to use instead of one that was rejected; renewed once, however many callers ask.
    ///
    /// `claims` is the decoded JSON of a claims challenge (continuous access evaluation).
    pub async fn renew(&self, rejected: &Bearer, claims: Option<&str>) -> Result<Bearer, SignInError> {
        let mut live = self.live.lock().await;
        if live.generation == rejected.generation {
            self.refresh(&mut live, claims).await?;
        }
        live.bearer()
    }

    /// The token endpoint's exchanges since the last call, for the record.
    pub fn take_exchanges(&self) -> Vec<Exchange> {
        self.authority.http.take()
    }

    /// Renews under the lock, so that one renewal serves everybody who waits.
    async fn refresh(&self, live: &mut Live, claims: Option<&str>) -> Result<(), SignInError> {
        let Some(refresh) = &live.tokens.refresh else { return Err(SignInError::Expired) };
        let mut tried = 0;
        let answer = loop {
            let token = RefreshToken::new(refresh.expose().to_owned());
            // The answer to a sign-in does not repeat offline_access; without it there is no next refresh token.
            let granted = self.signed_in.scopes.iter().filter(|scope| !SIGN_IN.contains(scope));
            let scopes = SIGN_IN.into_iter().chain(granted).map(|scope| Scope::new(scope.to_owned()));
            let mut request = self.authority.client.exchange_refresh_token(&token).add_scopes(scopes);
            if let Some(claims) = claims {
                request = request.add_extra_param("claims", claims.to_owned());
            }
            tried += 1;
            match request.request_async(&self.authority.http).await.map_err(refused) {
                Ok(answer) => break answer,
                Err(SignInError::Refused(entra)) if entra.is_transient() && tried < TRIES => {}
                Err(SignInError::Network(_)) if tried < TRIES => {}
                Err(SignInError::Refused(entra)) => return Err(SignInError::Ended(entra)),
                Err(error) => return Err(error),
            }
            tokio::time::sleep(Duration::from_secs(1 << tried)).await;
        };
        let tokens = Tokens::new(&answer, (self.clock)(), live.tokens.refresh.clone());
        self.store.replace(&self.signed_in, &tokens).await?;
        live.tokens = tokens;
        live.generation += 1;
        Ok(())
    }
}

impl Live {
    fn bearer(&self) -> Result<Bearer, SignInError> {
        let text = zeroize::Zeroizing::new(format!("Bearer {}", self.tokens.access.expose()));
        let mut header = http::HeaderValue::from_str(&text).map_err(|_| SignInError::NotEntra)?;
        header.set_sensitive(true);
        Ok(Bearer { header, generation: self.generation })
    }
}

impl Tokens {
    fn new(answer: &TokenAnswer, now: UtcInstant, earlier: Option<Secret>) -> Self {
        let life = answer.expires_in().map_or(UNSTATED_LIFE, |life| life.as_secs());
        let life = i64::try_from(life).unwrap_or(i64::MAX).min(365 * 24 * 3600);
        Self {
            access: Secret::new(answer.access_token().secret().clone()),
            refresh: answer.refresh_token().map(|token| Secret::new(token.secret().clone())).or(earlier),
            issued_at: now,
            expires_at: UtcInstant::from_millis(now.millis() + life * 1000).unwrap_or(now),
        }
    }
}

impl Authority {
    /// This authority with the exchanges of another.
    fn keeping(self, other: &Self) -> Self {
        Self { client: self.client, http: other.http.clone() }
    }
}

/// What is asked for: full names in Microsoft's clouds, short ones elsewhere, where the resource is not known.
fn scopes_for(cloud: &Cloud, read_directory: bool) -> Vec<String> {
    let base = cloud.graph().as_str().trim_end_matches('/');
    let custom = cloud.name() == crate::cloud::CloudName::Custom;
    let named = |scope: &&str| if custom { (*scope).to_owned() } else { format!("{base}/{scope}") };
    let more = read_directory.then_some(&DIRECTORY);
    let graph = WANTED.iter().chain(more).map(named);
    SIGN_IN.iter().map(|scope| (*scope).to_owned()).chain(graph).collect()
}

/// What was granted: the answer's own word. Without one everything asked for was (RFC 6749, section 5.1).
fn granted(answer: &TokenAnswer, asked: &[String]) -> Scopes {
    match answer.scopes() {
        Some(scopes) => Scopes::parse(&scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")),
        None => Scopes::parse(&asked.join(" ")),
    }
}

#[cfg(test)]
mod tests;
