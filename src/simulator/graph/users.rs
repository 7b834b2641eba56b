//! The directory: one user, and the list of users with the directory's own rules about paging and advanced queries.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::filter::Filter;
use super::premium;
use super::refusal::Refusal;
use crate::simulator::person::Person;
use crate::simulator::reply::Reply;
use crate::simulator::reports;
use crate::simulator::tenant::User;

const USUAL_PAGE: u64 = 100;
const LARGEST_PAGE: u64 = 999;
/// The same where sign-in dates are asked for.
const LARGEST_WITH_DATES: u64 = 500;
/// What is shown without `$select`.
const USUAL: [&str; 11] = [
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
];
/// What everybody's basic profile holds; the rest needs more than `User.ReadBasic.All`.
const BASIC: [&str; 6] = ["displayName", "givenName", "id", "mail", "surname", "userPrincipalName"];
/// What is only answered for one user at a time.
const SINGLE_ONLY: [&str; 5] = ["mailboxSettings", "aboutMe", "skills", "interests", "schools"];
const TIP: &str = "Name the properties you need in $select; answers become smaller and faster.";

/// How much of other people's profiles the token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Profile {
    Basic,
    Full,
}

fn profile(call: &Call<'_>) -> Option<Profile> {
    let any = |names: &[&str]| names.iter().any(|name| call.caller.has_scope(name));
    let full = ["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
    if any(&full) { Some(Profile::Full) } else { any(&["User.ReadBasic.All"]).then_some(Profile::Basic) }
}

fn is_basic(name: &str) -> bool {
    BASIC.iter().any(|basic| basic.eq_ignore_ascii_case(name))
}

/// `GET /me` and `GET /users/{id}`.
pub(super) fn one(call: &Call<'_>, name: &str) -> Result<Reply, Refusal> {
    let found = call.user(name);
    let own = found.is_some_and(|(at, _)| call.caller.user == Some(at));
    let scopes = ["User.Read", "User.ReadWrite"];
    let own_profile = (own && scopes.iter().any(|scope| call.caller.has_scope(scope))).then_some(Profile::Full);
    let profile = own_profile.or(profile(call)).ok_or_else(Refusal::insufficient)?;
    let known = found.and_then(|(at, _)| call.world.person(at)).or_else(|| call.world.person_named(name));
    let person = known.ok_or_else(|| Refusal::no_such_user(name))?;
    premium::sign_in_dates(call)?;
    let select = call.query.select();
    let names = select.as_ref().map(|names| format!("({})", names.join(","))).unwrap_or_default();
    let mut document = Map::new();
    document.insert("@odata.context".to_owned(), json!(call.context(&format!("users{names}/$entity"))));
    if select.is_none() {
        document.insert("@microsoft.graph.tips".to_owned(), json!(TIP));
    }
    document.append(&mut shown(call, &person, select.as_deref(), profile));
    Ok(Reply::graph(StatusCode::OK, Value::Object(document)))
}

fn shown(call: &Call<'_>, person: &Person, select: Option<&[String]>, profile: Profile) -> Map<String, Value> {
    let mut out = Map::new();
    let mut put = |name: &str| {
        let open = profile == Profile::Full || is_basic(name);
        if let Some((known, value)) = licensing(call, person, name) {
            out.insert(known.to_owned(), if open { value } else { Value::Null });
            return;
        }
        let known = person.facts.keys().find(|have| have.eq_ignore_ascii_case(name)).map_or(name, String::as_str);
        let list = matches!(known, "businessPhones" | "proxyAddresses" | "otherMails");
        // What the token does not open is null: an empty list would claim that there is nothing.
        let absent = if list && open { json!([]) } else { Value::Null };
        let value = person.facts.get(known).filter(|_| open).cloned().unwrap_or(absent);
        out.insert(known.to_owned(), value);
    };
    match select {
        Some(names) => names.iter().for_each(|name| put(name)),
        None => USUAL.iter().for_each(|name| put(name)),
    }
    out
}

/// A property about licences or sign-ins, which is made rather than stored, with its name.
fn licensing(call: &Call<'_>, person: &Person, name: &str) -> Option<(&'static str, Value)> {
    let estate = &call.world.tenant.estate;
    Some(match name.to_ascii_lowercase().as_str() {
        "assignedlicenses" => ("assignedLicenses", Value::Array(person.assigned_licenses(estate))),
        "assignedplans" => ("assignedPlans", Value::Array(person.assigned_plans(estate))),
        "signinactivity" => ("signInActivity", reports::sign_in_activity(call.world, person).unwrap_or_default()),
        "licenseassignmentstates" => ("licenseAssignmentStates", Value::Array(person.assignment_states(estate))),
        _ => return None,
    })
}

/// The users that pass, by index, in the tenant's order or the order asked for.
fn matching(call: &Call<'_>) -> Result<Vec<usize>, Refusal> {
    let guest = call.caller.user.and_then(|at| call.world.tenant.users.get(at)).is_some_and(User::is_guest);
    if guest || profile(call).is_none() {
        return Err(Refusal::insufficient());
    }
    let unsupported = |text: &'static str| Refusal::bad_request("Request_UnsupportedQuery", text);
    if call.query.get("$skip").is_some() {
        return Err(Refusal::bad_request("Request_BadRequest", "'$skip' is not supported by the service."));
    }
    let filter = match call.query.get("$filter") {
        Some(text) => Some(
            Filter::parse(text).ok_or_else(|| Refusal::bad_request("Request_BadRequest", "Invalid filter clause"))?,
        ),
        None => None,
    };
    let search = call.query.get("$search");
    let order = call.query.get("$orderby");
    let advanced = filter.as_ref().is_some_and(Filter::is_advanced) || (filter.is_some() && order.is_some());
    if search.is_some() && !call.eventual {
        let text = "Request with $search query parameter only works through MSGraph with a special request header: \
                    'ConsistencyLevel: eventual'";
        return Err(unsupported(text));
    }
    if advanced && !(call.eventual && call.query.is_true("$count")) {
        return Err(unsupported(
            "Operator or combination is supported only with 'ConsistencyLevel: eventual' and '$count=true'.",
        ));
    }
    if filter.is_none() && search.is_none() && order.is_none() {
        let gone: Vec<usize> = call.world.changes.gone().into_iter().map(|(at, _)| at).collect();
        return Ok((0..call.world.tenant.users.len()).filter(|at| !gone.contains(at)).collect());
    }
    let named = filter.as_ref().map(Filter::properties).unwrap_or_default();
    let about_licences: Vec<&str> = named.iter().filter_map(|name| name.split('/').next()).collect();
    let passes = |person: &Person| {
        let mut object = person.facts.clone();
        object.extend(
            about_licences.iter().filter_map(|name| licensing(call, person, name)).map(|(n, v)| (n.to_owned(), v)),
        );
        let object = Value::Object(object);
        filter.as_ref().is_none_or(|filter| filter.accepts(&object)) && search.is_none_or(|text| finds(text, &object))
    };
    let mut users: Vec<Person> = call.world.people().filter(passes).collect();
    if let Some(order) = order {
        let mut words = order.split_whitespace();
        let name = words.next().unwrap_or_default();
        if !["displayName", "userPrincipalName", "mail"].iter().any(|sortable| sortable.eq_ignore_ascii_case(name)) {
            return Err(unsupported("Sorting is not supported for this property."));
        }
        let key = |user: &Person| {
            user.facts
                .iter()
                .find(|(have, _)| have.eq_ignore_ascii_case(name))
                .and_then(|(_, value)| value.as_str())
                .map(str::to_lowercase)
        };
        users.sort_by_key(key);
        if words.next() == Some("desc") {
            users.reverse();
        }
    }
    Ok(users.into_iter().map(|person| person.at).collect())
}

/// `$search="property:text"`, words joined by nothing else.
fn finds(text: &str, object: &Value) -> bool {
    let (name, wanted) = text.trim_matches('"').split_once(':').unwrap_or(("displayName", text));
    let have = object.get(name).and_then(Value::as_str).unwrap_or_default().to_lowercase();
    have.contains(&wanted.trim_matches('"').to_lowercase())
}

/// `GET /users/$count`.
pub(super) fn count(call: &Call<'_>) -> Result<Reply, Refusal> {
    if !call.eventual {
        return Err(Refusal::bad_request("Request_BadRequest", "$count is not currently supported."));
    }
    Ok(Reply::text(StatusCode::OK, matching(call)?.len().to_string()))
}

/// `GET /users`.
pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let size = match call.query.number("$top")? {
        Some(top) if top == 0 || top > LARGEST_PAGE => {
            let text = format!("Invalid page size specified: '{top}'. Must be between 1 and {LARGEST_PAGE} inclusive.");
            return Err(Refusal::bad_request("Request_UnsupportedQuery", text));
        }
        top => top.or(call.prefer.page).unwrap_or(USUAL_PAGE).min(LARGEST_PAGE),
    };
    let select = call.query.select();
    let single = |name: &String| SINGLE_ONLY.iter().any(|single| single.eq_ignore_ascii_case(name));
    if select.iter().flatten().any(single) {
        return Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            "This operation target is not yet supported.",
        ));
    }
    let size = if premium::sign_in_dates(call)? { size.min(LARGEST_WITH_DATES) } else { size };
    let users = matching(call)?;
    let profile = profile(call).ok_or_else(Refusal::insufficient)?;
    let start = call.query.get("$skiptoken").map(read_token).transpose()?.unwrap_or(0);
    let end = start.saturating_add(usize::try_from(size).unwrap_or(usize::MAX)).min(users.len());
    let page = users.get(start..end).unwrap_or_default();
    let names = select.as_ref().map(|names| format!("({})", names.join(","))).unwrap_or_default();
    let mut document = Map::new();
    document.insert("@odata.context".to_owned(), json!(call.context(&format!("users{names}"))));
    if call.query.is_true("$count") && call.eventual && start == 0 {
        document.insert("@odata.count".to_owned(), json!(users.len()));
    }
    if select.is_none() && start == 0 {
        document.insert("@microsoft.graph.tips".to_owned(), json!(TIP));
    }
    if end < users.len() {
        let token = write_token(end);
        document.insert("@odata.nextLink".to_owned(), json!(call.link(&[("$skiptoken", Some(token))])));
    }
    let people = page.iter().filter_map(|at| call.world.person(*at));
    let shown = people.map(|person| Value::Object(shown(call, &person, select.as_deref(), profile)));
    document.insert("value".to_owned(), Value::Array(shown.collect()));
    Ok(Reply::graph(StatusCode::OK, Value::Object(document)))
}

/// Reads where a page begins.
pub(super) fn read_token(token: &str) -> Result<usize, Refusal> {
    let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let at = text.as_deref().and_then(|text| text.strip_prefix("users ")).and_then(|number| number.parse().ok());
    at.ok_or_else(|| Refusal::bad_request("Directory_ExpiredPageToken", "The specified page token value has expired."))
}

/// Where the next page begins.
pub(super) fn write_token(at: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("users {at}"))
}
