//! What stands beside usage reports: registered methods, the secure score, deleted people.

use http::StatusCode;
use serde_json::{Value, json};

use super::call::Call;
use super::refusal::Refusal;
use super::users;
use crate::simulator::person::Person;
use crate::simulator::reply::Reply;
use crate::simulator::reports;
use crate::terms::UtcInstant;

const AUDIT: [&str; 1] = ["AuditLog.Read.All"];
const SCORE: [&str; 2] = ["SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All"];
const PEOPLE: [&str; 4] = ["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
/// Entries per page of registered methods.
const PAGE: usize = 1000;

/// `GET /reports/authenticationMethods/userRegistrationDetails`.
pub(super) fn methods(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.demand(&AUDIT)?;
    let start = call.query.get("$skiptoken").map(users::read_token).transpose()?.unwrap_or(0);
    let size = call.query.number("$top")?.and_then(|top| usize::try_from(top).ok()).unwrap_or(PAGE).clamp(1, PAGE);
    let all = call.world.tenant.users.len();
    let end = (start + size).min(all);
    let people = (start..end).filter_map(|at| call.world.person(at));
    let mut reply = call.answer(
        "reports/authenticationMethods/userRegistrationDetails",
        people.map(|person| registered(&person)).collect(),
    );
    if end < all
        && let Some(document) = reply.document().and_then(Value::as_object_mut)
    {
        let link = call.link(&[("$skiptoken", Some(users::write_token(end)))]);
        document.insert("@odata.nextLink".to_owned(), json!(link));
    }
    Ok(reply)
}

fn registered(person: &Person) -> Value {
    // By the last digit of the id: most have an app, some a telephone, some nothing.
    let methods: &[&str] = match person.id.chars().last().and_then(|last| last.to_digit(16)).unwrap_or_default() {
        0..=8 => &["microsoftAuthenticatorPush", "softwareOneTimePasscode"],
        9..=12 => &["mobilePhone"],
        _ => &[],
    };
    let registered = !methods.is_empty();
    json!({
        "id": person.id, "userPrincipalName": person.facts.get("userPrincipalName"),
        "userDisplayName": person.facts.get("displayName"), "userType": person.text("userType").to_lowercase(),
        "isAdmin": false, "isSsprRegistered": registered, "isSsprEnabled": true, "isSsprCapable": registered,
        "isMfaRegistered": registered, "isMfaCapable": registered, "isPasswordlessCapable": false,
        "methodsRegistered": methods, "isSystemPreferredAuthenticationMethodEnabled": true,
        "systemPreferredAuthenticationMethods": [], "userPreferredMethodForSecondaryAuthentication": "push",
        "lastUpdatedDateTime": "2026-01-05T06:00:00Z",
    })
}

/// `GET /security/secureScores`: one for each day, the newest first.
pub(super) fn scores(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.demand(&SCORE)?;
    let licensed = call.world.people().filter(|person| !person.holdings.is_empty()).count();
    let newest = reports::refreshed(&call.world.time) + 1;
    let score = |day: i64| {
        let date = reports::date(day);
        json!({ "id": format!("{}_{date}", call.world.tenant.id), "azureTenantId": call.world.tenant.id,
                "activeUserCount": licensed.saturating_sub(3), "createdDateTime": format!("{date}T00:00:00Z"),
                "currentScore": 214.5, "enabledServices": ["HasExchange", "HasSharePoint", "HasTeams"],
                "licensedUserCount": licensed, "maxScore": 412.0, "averageComparativeScores": [], "controlScores": [],
                "vendorInformation": { "provider": "SecureScore", "vendor": "Microsoft" } })
    };
    let count = i64::try_from(call.query.number("$top")?.unwrap_or(90).min(90)).unwrap_or(90);
    Ok(call.answer("security/secureScores", (0..count).map(|ago| score(newest - ago)).collect()))
}

/// `GET /directory/deletedItems/microsoft.graph.user`: sign-in names get the id in front, as in the bin.
pub(super) fn deleted(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.demand(&PEOPLE)?;
    let shown = |(at, when): (usize, i64)| {
        let person = call.world.person_before(at, call.world.changes.of(at))?;
        let prefix = person.id.replace('-', "");
        Some(json!({ "id": person.id, "deletedDateTime": UtcInstant::from_millis(when).map(UtcInstant::odata),
                     "displayName": person.facts.get("displayName"), "mail": person.facts.get("mail"),
                     "userPrincipalName": format!("{prefix}{}", person.upn()) }))
    };
    Ok(call.answer("directory/deletedItems", call.world.changes.gone().into_iter().filter_map(shown).collect()))
}

/// Refuses a request for sign-in dates that Entra would not answer.
pub(super) fn sign_in_dates(call: &Call<'_>) -> Result<bool, Refusal> {
    let named = call.query.select().into_iter().flatten().any(|name| name.eq_ignore_ascii_case("signInActivity"));
    if !named {
        return Ok(false);
    }
    call.demand(&AUDIT)?;
    if call.query.get("$filter").is_some() || call.query.get("$search").is_some() {
        let text = "signInActivity cannot be combined with other filters.";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "Request_UnsupportedQuery", text));
    }
    Ok(true)
}
