//! Accounts, domains, settings and sign-in dates, from the service's JSON to staged rows.
//!
//! Source: Microsoft, "user", "organization", "domain", "signInActivity", "adminReportSettings", "secureScore" and
//! "userRegistrationDetails" resource types.

use rusqlite::types::Value;
use serde_json::Value as Json;

use super::page::{instant, list, number, said, text, yes};
use crate::inventory::store::table;
use crate::inventory::store::{Stage, StoreError};

fn own(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(super) fn organisation(entry: &Json, stage: &Stage<'_>) -> Result<bool, StoreError> {
    if said(entry, "id").is_none() {
        return Ok(false);
    }
    for domain in list(entry, "verifiedDomains") {
        let Some(name) = said(domain, "name") else { continue };
        let values = [own(&name.to_lowercase()), yes(domain, "isDefault"), yes(domain, "isInitial"), Value::Integer(1)];
        stage.put(&table::VERIFIED_DOMAIN, &values)?;
    }
    Ok(true)
}

/// Domains that are verified come with the organisation.
pub(super) fn domain(entry: &Json, stage: &Stage<'_>) -> Result<bool, StoreError> {
    let Some(name) = said(entry, "id") else { return Ok(false) };
    let verified = yes(entry, "isVerified");
    if verified != Value::Integer(1) {
        let values = [own(&name.to_lowercase()), yes(entry, "isDefault"), yes(entry, "isInitial"), verified];
        stage.put(&table::OTHER_DOMAIN, &values)?;
    }
    Ok(true)
}

pub(super) fn user(entry: &Json, stage: &Stage<'_>) -> Result<bool, StoreError> {
    // An account is its id. Some come without a sign-in name; they are kept, and are nobody whom a report could name.
    let Some(id) = said(entry, "id") else { return Ok(false) };
    let upn = said(entry, "userPrincipalName");
    let values = [
        own(id),
        own(upn.unwrap_or_default()),
        text(entry, "mail"),
        text(entry, "displayName"),
        text(entry, "department"),
        text(entry, "companyName"),
        text(entry, "jobTitle"),
        text(entry, "officeLocation"),
        text(entry, "country"),
        text(entry, "usageLocation"),
        text(entry, "userType"),
        yes(entry, "accountEnabled"),
        instant(entry, "createdDateTime"),
        yes(entry, "isResourceAccount"),
        Value::Null,
        text(entry, "employeeType"),
        yes(entry, "onPremisesSyncEnabled"),
    ];
    if !stage.put(&table::USER, &values)? {
        // The same account on two pages: it moved while the pages were read.
        return Ok(true);
    }
    let address = |address: &str, kind: &str| {
        stage.put(&table::ADDRESS, &[own(id), own(&address.to_lowercase()), own(kind)]).map(|_| ())
    };
    if let Some(upn) = upn {
        address(upn, "upn")?;
    }
    if let Some(mail) = said(entry, "mail") {
        address(mail, "mail")?;
    }
    for proxy in list(entry, "proxyAddresses").filter_map(Json::as_str) {
        // `SMTP:` is the primary one, `smtp:` are the others; X500, SIP and the like are no mail addresses.
        let smtp =
            proxy.split_once(':').filter(|(scheme, rest)| scheme.eq_ignore_ascii_case("smtp") && rest.contains('@'));
        if let Some((_, smtp)) = smtp {
            address(smtp, "proxy")?;
        }
    }
    Ok(true)
}

pub(super) fn deleted(entry: &Json, stage: &Stage<'_>) -> Result<bool, StoreError> {
    let (Some(id), Some(upn)) = (said(entry, "id"), said(entry, "userPrincipalName")) else { return Ok(false) };
    // The name of a deleted account has its id in front, without dashes.
    let cut = upn.get(..32).filter(|head| head.bytes().all(|b| b.is_ascii_hexdigit())).and_then(|_| upn.get(32..));
    let upn = cut.filter(|rest| !rest.starts_with('@')).unwrap_or(upn).to_lowercase();
    let values =
        [own(id), own(&upn), text(entry, "mail"), text(entry, "displayName"), instant(entry, "deletedDateTime")];
    stage.put(&table::DELETED, &values)?;
    Ok(true)
}

pub(super) fn signin(entry: &Json, stage: &Stage<'_>) -> Result<bool, StoreError> {
    let Some(id) = said(entry, "id") else { return Ok(false) };
    let Some(activity) = entry.get("signInActivity").filter(|activity| activity.is_object()) else { return Ok(true) };
    let values = [
        own(id),
        instant(activity, "lastSignInDateTime"),
        instant(activity, "lastNonInteractiveSignInDateTime"),
        instant(activity, "lastSuccessfulSignInDateTime"),
    ];
    stage.put(&table::SIGNIN, &values)?;
    Ok(true)
}

/// The switch stands at the top or below `value`: pages and libraries differ.
pub(super) fn setting(entry: &Json, stage: &Stage<'_>) -> Result<bool, StoreError> {
    let at = entry.get("value").filter(|value| value.is_object()).unwrap_or(entry);
    if at.get("displayConcealedNames").and_then(Json::as_bool).is_none() {
        return Ok(false);
    }
    stage.put(&table::SETTING, &[yes(at, "displayConcealedNames")])?;
    Ok(true)
}

pub(super) fn mfa(entry: &Json, stage: &Stage<'_>) -> Result<bool, StoreError> {
    let Some(id) = said(entry, "id") else { return Ok(false) };
    let methods = entry.get("methodsRegistered").filter(|methods| methods.is_array());
    let values = [
        own(id),
        yes(entry, "isMfaRegistered"),
        yes(entry, "isMfaCapable"),
        yes(entry, "isAdmin"),
        methods.map_or(Value::Null, |methods| Value::Text(methods.to_string())),
    ];
    stage.put(&table::MFA, &values)?;
    Ok(true)
}

pub(super) fn score(entry: &Json, stage: &Stage<'_>) -> Result<bool, StoreError> {
    for (name, metric) in
        [("licensedUserCount", "securescore.licensed_user_count"), ("activeUserCount", "securescore.active_user_count")]
    {
        let count = number(entry, name);
        if count != Value::Null {
            stage.put(&table::TOTAL, &[own(metric), own(""), count])?;
        }
    }
    Ok(entry.is_object())
}
