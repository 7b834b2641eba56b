//! The way to the identity platform and to Graph: proxy, names, certificates, whether it is the right cloud, clocks.

use serde_json::Value;
use tokio::net::lookup_host;
use url::Url;

use super::findings::{Check, Findings};
use crate::cli::desk::Desk;
use crate::cli::show::duration;
use crate::graph::{Interval, http_date};
use crate::session::{Reached, reach};

/// Beyond this, tokens and signed statements are refused, in milliseconds.
const CLOCK_PROBLEM: i64 = 300_000;
/// Beyond this, times in the record need an explanation.
const CLOCK_WARNING: i64 = 5_000;
const PROXIES: [&str; 3] = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"];

/// Asks both ends; false when one of them cannot be used.
pub(super) async fn look(desk: &Desk, tenant: Option<&str>, found: &mut Findings) -> bool {
    let (authority, graph) = (desk.settings.cloud.authority(), desk.settings.cloud.graph());
    let direct = proxies(found) == 0 || desk.settings.cloud.is_loopback();
    if direct {
        for url in if authority.host_str() == graph.host_str() { vec![authority] } else { vec![authority, graph] } {
            names(url, found).await;
        }
    }
    let platform = platform(desk, authority, tenant.unwrap_or("organizations"), found).await;
    let service = service(desk, graph, found).await;
    clock([platform.as_ref(), service.as_ref()], found);
    platform.is_some() && service.is_some()
}

/// The proxies that the environment names, without what may be in front of the host: a user name and password.
fn proxies(found: &mut Findings) -> usize {
    let mut seen = 0;
    for name in PROXIES {
        let value = [name.to_owned(), name.to_lowercase()].into_iter().find_map(|name| std::env::var(name).ok());
        let Some(text) = value.filter(|text| !text.trim().is_empty()) else { continue };
        seen += 1;
        let whole = if text.contains("://") { text } else { format!("http://{text}") };
        match Url::parse(&whole).ok().and_then(|url| Some((url.host_str()?.to_owned(), url.port_or_known_default()))) {
            Some((host, port)) => {
                let port = port.map(|port| format!(":{port}")).unwrap_or_default();
                found.note(Check::Proxy, format!("{name} sends traffic through {host}{port}"));
            }
            None => {
                found.problem(Check::Proxy, format!("{name} is not an address"), format!("correct {name} or unset it"));
            }
        }
    }
    if seen == 0 {
        found.ok(Check::Proxy, "no proxy is set in the environment");
    }
    seen
}

async fn names(url: &Url, found: &mut Findings) {
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return };
    match lookup_host((host.trim_matches(['[', ']']), port)).await {
        Ok(addresses) => found.ok(Check::Dns, format!("{host}: addresses found: {}", addresses.count())),
        Err(_) => found.problem(
            Check::Dns,
            format!("{host} has no address here"),
            "check the network and its name servers; where a proxy is needed, set HTTPS_PROXY",
        ),
    }
}

/// The identity platform's description of the tenant.
async fn platform(desk: &Desk, authority: &Url, tenant: &str, found: &mut Findings) -> Option<Reached> {
    let at = format!("{}/{tenant}/v2.0/.well-known/openid-configuration", authority.as_str().trim_end_matches('/'));
    let Ok(url) = Url::parse(&at) else {
        found.problem(Check::Tenant, "the tenant cannot stand in an address", "give the tenant's domain or id");
        return None;
    };
    let reached = answered(desk, &url, "the identity platform", found).await?;
    let document: Value = serde_json::from_slice(&reached.body).unwrap_or_default();
    if reached.status == 200 && document["token_endpoint"].is_string() {
        let known = if tenant == "organizations" {
            "no tenant is named; it is found at the sign-in"
        } else {
            "the tenant is known"
        };
        found.ok(Check::Tenant, known);
        right_cloud(desk, &document, found);
        return Some(reached);
    }
    match document["error_description"].as_str().or(document["error"].as_str()) {
        Some(text) if text.contains("AADSTS90002") || document["error"] == "invalid_tenant" => found.problem(
            Check::Tenant,
            "there is no such tenant in this cloud",
            "check --tenant, and give --cloud if the tenant is in a national cloud",
        ),
        _ => found.problem(
            Check::Tenant,
            format!("what answers at {} is not the identity platform (status {})", host(&url), reached.status),
            "check --login-url; a proxy's own page may stand in between",
        ),
    }
    None
}

/// The platform names the Graph that its tokens are for.
fn right_cloud(desk: &Desk, document: &Value, found: &mut Findings) {
    let Some(named) = document["msgraph_host"].as_str() else { return };
    let graph = desk.settings.cloud.graph();
    let ours = [graph.host_str().unwrap_or_default().to_owned(), host(graph)];
    if ours.iter().any(|ours| ours.eq_ignore_ascii_case(named)) {
        return;
    }
    let said: String = named.chars().filter(|c| c.is_ascii_graphic()).take(80).collect();
    found.problem(
        Check::Tenant,
        format!("the tenant's Graph is {said}, not {}", ours[0]),
        "the tenant is in another cloud: give --cloud usgov, usgov-dod or china, or none for the global one",
    );
}

/// Graph itself, which refuses whoever comes without a token.
async fn service(desk: &Desk, graph: &Url, found: &mut Findings) -> Option<Reached> {
    let url = Url::parse(&format!("{}/v1.0/me", graph.as_str().trim_end_matches('/'))).ok()?;
    let reached = answered(desk, &url, "Graph", found).await?;
    let document: Value = serde_json::from_slice(&reached.body).unwrap_or_default();
    if reached.status == 401 && document["error"]["code"].is_string() {
        found.ok(Check::Graph, "Graph answers, and asks for a token as it should");
        return Some(reached);
    }
    found.problem(
        Check::Graph,
        format!("what answers at {} is not Graph (status {})", host(&url), reached.status),
        "check --graph-url; a proxy's own page may stand in between: ask the network's administrator to let the Graph host through",
    );
    None
}

async fn answered(desk: &Desk, url: &Url, what: &str, found: &mut Findings) -> Option<Reached> {
    match reach(url, desk.settings.ca.as_deref(), &desk.clock).await {
        Ok(reached) => {
            let how = if url.scheme() == "https" { "its certificate is trusted" } else { "plain http on this machine" };
            found.ok(Check::Tls, format!("{what} at {}: {how}", host(url)));
            Some(reached)
        }
        Err(why) => {
            found.problem(
                Check::Tls,
                format!("{what} at {} cannot be used: {why}", host(url)),
                "check the network and the proxy; if a proxy inspects traffic, name its root certificate in AFFIANT_CA_FILE",
            );
            None
        }
    }
}

fn host(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

/// How far our clock is from theirs, as far as their `Date` tells.
fn clock(answers: [Option<&Reached>; 2], found: &mut Findings) {
    let intervals = answers.into_iter().flatten().filter_map(|answer| {
        let date = http_date(answer.date.as_deref()?)?;
        Some(Interval::of(date, answer.sent_at, answer.headed_at))
    });
    let Some(offset) = intervals.reduce(|a, b| a.and(b).unwrap_or(b)) else {
        if answers.iter().any(Option::is_some) {
            found.note(Check::Clock, "the answers do not say what time it is there");
        }
        return;
    };
    let apart = offset.low_ms.max(-offset.high_ms).max(0);
    let behind = if offset.low_ms > 0 { "behind" } else { "ahead of" };
    let says = format!(
        "this machine's clock is {} {behind} the service's",
        duration(std::time::Duration::from_millis(apart.unsigned_abs()))
    );
    match apart {
        CLOCK_PROBLEM.. => {
            found.problem(Check::Clock, says, "set the clock by a time server; sign-ins are refused until then");
        }
        CLOCK_WARNING.. => found.warning(
            Check::Clock,
            says,
            "set the clock by a time server before collecting; the difference will stand in the record",
        ),
        _ => found.ok(Check::Clock, "this machine's clock and the service's agree, to the second"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::UtcInstant;

    fn reached(date: &str, at: &str) -> Reached {
        let at = UtcInstant::parse(at).expect("an instant");
        Reached { status: 200, body: Vec::new(), date: Some(date.to_owned()), sent_at: at, headed_at: at }
    }

    #[test]
    fn clocks_that_lie_apart_are_told_from_those_that_agree() {
        let said = |date: &str, at: &str| {
            let mut found = Findings::default();
            clock([Some(&reached(date, at)), None], &mut found);
            found.text()
        };
        let date = "Tue, 24 Nov 2026 12:00:00 GMT";
        assert!(said(date, "2026-11-24T12:00:00.400Z").contains("agree"));
        assert!(
            said(date, "2026-11-24T12:00:31Z").contains("warning  clock        this machine's clock is 30 s ahead of")
        );
        assert!(
            said(date, "2026-11-24T11:00:00Z").contains("PROBLEM  clock"),
            "{}",
            said(date, "2026-11-24T11:00:00Z")
        );
        assert!(said("yesterday", "2026-11-24T11:00:00Z").contains("do not say"));
    }
}
