//! Where tokens come from: the session. Tests of the door bring their own, so that it can be tried alone.

use std::sync::Arc;

use http::HeaderValue;

use crate::session::{Bearer, Session, SignInError};

/// The source of tokens.
pub(super) enum Tokens {
    /// The signed-in session.
    Session(Arc<Session>),
    /// A row of tokens; each renewal goes to the next.
    #[cfg(test)]
    Row(std::sync::Mutex<super::tests::Row>),
}

/// One token, ready to be sent.
#[derive(Clone)]
pub(super) enum Token {
    /// From the session.
    Bearer(Bearer),
    /// From a test.
    #[cfg(test)]
    Plain(HeaderValue),
}

impl Tokens {
    pub(super) async fn current(&self) -> Result<Token, SignInError> {
        match self {
            Self::Session(session) => session.bearer().await.map(Token::Bearer),
            #[cfg(test)]
            Self::Row(row) => super::tests::current(row),
        }
    }

    /// Whether another token is in use by now; a renewal under way is waited for.
    pub(super) async fn is_replaced(&self, token: &Token) -> bool {
        match (self, token) {
            (Self::Session(session), Token::Bearer(bearer)) => session.is_replaced(bearer).await,
            #[cfg(test)]
            (_, Token::Plain(sent)) => self.current().await.is_ok_and(|current| current.header() != *sent),
            #[cfg(test)]
            (Self::Row(_), Token::Bearer(_)) => false,
        }
    }

    /// A token to use instead of one that Graph rejected.
    pub(super) async fn renewed(&self, rejected: &Token, claims: Option<&str>) -> Result<Token, SignInError> {
        match (self, rejected) {
            (Self::Session(session), Token::Bearer(bearer)) => session.renew(bearer, claims).await.map(Token::Bearer),
            #[cfg(test)]
            (Self::Row(row), _) => super::tests::renewed(row, claims),
            #[cfg(test)]
            (Self::Session(_), Token::Plain(_)) => self.current().await,
        }
    }
}

impl Token {
    /// The `Authorization` header; marked sensitive, so that it never shows in logs.
    pub(super) fn header(&self) -> HeaderValue {
        match self {
            Self::Bearer(bearer) => bearer.header(),
            #[cfg(test)]
            Self::Plain(value) => value.clone(),
        }
    }
}

/// The error of a token that Graph keeps rejecting though it is fresh.
pub(super) fn rejected() -> SignInError {
    SignInError::Rejected
}
