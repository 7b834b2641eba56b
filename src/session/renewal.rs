//! Tokens kept fresh: renewed before they end, by one caller for all, here and among processes.
//!
//! The new refresh token is stored before the new access token is used: the platform may have turned the old one off.
//! A renewal that has begun is finished even if nobody waits for it any more, for the same reason.

use std::sync::{Arc, RwLock};

use oauth2::{RefreshToken, Scope, TokenResponse as _};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::cloud::Cloud;
use crate::terms::{Clock, Secret, UtcInstant};

use super::admission::granted;
use super::authority::Authority;
use super::error::SignInError;
use super::grant::Grant;
use super::scopes::{CATALOGUE, SIGN_IN, Scopes, full_name};
use super::store::{Account, Store, StoreError, Tokens};
use super::{Bearer, app_only, claims};

/// Renew this long before a token ends, in milliseconds; a short-lived one when a quarter of its life is left.
const EARLY: i64 = 5 * 60 * 1000;
/// After a renewal ahead of time that failed, the next is tried this much later, in milliseconds.
const AGAIN: i64 = 30 * 1000;
/// A token without a stated life is taken to live this long, in seconds.
const UNSTATED_LIFE: u64 = 3600;

/// One account's tokens, and the way to new ones.
pub(super) struct Renewal {
    cloud: Cloud,
    authority: Authority,
    store: Store,
    clock: Clock,
    now: RwLock<Live>,
    gate: Arc<Mutex<Gate>>,
}

/// What requests use.
struct Live {
    tokens: Tokens,
    bearer: Bearer,
}

/// What only the one who renews may touch.
struct Gate {
    account: Account,
    /// Before this, nothing is renewed ahead of time.
    not_before: Option<UtcInstant>,
    /// The platform's last word: asking again would only repeat it.
    ended: Option<SignInError>,
    /// Renewed, but not stored yet.
    unstored: Option<(Account, Tokens)>,
}

#[derive(PartialEq, Eq)]
enum Age {
    Fresh,
    /// Good still, and to be renewed.
    Late,
    Over,
}

impl Renewal {
    pub(super) fn new(
        account: Account,
        tokens: Tokens,
        cloud: Cloud,
        authority: Authority,
        store: Store,
        clock: Clock,
    ) -> Result<Arc<Self>, SignInError> {
        let bearer = Bearer::new(&tokens.access, 0)?;
        let gate = Gate { account, not_before: None, ended: None, unstored: None };
        let now = RwLock::new(Live { tokens, bearer });
        Ok(Arc::new(Self { cloud, authority, store, clock, now, gate: Arc::new(Mutex::new(gate)) }))
    }

    pub(super) const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// When the token in use ends.
    pub(super) fn expires_at(&self) -> UtcInstant {
        self.live(|live| live.tokens.expires_at)
    }

    /// A token that is good now. Nobody waits for a renewal while the old token still works, but the one who asks.
    pub(super) async fn bearer(self: &Arc<Self>) -> Result<Bearer, SignInError> {
        let gate = match self.age() {
            Age::Fresh => return Ok(self.current()),
            Age::Late => match self.gate.clone().try_lock_owned() {
                Ok(gate) => gate,
                Err(_) => return Ok(self.current()),
            },
            Age::Over => self.gate.clone().lock_owned().await,
        };
        match (self.age(), gate.not_before) {
            (Age::Fresh, _) => Ok(self.current()),
            (Age::Late, Some(at)) if (self.clock)() < at => Ok(self.current()),
            (Age::Late, _) => self.ahead_of_time(gate).await,
            (Age::Over, _) => self.finish(gate, None).await,
        }
    }

    /// A token instead of a rejected one; renewed unless somebody already has.
    pub(super) async fn renew(
        self: &Arc<Self>,
        rejected: &Bearer,
        claims: Option<&str>,
    ) -> Result<Bearer, SignInError> {
        let gate = self.gate.clone().lock_owned().await;
        let current = self.current();
        if current.generation == rejected.generation {
            self.finish(gate, claims.map(str::to_owned)).await
        } else {
            Ok(current)
        }
    }

    /// Whether another token is in use by now; a renewal under way is waited for.
    pub(super) async fn is_replaced(&self, bearer: &Bearer) -> bool {
        let _settled = self.gate.lock().await;
        self.current().generation != bearer.generation
    }

    /// A renewal that may fail: the token in use is good for a while.
    async fn ahead_of_time(self: &Arc<Self>, gate: OwnedMutexGuard<Gate>) -> Result<Bearer, SignInError> {
        match self.finish(gate, None).await {
            // A token that can write is not one to go on with.
            Err(error @ SignInError::WriteScopes(_)) => Err(error),
            Err(_) => {
                tracing::warn!("the token could not be renewed ahead of time; going on with it while it is good");
                Ok(self.current())
            }
            renewed => renewed,
        }
    }

    /// Renews in a task of its own, which ends whether or not the caller stays.
    async fn finish(
        self: &Arc<Self>,
        mut gate: OwnedMutexGuard<Gate>,
        claims: Option<String>,
    ) -> Result<Bearer, SignInError> {
        let renewal = self.clone();
        let task = tokio::spawn(async move {
            let done = renewal.refresh(&mut gate, claims.as_deref()).await;
            gate.not_before = match &done {
                Ok(()) => None,
                Err(_) => UtcInstant::from_millis((renewal.clock)().millis() + AGAIN),
            };
            done.map(|()| renewal.current())
        });
        task.await.map_err(|_| SignInError::Network("the renewal was cut short"))?
    }

    async fn refresh(&self, gate: &mut Gate, claims: Option<&str>) -> Result<(), SignInError> {
        if let Some((account, tokens)) = gate.unstored.take() {
            return self.take(gate, account, tokens).await;
        }
        if let Some(ended) = &gate.ended {
            return Err(ended.clone());
        }
        let turn = self.store.turn(&gate.account).await?;
        let mut refresh = self.live(|live| live.tokens.refresh.clone());
        // Another process may have renewed meanwhile, and turned our refresh token off by that.
        if let Ok(Some((account, tokens))) = self.store.reload(&gate.account).await
            && tokens.access.expose() != self.live(|live| live.tokens.access.expose().to_owned())
        {
            refresh.clone_from(&tokens.refresh);
            if claims.is_none() && self.age_of(&tokens) == Age::Fresh {
                return self.use_now(gate, account, tokens);
            }
        }
        let renewed = match self.ask(&gate.account, refresh.as_ref(), claims).await {
            Ok(answer) => self.read(&gate.account, &answer, refresh),
            Err(SignInError::Refused(entra)) if !entra.is_transient() => {
                self.leave_claims(&gate.account, entra.claims.as_deref().or(claims)).await;
                Err(SignInError::Ended(entra))
            }
            Err(error) => Err(error),
        };
        let (account, tokens) = renewed.inspect_err(|error| {
            // A refusal of special claims says nothing about a renewal without them.
            let last_word = matches!(error, SignInError::Ended(_) | SignInError::WriteScopes(_));
            if claims.is_none() && last_word {
                gate.ended = Some(error.clone());
            }
        })?;
        let taken = self.take(gate, account, tokens).await;
        drop(turn);
        taken
    }

    async fn ask(
        &self,
        account: &Account,
        refresh: Option<&Secret>,
        challenge: Option<&str>,
    ) -> Result<Grant, SignInError> {
        let claims = claims::merged(account.cae, challenge);
        if let Some(credential) = self.live(|live| live.tokens.credential.clone()) {
            return app_only::token(&self.authority, &self.cloud, &credential, claims, (self.clock)()).await;
        }
        let token = RefreshToken::new(refresh.ok_or(SignInError::Expired)?.expose().to_owned());
        let has = |scope: &&str| account.scopes.is_assumed() || account.scopes.has(scope);
        let graph = CATALOGUE.iter().map(|scope| scope.name).filter(has).map(|scope| full_name(&self.cloud, scope));
        let scopes = SIGN_IN.iter().map(|scope| (*scope).to_owned()).chain(graph).map(Scope::new);
        let mut request = self.authority.client.exchange_refresh_token(&token).add_scopes(scopes);
        if let Some(claims) = claims {
            request = request.add_extra_param("claims", claims);
        }
        request.request_async(&self.authority.http).await.map_err(|error| self.authority.refused(error))
    }

    /// What a person must bring next time is kept with the sign-in, so that the next one asks for it.
    async fn leave_claims(&self, account: &Account, claims: Option<&str>) {
        let Some(claims) = claims else { return };
        let tokens = self.live(|live| Tokens { claims: Some(claims.to_owned()), ..live.tokens.clone() });
        if self.store.replace(account, &tokens).await.is_err() {
            tracing::warn!("what the next sign-in must ask for could not be kept");
        }
    }

    fn read(
        &self,
        account: &Account,
        answer: &Grant,
        earlier: Option<Secret>,
    ) -> Result<(Account, Tokens), SignInError> {
        let mut account = account.clone();
        if account.flow.is_app_only() {
            account.scopes = Scopes::of_application(answer.access_token().secret());
        } else if answer.scopes().is_some() {
            account.scopes = granted(answer, &[]);
        }
        let write = account.scopes.write_scopes();
        if !write.is_empty() && !account.write_scopes_allowed {
            return Err(SignInError::WriteScopes(write.join(" ")));
        }
        let credential = self.live(|live| live.tokens.credential.clone());
        let tokens = Tokens { credential, ..Tokens::new(answer, (self.clock)(), earlier) };
        (account.issued_at, account.expires_at) = (tokens.issued_at, tokens.expires_at);
        Ok((account, tokens))
    }

    /// Stores, then uses. What cannot be stored is kept for the next try, so that it is not lost.
    async fn take(&self, gate: &mut Gate, account: Account, tokens: Tokens) -> Result<(), SignInError> {
        let stored: Result<(), StoreError> = self.store.replace(&account, &tokens).await;
        if let Err(error) = stored {
            gate.unstored = Some((account, tokens));
            return Err(error.into());
        }
        self.use_now(gate, account, tokens)
    }

    fn use_now(&self, gate: &mut Gate, account: Account, tokens: Tokens) -> Result<(), SignInError> {
        let bearer = Bearer::new(&tokens.access, self.current().generation + 1)?;
        tracing::info!(until = %tokens.expires_at, "the token was renewed");
        gate.account = account;
        let mut now = self.now.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = Live { tokens, bearer };
        Ok(())
    }

    fn current(&self) -> Bearer {
        self.live(|live| live.bearer.clone())
    }

    fn live<T>(&self, look: impl FnOnce(&Live) -> T) -> T {
        // A value is replaced whole or not at all, so even a poisoned lock holds a good one.
        look(&self.now.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn age(&self) -> Age {
        self.live(|live| self.age_of(&live.tokens))
    }

    fn age_of(&self, tokens: &Tokens) -> Age {
        let left = tokens.expires_at.millis() - (self.clock)().millis();
        let life = tokens.expires_at.millis() - tokens.issued_at.millis();
        if left <= 0 {
            Age::Over
        } else if left <= EARLY.min(life / 4) {
            Age::Late
        } else {
            Age::Fresh
        }
    }
}

impl Tokens {
    /// The tokens of an answer; a refresh token that is not replaced stays good.
    pub(super) fn new(answer: &Grant, now: UtcInstant, earlier: Option<Secret>) -> Self {
        let life = answer.expires_in().map_or(UNSTATED_LIFE, |life| life.as_secs());
        let life = i64::try_from(life).unwrap_or(i64::MAX).min(365 * 24 * 3600);
        Self {
            access: Secret::new(answer.access_token().secret().clone()),
            refresh: answer.refresh_token().map(|token| Secret::new(token.secret().clone())).or(earlier),
            issued_at: now,
            expires_at: UtcInstant::from_millis(now.millis() + life * 1000).unwrap_or(now),
            credential: None,
            claims: None,
        }
    }
}
