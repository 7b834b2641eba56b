//! From a token answer to an account: who it is for, what was granted, and whether that is taken.

use oauth2::TokenResponse as _;

use crate::terms::ObjectId;

use super::error::SignInError;
use super::grant::Grant;
use super::scopes::Scopes;
use super::store::{Account, Tokens};
use super::wanted::SignIn;
use super::who::{self, Who};

/// The account that an answer is for.
pub(super) async fn account(
    wanted: &SignIn<'_>,
    answer: &Grant,
    asked: &[String],
    tokens: &Tokens,
) -> Result<Account, SignInError> {
    let app_only = wanted.flow.is_app_only();
    let scopes = if app_only { Scopes::of_application(tokens.access.expose()) } else { granted(answer, asked) };
    let write = scopes.write_scopes();
    if !write.is_empty() && !wanted.allow_write_scopes {
        return Err(SignInError::WriteScopes(write.join(" ")));
    }
    let Who { user_principal_name, display_name, object_id, tenant_id, token_id } = match answer.id_token() {
        _ if app_only => application(wanted)?,
        token => match token.and_then(who::from_id_token) {
            Some(who) => who,
            None => who::from_me(wanted.cloud, &tokens.access, wanted.ca).await?,
        },
    };
    if let Some(expected) =
        wanted.login_hint.filter(|hint| !app_only && !hint.eq_ignore_ascii_case(&user_principal_name))
    {
        return Err(SignInError::SomebodyElse { expected: expected.to_owned(), signed_in: user_principal_name });
    }
    let tenant_id = tenant_id.unwrap_or_else(|| wanted.tenant.to_owned());
    Ok(Account {
        user_principal_name,
        display_name,
        object_id,
        // A tenant that was named is renewed at; one that Entra found is the account's own.
        authority_tenant: if wanted.names_no_tenant() { tenant_id.clone() } else { wanted.tenant.to_owned() },
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
        credential_ends: credential_ends(tokens).await?.or(wanted.secret_ends),
        cae: wanted.cae,
    })
}

/// An application that acts by itself, under a name that no person has.
fn application(wanted: &SignIn<'_>) -> Result<Who, SignInError> {
    Ok(Who {
        user_principal_name: format!("app:{}", wanted.client_id),
        display_name: None,
        object_id: ObjectId::new(wanted.client_id).map_err(|_| SignInError::ClientId(String::new()))?,
        tenant_id: None,
        token_id: None,
    })
}

async fn credential_ends(tokens: &Tokens) -> Result<Option<crate::terms::UtcInstant>, SignInError> {
    let Some(credential) = tokens.credential.clone() else { return Ok(None) };
    let ends = tokio::task::spawn_blocking(move || credential.ends()).await;
    Ok(ends.map_err(|_| super::CredentialError::Sign)??)
}

/// What was granted: the answer's own word, else what was asked for.
pub(super) fn granted(answer: &Grant, asked: &[String]) -> Scopes {
    match answer.scopes() {
        Some(scopes) => Scopes::parse(&scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")),
        None => Scopes::assumed(&asked.join(" ")),
    }
}
