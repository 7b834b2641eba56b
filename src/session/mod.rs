//! Who is asking, with which scopes: sign-in, renewal, and the tokens in between.
//!
//! A [`Session`] is one account of one tenant. Its token is renewed before it ends, by one caller for all,
//! and the new refresh token is stored before the new access token is used, because Entra may have turned
//! the old one off. Tokens leave this module only as a sensitive header. It must not know Graph's paths.

mod authority;
mod error;
mod grant;
mod http;
mod login;
mod loopback;
mod renewal;
mod scopes;
mod store;
mod who;
mod words;

use std::sync::Arc;

use oauth2::TokenResponse as _;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::terms::{Clock, Exchange, ObjectId, Secret, UtcInstant};

use self::authority::Authority;
use self::grant::Grant;
use self::renewal::Renewal;
use self::scopes::full_name;
use self::who::Who;

pub use self::error::{EntraError, SignInError};
pub use self::login::Prompt;
pub use self::scopes::{DIRECTORY, SIGN_IN, Scopes, WANTED};
pub use self::store::{Account, Kept, Store, StoreError, StoreKind, Tokens};

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
    header: ::http::HeaderValue,
    generation: u64,
}

impl std::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bearer(not shown)")
    }
}

impl Bearer {
    fn new(token: &Secret, generation: u64) -> Result<Self, SignInError> {
        let text = zeroize::Zeroizing::new(format!("Bearer {}", token.expose()));
        let mut header = ::http::HeaderValue::from_str(&text).map_err(|_| SignInError::NotEntra)?;
        header.set_sensitive(true);
        Ok(Self { header, generation })
    }

    /// The `Authorization` header, marked sensitive so that it never shows in logs.
    pub fn header(&self) -> ::http::HeaderValue {
        self.header.clone()
    }
}

/// One account's sign-in. Share it as `Arc<Session>`.
pub struct Session {
    signed_in: SignedIn,
    kept: Kept,
    renewal: Arc<Renewal>,
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
        Self::sign_in_at(authority, wanted, store, clock, show).await
    }

    async fn sign_in_at(
        authority: Authority,
        wanted: &SignIn<'_>,
        store: Store,
        clock: Clock,
        show: &(dyn Fn(&Prompt) + Send + Sync),
    ) -> Result<Self, SignInError> {
        let asked = scopes_for(wanted.cloud, wanted.read_directory);
        let answer = match wanted.flow {
            Flow::Browser => login::browser(&authority, &asked, wanted.login_hint, show).await?,
            Flow::DeviceCode => login::device_code(&authority, &asked, show).await?,
        };
        let tokens = Tokens::new(&answer, clock(), None);
        let account = account(wanted, &answer, &asked, &tokens).await?;
        store.save(&account, &tokens).await?;
        let authority = authority.at(wanted.cloud, &account.authority_tenant, wanted.client_id)?;
        Self::live(account, tokens, wanted.cloud, authority, store, clock).await
    }

    /// Takes up a stored sign-in; sends nothing.
    ///
    /// # Errors
    /// [`SignInError::SignedOut`] when there is none, [`SignInError::Another`] when it is not the one wanted; the store's own.
    pub async fn stored(
        named: Option<&str>,
        cloud: &Cloud,
        store: Store,
        ca: Option<&[u8]>,
        clock: Clock,
    ) -> Result<Self, SignInError> {
        let Some((account, tokens)) = store.load(named, cloud).await? else {
            return Err(nobody(named, cloud, &store.accounts().await?));
        };
        let authority = Authority::new(cloud, &account.authority_tenant, &account.client_id, ca, clock.clone())?;
        Self::live(account, tokens, cloud, authority, store, clock).await
    }

    async fn live(
        account: Account,
        tokens: Tokens,
        cloud: &Cloud,
        authority: Authority,
        store: Store,
        clock: Clock,
    ) -> Result<Self, SignInError> {
        let (signed_in, kept) = (account.signed_in(), store.kept_of(&account).await?);
        let renewal = Renewal::new(account, tokens, cloud.clone(), authority, store, clock)?;
        Ok(Self { signed_in, kept, renewal })
    }

    /// Who is signed in, as of the token this session began with.
    pub const fn signed_in(&self) -> &SignedIn {
        &self.signed_in
    }

    /// How the sign-in is kept.
    pub const fn kept(&self) -> &Kept {
        &self.kept
    }

    /// When the token in use now ends.
    pub fn expires_at(&self) -> UtcInstant {
        self.renewal.expires_at()
    }

    /// A token that is good now; renewed by one caller for all, five minutes before it ends.
    ///
    /// # Errors
    /// The token is over and the platform gives no new one.
    pub async fn bearer(&self) -> Result<Bearer, SignInError> {
        self.renewal.bearer().await
    }

    /// A token to use instead of one that was rejected; renewed once, however many callers ask.
    ///
    /// `claims` is the decoded JSON of a claims challenge (continuous access evaluation).
    ///
    /// # Errors
    /// The platform gives no new token.
    pub async fn renew(&self, rejected: &Bearer, claims: Option<&str>) -> Result<Bearer, SignInError> {
        self.renewal.renew(rejected, claims).await
    }

    /// The token endpoint's exchanges since the last call, for the record.
    pub fn take_exchanges(&self) -> Vec<Exchange> {
        self.renewal.authority().http.take()
    }
}

/// The account that an answer is for.
async fn account(
    wanted: &SignIn<'_>,
    answer: &Grant,
    asked: &[String],
    tokens: &Tokens,
) -> Result<Account, SignInError> {
    let scopes = granted(answer, asked);
    let write = scopes.write_scopes();
    if !write.is_empty() && !wanted.allow_write_scopes {
        return Err(SignInError::WriteScopes(write.join(" ")));
    }
    let Who { user_principal_name, display_name, object_id, tenant_id, token_id } =
        match answer.id_token().and_then(who::from_id_token) {
            Some(who) => who,
            None => who::from_me(wanted.cloud, &tokens.access, wanted.ca).await?,
        };
    let tenant_id = tenant_id.unwrap_or_else(|| wanted.tenant.to_owned());
    // A tenant that was named is renewed at; one that Entra found is the account's own.
    let found = matches!(wanted.tenant.to_ascii_lowercase().as_str(), "organizations" | "common" | "consumers");
    Ok(Account {
        user_principal_name,
        display_name,
        object_id,
        authority_tenant: if found { tenant_id.clone() } else { wanted.tenant.to_owned() },
        tenant_id,
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
    })
}

/// Why there is no session though one was wanted.
fn nobody(named: Option<&str>, cloud: &Cloud, accounts: &[Account]) -> SignInError {
    if accounts.is_empty() {
        return SignInError::SignedOut;
    }
    let listed = |account: &Account| format!("{} (cloud {})", account.user_principal_name, account.cloud);
    let wanted = named.map_or_else(|| format!("an account of the cloud {}", cloud.name()), str::to_owned);
    SignInError::Another { wanted, have: accounts.iter().map(listed).collect::<Vec<_>>().join(", ") }
}

/// What is asked for.
fn scopes_for(cloud: &Cloud, read_directory: bool) -> Vec<String> {
    let more = read_directory.then_some(&DIRECTORY);
    let wanted = WANTED.iter().chain(more).map(|scope| full_name(cloud, scope));
    SIGN_IN.iter().map(|scope| (*scope).to_owned()).chain(wanted).collect()
}

/// What was granted: the answer's own word, else what was asked for.
fn granted(answer: &Grant, asked: &[String]) -> Scopes {
    match answer.scopes() {
        Some(scopes) => Scopes::parse(&scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")),
        None => Scopes::assumed(&asked.join(" ")),
    }
}

#[cfg(test)]
mod tests;
