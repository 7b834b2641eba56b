//! The essential rules, asked of the built-in tenant.

use futures_util::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::*;
use crate::simulator::Options;
use crate::simulator::faults::Faults;
use crate::simulator::identity::Platform;
use crate::simulator::limits::Limits;
use crate::simulator::reply::Payload;
use crate::simulator::requests::Requests;
use crate::simulator::tenant::{Source, load};
use crate::simulator::time::Time;
use crate::terms::UtcInstant;

const MARA: &str = "/users/mara.okafor@brackwater.example";

struct Bench {
    world: World,
    caller: Caller,
}

impl Bench {
    fn new(scopes: &[&str]) -> Self {
        let tenant = load(&Source::Builtin, &[], 0).expect("the tenant inside the program is valid");
        let now = UtcInstant::from_millis(1_735_689_600_000).expect("in range");
        let user = tenant.user("paula.quist@brackwater.example");
        let clock: crate::terms::Clock = std::sync::Arc::new(move || now);
        let world = World {
            tenant,
            origin: "http://localhost".to_owned(),
            time: Time::new(clock.clone()),
            platform: Platform::new(&Options::new(clock)),
            limits: Limits::new(4, None),
            access: crate::simulator::access::Access::default(),
            faults: Faults::default(),
            requests: Requests::default(),
            issued: crate::simulator::issued::Issued::default(),
            latency: std::time::Duration::ZERO,
            turns: std::sync::atomic::AtomicU64::new(0),
            edits: std::sync::Mutex::default(),
            moved: std::sync::Mutex::default(),
            shifts: crate::simulator::shifts::Shifts::default(),
            changes: crate::simulator::person::Changes::default(),
            concealed: std::sync::atomic::AtomicBool::new(false),
            seed: 1,
            reports: crate::simulator::reports::Desk::new("http://localhost:1".to_owned()),
        };
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        Self { world, caller: Caller { user, scopes, client_id: "app".to_owned() } }
    }

    fn reader() -> Self {
        Self::new(&["User.Read", "User.Read.All", "Mail.Read", "Mail.Read.Shared"])
    }

    fn ask(&self, target: &str, headers: &[(&str, &str)]) -> Reply {
        let target = target.strip_prefix("http://localhost/v1.0").unwrap_or(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pair = |(name, value): &(&str, &str)| {
            Some((HeaderName::try_from(*name).ok()?, HeaderValue::try_from(*value).ok()?))
        };
        let headers: HeaderMap = headers.iter().filter_map(pair).collect();
        let (path, query) = (path.to_owned(), query.replace(' ', "%20"));
        let request = Request { method: "GET".to_owned(), path, query, headers, body: Bytes::new() };
        answer(&self.world, &self.caller, &request, 0)
    }

    fn get(&self, target: &str) -> (u16, Value) {
        let mut reply = self.ask(target, &[]);
        (reply.status.as_u16(), reply.document().map(Value::take).unwrap_or_default())
    }

    fn refused(&self, target: &str) -> (u16, String) {
        let (status, body) = self.get(target);
        (status, body.pointer("/error/code").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// All pages of a list, and how many there were.
    fn walk(&self, target: &str) -> (Vec<Value>, usize) {
        let (mut all, mut pages, mut next) = (Vec::new(), 0, Some(target.to_owned()));
        while let Some(target) = next.take().filter(|_| pages < 1000) {
            let (status, body) = self.get(&target);
            assert_eq!(status, 200, "{target}: {body}");
            all.extend(body["value"].as_array().cloned().unwrap_or_default());
            next = body["@odata.nextLink"].as_str().map(str::to_owned);
            pages += 1;
        }
        (all, pages)
    }

    fn message(&self, folder: &str, subject: &str) -> Value {
        let (all, _) = self.walk(&format!("{MARA}/mailFolders/{folder}/messages?$top=100"));
        let found = all.iter().find(|message| message["subject"].as_str().is_some_and(|have| have.contains(subject)));
        found.cloned().unwrap_or_else(|| panic!("no message \"{subject}\" in {folder}"))
    }
}

fn ids(list: &[Value]) -> Vec<&str> {
    list.iter().filter_map(|one| one["id"].as_str()).collect()
}

#[test]
fn the_directory_pages_filters_and_insists_on_its_header() {
    let bench = Bench::reader();
    let (all, pages) = bench.walk("/users?$select=id,userPrincipalName&$top=7");
    assert!(pages > 3 && all.len() == bench.world.tenant.users.len());
    let (_, found) = bench.get("/users?$filter=proxyAddresses/any(p:p eq 'smtp:pq@brackwater.example')");
    assert_eq!(found["value"].as_array().map(Vec::len), Some(1));
    assert_eq!(bench.refused("/users?$filter=userType ne 'Guest'"), (400, "Request_UnsupportedQuery".to_owned()));
    let reply = bench.ask("/users?$filter=userType ne 'Guest'&$count=true", &[("consistencylevel", "eventual")]);
    assert_eq!(reply.status.as_u16(), 200);
    assert_eq!(bench.refused("/users/pq@brackwater.example"), (404, "Request_ResourceNotFound".to_owned()));
    assert_eq!(bench.get("/users/fiona.o''hara@brackwater.example").0, 404);
    assert_eq!(bench.get("/users('fiona.o''hara@brackwater.example')").0, 200);
    assert_eq!(bench.get("/me").1["userPrincipalName"], "paula.quist@brackwater.example");
    assert_eq!(bench.refused("/users?$select=mailboxSettings"), (501, "NotImplemented".to_owned()));
}

#[test]
fn folders_come_ten_at_a_time_and_show_the_odd_ones() {
    let bench = Bench::reader();
    let (visible, pages) = bench.walk(&format!("{MARA}/mailFolders"));
    assert!(pages > 1);
    let (all, _) = bench.walk(&format!("{MARA}/mailFolders?includeHiddenFolders=true&$top=100"));
    assert!(all.len() > visible.len());
    assert!(visible.iter().any(|folder| folder["@odata.type"] == "#microsoft.graph.mailSearchFolder"));
    let (children, _) = bench.walk(&format!("{MARA}/mailFolders/inbox/childFolders?$top=50"));
    assert_eq!(children.iter().filter(|folder| folder["displayName"] == "twin").count(), 2);
    assert_eq!(bench.refused(&format!("{MARA}/mailFolders/nonsense")), (400, "ErrorInvalidIdMalformed".to_owned()));
    assert_eq!(bench.get(&format!("{MARA}/mailFolders/recoverableitemsdeletions")).0, 200);
}

#[test]
fn refusals_come_in_the_mailboxs_own_manner() {
    let bench = Bench::reader();
    let ask = |user: &str, path: &str| bench.refused(&format!("/users/{user}@brackwater.example/{path}"));
    assert_eq!(ask("petra.novak", "mailFolders"), (403, "ErrorAccessDenied".to_owned()));
    assert_eq!(ask("samir.haddad", "mailFolders"), (404, "ErrorItemNotFound".to_owned()));
    assert_eq!(ask("yuki.tanaka", "mailFolders"), (404, "ErrorFolderNotFound".to_owned()));
    assert_eq!(ask("oskar.berg", "mailFolders/inbox/messages"), (404, "ErrorFolderNotFound".to_owned()));
    assert_eq!(ask("rosa.campo", "mailFolders"), (404, "MailboxNotEnabledForRESTAPI".to_owned()));
    assert_eq!(ask("nobody", "mailFolders"), (404, "ErrorInvalidUser".to_owned()));
    let own_only = Bench::new(&["Mail.Read"]);
    assert_eq!(own_only.refused(&format!("{MARA}/mailFolders")), (403, "ErrorAccessDenied".to_owned()));
    assert_eq!(own_only.get("/me/mailFolders").0, 200);
}

#[test]
fn lists_of_messages_filter_page_and_refuse_what_is_inefficient() {
    let bench = Bench::reader();
    let range = "$filter=receivedDateTime ge 2023-12-31T23:00:00Z and receivedDateTime lt 2024-03-31T22:00:00Z";
    let list = format!("{MARA}/mailFolders/inbox/messages");
    let (inside, _) = bench.walk(&format!("{list}?{range}&$orderby=receivedDateTime&$select=id,receivedDateTime"));
    let dates: Vec<&str> = inside.iter().filter_map(|one| one["receivedDateTime"].as_str()).collect();
    assert!(dates.is_sorted() && dates.first() == Some(&"2023-12-31T23:00:00Z"), "{dates:?}");
    assert!(inside.iter().all(|one| one.get("subject").is_none() && one.get("@odata.etag").is_some()));
    assert_eq!(bench.refused(&format!("{list}?{range}&$orderby=subject")), (400, "InefficientFilter".to_owned()));
    let expand = "$expand=singleValueExtendedProperties($filter=id eq 'Integer 0x0E08' or id eq 'String 0x001A')";
    let (_, page) = bench.get(&format!("{list}?$top=1&{expand}"));
    assert_eq!(page.pointer("/value/0/singleValueExtendedProperties/1/id"), Some(&json!("String 0x1a")));
    let reply = bench.ask(&list, &[("prefer", "IdType=\"ImmutableId\", odata.maxpagesize=3")]);
    assert_eq!(
        reply.header_text(&HeaderName::from_static("preference-applied")),
        Some("IdType=\"ImmutableId\", odata.maxpagesize=3")
    );
    assert_eq!(bench.refused(&format!("{list}?$select=nonsense")), (400, "RequestBroker--ParseUri".to_owned()));
}

#[test]
fn a_message_is_served_byte_for_byte_only_below_messages() {
    let bench = Bench::reader();
    let message = bench.message("inbox", "");
    let id = message["id"].as_str().expect("has an id");
    let reply = bench.ask(&format!("{MARA}/messages/{id}/$value"), &[]);
    let Payload::Stream(stream) = reply.payload else { panic!("not a stream") };
    let pieces =
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(stream.collect::<Vec<_>>());
    let bytes: Vec<u8> = pieces.into_iter().flat_map(|piece| piece.expect("whole").to_vec()).collect();
    let item = crate::simulator::ids::read_message(&bench.world.tenant.mailboxes[mara(&bench)], id).expect("known");
    let crate::simulator::tenant::Item::Mail(n) = item else { panic!("generated") };
    let stored = bench.world.tenant.mailboxes[mara(&bench)].mail[n].render().expect("readable").whole();
    assert_eq!(bytes, stored);
    let below_folder = format!("{MARA}/mailFolders/inbox/messages/{id}/$value");
    assert_eq!(bench.refused(&below_folder), (405, "ErrorInvalidRequest".to_owned()));
    let headers = bench.get(&format!("{MARA}/messages/{id}?$select=internetMessageHeaders")).1;
    assert!(headers["internetMessageHeaders"].as_array().is_some_and(|lines| !lines.is_empty()));
    assert!(bench.get(&format!("{MARA}/messages/{id}")).1.get("internetMessageHeaders").is_none());
}

fn mara(bench: &Bench) -> usize {
    mailbox_of(&bench.world, &bench.caller, &format!("{MARA}/messages")).expect("has a mailbox")
}

#[test]
fn attachments_are_files_messages_or_links() {
    let bench = Bench::reader();
    let (all, _) = bench.walk(&format!("{MARA}/messages?$top=100&$select=id"));
    let mut kinds = std::collections::BTreeMap::new();
    for id in ids(&all) {
        let base = format!("{MARA}/messages/{id}/attachments");
        for attachment in bench.walk(&base).0 {
            let kind = attachment["@odata.type"].as_str().unwrap_or_default().to_owned();
            let status = bench.get(&format!("{base}/{}/$value", attachment["id"].as_str().unwrap_or_default())).0;
            kinds.entry(kind).or_insert_with(Vec::new).push(status);
        }
    }
    assert!(kinds["#microsoft.graph.fileAttachment"].iter().all(|status| *status == 200));
    assert!(kinds["#microsoft.graph.itemAttachment"].iter().all(|status| *status == 200));
    assert!(kinds["#microsoft.graph.referenceAttachment"].iter().all(|status| *status == 405));
}

#[test]
fn delta_tells_everything_once_and_forgets_foreign_tokens() {
    let bench = Bench::reader();
    let list = format!("{MARA}/mailFolders/inbox/messages");
    let (told, _) = bench.walk(&format!("{list}/delta?$select=id"));
    let (listed, _) = bench.walk(&format!("{list}?$select=id"));
    assert_eq!(ids(&told), ids(&listed));
    let mut target = format!("{list}/delta?$select=id");
    let link = loop {
        let body = bench.get(&target).1;
        match body["@odata.nextLink"].as_str() {
            Some(next) => next.clone_into(&mut target),
            None => break body["@odata.deltaLink"].as_str().unwrap_or_default().to_owned(),
        }
    };
    let (status, later) = bench.get(&link);
    assert_eq!((status, &later["value"]), (200, &json!([])));
    assert_eq!(bench.refused(&format!("{list}/delta?$deltatoken=x")), (410, "SyncStateNotFound".to_owned()));
    let (folders, _) = bench.walk(&format!("{MARA}/mailFolders/delta"));
    assert!(folders.len() > 20);
}

#[test]
fn a_batch_answers_each_part_and_nothing_else_may_be_posted() {
    let bench = Bench::reader();
    let id = bench.message("inbox", "")["id"].as_str().unwrap_or_default().to_owned();
    let parts = json!({ "requests": [
        { "id": "1", "method": "GET", "url": format!("{MARA}/messages/{id}/$value") },
        { "id": "2", "method": "GET", "url": "/users/nobody" },
        { "id": "3", "method": "GET", "url": "/me", "dependsOn": ["2"] },
    ] });
    let post = |path: &str| Request {
        method: "POST".to_owned(),
        path: path.to_owned(),
        query: String::new(),
        headers: HeaderMap::new(),
        body: parts.to_string().into(),
    };
    let mut reply = answer(&bench.world, &bench.caller, &post("/$batch"), 0);
    let body = reply.document().map(Value::take).unwrap_or_default();
    let statuses: Vec<_> = (0..3).map(|n| body["responses"][n]["status"].as_u64()).collect();
    assert_eq!(statuses, [Some(200), Some(404), Some(424)]);
    assert!(body["responses"][0]["body"].is_string());
    assert_eq!(answer(&bench.world, &bench.caller, &post(&format!("{MARA}/messages")), 0).status.as_u16(), 405);
}
