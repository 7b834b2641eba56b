//! Who signed in: from the id token, else by asking `/me` once.
//!
//! The access token is opaque and never read. The id token comes straight from the token endpoint over TLS,
//! so its shape is checked and its signature need not be (OpenID Connect Core, section 3.1.3.7, point 6).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::cloud::Cloud;
use crate::terms::{ObjectId, Secret};

use super::error::SignInError;
use super::http::client;

/// A person in a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) user_principal_name: String,
    pub(super) display_name: Option<String>,
    pub(super) object_id: ObjectId,
    /// From the token; `None` when only `/me` was asked.
    pub(super) tenant_id: Option<String>,
    /// The token's own id at Entra, which the tenant's logs show.
    pub(super) token_id: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    oid: Option<String>,
    tid: Option<String>,
    preferred_username: Option<String>,
    upn: Option<String>,
    name: Option<String>,
    uti: Option<String>,
}

/// Reads the id token's claims; `None` when it is not one or does not name a person.
pub(super) fn from_id_token(token: &str) -> Option<Who> {
    let payload = token.split('.').nth(1)?;
    let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&json).ok()?;
    Some(Who {
        user_principal_name: claims.preferred_username.or(claims.upn)?,
        display_name: claims.name,
        object_id: ObjectId::new(&claims.oid?).ok()?,
        tenant_id: claims.tid,
        token_id: claims.uti,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Me {
    id: String,
    user_principal_name: Option<String>,
    mail: Option<String>,
    display_name: Option<String>,
}

/// Asks Graph who the token belongs to.
pub(super) async fn from_me(cloud: &Cloud, token: &Secret, ca: Option<&[u8]>) -> Result<Who, SignInError> {
    let url = format!("{}/v1.0/me", cloud.graph().as_str().trim_end_matches('/'));
    let asked = client(cloud.graph(), ca)?.get(url).bearer_auth(token.expose()).send().await;
    let answer = asked.map_err(|_| SignInError::Network("Graph does not answer"))?;
    if !answer.status().is_success() {
        return Err(SignInError::Nobody);
    }
    let me: Me = answer.json().await.map_err(|_| SignInError::Nobody)?;
    Ok(Who {
        user_principal_name: me.user_principal_name.or(me.mail).ok_or(SignInError::Nobody)?,
        display_name: me.display_name,
        object_id: ObjectId::new(&me.id).map_err(|_| SignInError::Nobody)?,
        tenant_id: None,
        token_id: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_token_names_the_person_and_anything_else_names_nobody() {
        let claims = r#"{"oid":"o-1","tid":"t-1","preferred_username":"ana@x.example","name":"Ana","uti":"u"}"#;
        let who = from_id_token(&format!("e30.{}.", URL_SAFE_NO_PAD.encode(claims))).expect("a person");
        assert_eq!((who.user_principal_name.as_str(), who.tenant_id.as_deref()), ("ana@x.example", Some("t-1")));
        for wrong in ["", "a.b.c", "e30.e30.", "e30.###."] {
            assert_eq!(from_id_token(wrong), None, "{wrong}");
        }
    }
}
