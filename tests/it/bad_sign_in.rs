//! What goes wrong while signing in or staying signed in: other servers, other answers, other programs, damaged files.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::tenant::{MARA, PARALEGAL, Ran, Tenant};

/// A server that nobody should ever come to.
struct Trap {
    port: u16,
    visits: Arc<AtomicU32>,
}

impl Trap {
    fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let visits = Arc::new(AtomicU32::new(0));
        let seen = visits.clone();
        // It ends with the test process.
        std::thread::spawn(move || {
            for _ in listener.incoming() {
                seen.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { port, visits }
    }

    fn is_untouched(&self) {
        assert_eq!(self.visits.load(Ordering::Relaxed), 0, "somebody followed the redirect");
    }
}

fn device_login(tenant: &Tenant) -> Ran {
    tenant.run(&["login", "--flow", "device-code"])
}

/// A sign-in through the browser that has said where to go.
struct Login {
    process: Child,
    out: BufReader<ChildStdout>,
    url: String,
}

impl Login {
    fn begin(tenant: &Tenant) -> Self {
        let mut command = tenant.command(&["login", "--no-browser", "--json"]);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let mut out = BufReader::new(process.stdout.take().expect("piped"));
        let mut line = String::new();
        out.read_line(&mut line).expect("an address");
        let said: Value = serde_json::from_str(&line).expect("JSON");
        Self { process, out, url: said["url"].as_str().expect("an address").to_owned() }
    }

    /// The port it listens on.
    fn port(&self) -> String {
        let (_, rest) = self.url.split_once("localhost%3A").expect("a redirect address");
        rest.chars().take_while(char::is_ascii_digit).collect()
    }

    fn end(mut self) -> Ran {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.out.read_to_string(&mut stdout).expect("the rest");
        self.process.stderr.take().expect("piped").read_to_string(&mut stderr).expect("the rest");
        Ran { exit: self.process.wait().expect("it ends").code().unwrap_or(-1), stdout, stderr }
    }
}

#[test]
fn a_token_endpoint_that_redirects_to_another_server_is_not_followed() {
    let trap = Trap::set();
    for when in ["forever", "after=1:forever"] {
        let tenant = Tenant::start(&["--faults", &format!("token-redirect:port={}:{when}", trap.port)]);
        device_login(&tenant).fails(1, "not the identity platform");
        tenant.run(&["whoami"]).fails(4, "nobody is signed in");
        let login = Login::begin(&tenant);
        tenant.visit(&login.url);
        assert_eq!(login.end().exits(1).stdout, "");
    }
    // At a renewal: the refresh token goes nowhere, and the sign-in stays.
    let fault = format!("token-redirect:port={}:after=2:forever", trap.port);
    let tenant = Tenant::with_sign_in(&["--token-lifetime-s", "1", "--faults", &fault]);
    std::thread::sleep(Duration::from_millis(1_100));
    let ran = tenant.run(&["users"]);
    assert!([1, 4].contains(&ran.exit) && ran.stderr.contains("not the identity platform"), "{}", ran.stderr);
    tenant.run(&["whoami"]).exits(0);
    trap.is_untouched();
}

#[test]
fn a_graph_that_redirects_to_another_server_is_not_followed() {
    let trap = Trap::set();
    let tenant = Tenant::with_sign_in(&["--faults", &format!("redirect:port={}:forever", trap.port)]);
    assert_ne!(tenant.run(&["users"]).exit, 0);
    assert_ne!(tenant.run(&["check", MARA]).exit, 0);
    let (ran, _) = tenant.collect("p", &[MARA]);
    assert_ne!(ran.exit, 0);
    let mail = format!("{MARA}=50:1000");
    let redirects = format!("redirect:port={}:rate=0.2", trap.port);
    let tenant = Tenant::with_sign_in(&["--synthetic", &mail, "--faults", &redirects]);
    let (ran, _) = tenant.collect("p", &[MARA, "--folder", "Inbox/Volume"]);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    trap.is_untouched();
}

#[test]
fn a_token_endpoint_that_answers_html_or_an_error_as_success_signs_nobody_in_or_out() {
    for fault in ["token-html", "token-200-error"] {
        let tenant = Tenant::start(&["--faults", &format!("{fault}:forever")]);
        let ran = device_login(&tenant);
        assert!([1, 4].contains(&ran.exit), "{fault}: {}", ran.exit);
        assert!(ran.stderr.contains("help:"), "{fault}: {}", ran.stderr);
        tenant.run(&["whoami"]).fails(4, "nobody is signed in");
        // At a renewal, once: what is no answer is asked for again; a refusal is one, whatever its status.
        let last_word = fault == "token-200-error";
        let after = format!("{fault}:after=2:once");
        let tenant = Tenant::with_sign_in(&["--token-lifetime-s", "1", "--faults", &after]);
        std::thread::sleep(Duration::from_millis(1_100));
        tenant.run(&["users"]).exits(if last_word { 4 } else { 0 });
        // At every renewal: the run ends, and the sign-in stays.
        let after = format!("{fault}:after=2:forever");
        let tenant = Tenant::with_sign_in(&["--token-lifetime-s", "1", "--faults", &after]);
        std::thread::sleep(Duration::from_millis(1_100));
        let ran = tenant.run(&["users"]);
        assert!([1, 4].contains(&ran.exit), "{fault}: {}", ran.exit);
        tenant.run(&["whoami"]).exits(0);
    }
}

#[test]
fn an_identity_platform_out_of_order_at_a_renewal_is_no_need_to_sign_in() {
    for fault in ["token-html", "token-redirect"] {
        let after = format!("{fault}:after=2:forever");
        let tenant = Tenant::with_sign_in(&["--token-lifetime-s", "1", "--faults", &after]);
        std::thread::sleep(Duration::from_millis(1_100));
        assert_ne!(tenant.run(&["users"]).exit, 4, "{fault}");
        let (ran, _) = tenant.collect("p", &[MARA]);
        assert_ne!(ran.exit, 4, "{fault}");
    }
}

#[test]
fn an_error_with_status_200_is_said_with_its_number() {
    let tenant = Tenant::start(&["--faults", "token-200-error:after=1:forever"]);
    device_login(&tenant).fails(4, "AADSTS50173");
}

#[test]
#[ignore = "takes two minutes; the same is tried in the session's own tests with less patience"]
fn a_token_endpoint_that_hangs_is_given_up_in_the_end() {
    let tenant = Tenant::start(&["--faults", "token-hang:seconds=900:forever"]);
    let begun = Instant::now();
    device_login(&tenant).fails(1, "no answer in time");
    assert!(begun.elapsed() < Duration::from_mins(3), "{:?}", begun.elapsed());
}

#[test]
fn a_token_endpoint_whose_connection_breaks_in_silence_is_asked_again() {
    let tenant = Tenant::start(&["--faults", "token-hang:seconds=1:times=1"]);
    device_login(&tenant).exits(0);
}

#[test]
fn a_callback_with_a_wrong_or_missing_state_signs_nobody_in() {
    let tenant = Tenant::start(&[]);
    for (from, to) in [("state=", "state=forged"), ("state=", "other=")] {
        let login = Login::begin(&tenant);
        let page = tenant.visit(&login.url.replace(from, to));
        assert!(page.contains("You are not signed in"), "{page}");
        let ran = login.end().exits(4);
        assert!(ran.stderr.contains("does not belong to this sign-in"), "{}", ran.stderr);
        tenant.run(&["whoami"]).fails(4, "nobody is signed in");
    }
}

#[test]
fn two_sign_ins_at_once_do_not_disturb_each_other() {
    let tenant = Tenant::start(&[]);
    let (first, second) = (Login::begin(&tenant), Login::begin(&tenant));
    assert_ne!(first.port(), second.port());
    let other = format!("{}&simulator_account={MARA}", second.url);
    assert!(tenant.visit(&other).contains("You can close this page"));
    assert!(tenant.visit(&first.url).contains("You can close this page"));
    assert!(second.end().exits(0).stdout.contains(MARA));
    assert!(first.end().exits(0).stdout.contains(PARALEGAL));
    for account in [MARA, PARALEGAL] {
        assert!(tenant.run(&["users", "--account", account]).exits(0).stdout.contains(account));
    }
    // Many at once, of one account: the store stays whole, and the last one counts.
    let logins: Vec<Login> = (0..4).map(|_| Login::begin(&tenant)).collect();
    for login in &logins {
        tenant.visit(&login.url);
    }
    for login in logins {
        login.end().exits(0);
    }
    tenant.run(&["users"]).exits(0);
}

#[test]
fn the_answer_of_one_sign_in_is_no_answer_to_another() {
    let tenant = Tenant::start(&[]);
    let (mut first, second) = (Login::begin(&tenant), Login::begin(&tenant));
    let crossed = first.url.replace(&first.port(), &second.port());
    assert!(tenant.visit(&crossed).contains("You are not signed in"));
    second.end().exits(4);
    assert!(first.process.try_wait().expect("its state").is_none(), "the first one still waits");
    tenant.visit(&first.url);
    first.end().exits(0);
}

/// The sealed file of the only account.
fn sealed(tenant: &Tenant) -> std::path::PathBuf {
    let entries = std::fs::read_dir(tenant.path("home").join("tokens")).expect("a folder");
    let mut files = entries.map(|entry| entry.expect("an entry").path());
    files.find(|path| path.extension().is_some_and(|end| end == "sealed")).expect("a sealed file")
}

#[test]
fn a_token_file_that_is_cut_short_says_what_to_do_and_a_new_sign_in_mends_it() {
    let tenant = Tenant::with_sign_in(&[]);
    let file = sealed(&tenant);
    let whole = std::fs::read(&file).expect("a file");
    for length in [0, 1, 2, 30, 61, 62, 63, 80, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&file, &whole[..length]).expect("written");
        for args in [&["whoami"][..], &["users"], &["check", MARA]] {
            tenant.run(args).fails(1, "stored sign-in");
        }
    }
    tenant.run(&["logout", "--all"]).exits(0);
    device_login(&tenant).exits(0);
    std::fs::write(sealed(&tenant), &whole[..20]).expect("written");
    device_login(&tenant).exits(0);
    tenant.run(&["users"]).exits(0);
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused_until_it_is_private_again() {
    use std::os::unix::fs::PermissionsExt as _;
    let tenant = Tenant::with_sign_in(&[]);
    let key = tenant.path("home").join("token.key");
    let mode = |mode| std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).expect("set");
    for open in [0o644, 0o640, 0o604, 0o660] {
        mode(open);
        tenant.run(&["whoami"]).fails(1, "can be read by others");
        device_login(&tenant).fails(1, "can be read by others");
    }
    mode(0o600);
    tenant.run(&["whoami"]).exits(0);
}

#[test]
fn a_list_of_accounts_from_a_newer_version_or_damaged_is_left_alone() {
    let tenant = Tenant::with_sign_in(&[]);
    let list = tenant.path("home").join("accounts.json");
    let whole = std::fs::read_to_string(&list).expect("a list");
    let newer = whole.replace("\"format\": 1", "\"format\": 2");
    assert_ne!(newer, whole);
    for (text, says) in [(newer.as_str(), "newer version"), (&whole[..whole.len() / 2], "damaged"), ("", "damaged")] {
        std::fs::write(&list, text).expect("written");
        tenant.run(&["whoami"]).fails(1, says);
        device_login(&tenant).fails(1, says);
        assert_eq!(std::fs::read_to_string(&list).expect("a list"), text);
    }
}

#[test]
fn a_token_file_from_a_newer_version_is_said_to_be_one() {
    let tenant = Tenant::with_sign_in(&[]);
    let file = sealed(&tenant);
    let mut bytes = std::fs::read(&file).expect("a file");
    bytes[0] = 2;
    std::fs::write(&file, &bytes).expect("written");
    tenant.run(&["whoami"]).fails(1, "newer version");
}
