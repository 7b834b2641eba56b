//! Who is asking, with which scopes: sign-in, renewal, and the tokens in between.
//!
//! A [`Session`] is one account of one tenant. Its token is renewed before it ends, by one caller for all,
//! and the new refresh token is stored before the new access token is used, because Entra may have turned
//! the old one off. Tokens leave this module only as a sensitive header. It must not know Graph's paths.

mod admission;
mod app_only;
mod authority;
mod claims;
mod credential;
mod error;
mod expiry;
mod grant;
mod http;
mod login;
mod loopback;
mod reach;
mod renewal;
mod scopes;
mod store;
mod wanted;
mod who;
mod words;

use std::sync::Arc;

use crate::cloud::Cloud;
use crate::terms::{Clock, Exchange, ObjectId, Secret, UtcInstant};

use self::authority::Authority;
use self::renewal::Renewal;

pub use self::authority::consent_url;
pub use self::credential::{Certificate, Credential, CredentialError};
pub use self::error::{EntraError, SignInError};
pub use self::expiry::{Expiry, WARNINGS};
pub use self::login::Prompt;
pub use self::reach::{Reached, reach};
pub use self::scopes::{Asked, CATALOGUE, Extra, SIGN_IN, ScopeInfo, Scopes, WANTED, Work};
pub use self::store::{Account, Kept, Store, StoreError, StoreKind, Tokens};
pub use self::wanted::{Flow, SignIn};

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
    /// When the application's secret or certificate ends, where it is known.
    pub credential_ends: Option<UtcInstant>,
    /// Whether claims challenges were declared to be understood (continuous access evaluation).
    pub cae: bool,
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
        wanted.examined()?;
        // What a challenge demanded of the sign-in before this one is asked for now.
        let left = store.claims_left(wanted.cloud, wanted.client_id, wanted.login_hint).await;
        let claims = claims::merged(wanted.cae, left.as_deref());
        let scopes = wanted.scopes();
        let asked = login::Request { scopes: &scopes, hint: wanted.login_hint, claims: claims.as_deref() };
        let answer = match wanted.flow {
            Flow::Browser => login::browser(&authority, &asked, show).await?,
            Flow::DeviceCode => login::device_code(&authority, &asked, show).await?,
            Flow::ClientSecret | Flow::Certificate => {
                let credential = wanted.credential.ok_or(CredentialError::NoSecret)?;
                app_only::token(&authority, wanted.cloud, credential, claims, clock()).await?
            }
        };
        let credential = wanted.credential.filter(|_| wanted.flow.is_app_only()).cloned();
        let tokens = Tokens { credential, ..Tokens::new(&answer, clock(), None) };
        let account = admission::account(wanted, &answer, &scopes, &tokens).await?;
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

    /// Whether another token is in use by now; a renewal under way is waited for.
    pub async fn is_replaced(&self, bearer: &Bearer) -> bool {
        self.renewal.is_replaced(bearer).await
    }

    /// The token endpoint's exchanges since the last call, for the record.
    pub fn take_exchanges(&self) -> Vec<Exchange> {
        self.renewal.authority().http.take()
    }
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

#[cfg(test)]
mod tests;
