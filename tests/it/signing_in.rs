//! Signing in and staying signed in, from outside.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use crate::tenant::{MARA, PARALEGAL, Ran, Tenant, affiant};

pub(crate) fn finished(command: &mut std::process::Command) -> Ran {
    let output = command.output().expect("the binary runs");
    Ran {
        exit: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn a_browser_sign_in_ends_when_the_browser_comes_back() {
    let tenant = Tenant::start(&[]);
    let mut login = tenant.command(&["login", "--no-browser", "--json"]).stdout(Stdio::piped()).spawn().expect("runs");
    let mut out = BufReader::new(login.stdout.take().expect("piped"));
    let mut line = String::new();
    out.read_line(&mut line).expect("an address");
    let said: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(said["event"], "open");
    let page = tenant.visit(said["url"].as_str().expect("an address"));
    assert!(page.contains("You can close this page"), "{page}");
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("the rest");
    assert!(login.wait().expect("ends").success(), "{rest}");
    assert!(rest.contains(PARALEGAL), "{rest}");
}

#[test]
fn a_program_gets_the_device_code_as_its_first_line() {
    let tenant = Tenant::start(&[]);
    let ran = tenant.run(&["login", "--flow", "device-code", "--json"]).exits(0);
    let first: serde_json::Value = serde_json::from_str(ran.stdout.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["event"], "device_code");
    assert!(first["user_code"].is_string() && first["verification_uri"].is_string() && first["expires_in"].is_u64());
    assert_eq!(ran.last()["user_principal_name"], PARALEGAL);
    assert!(ran.last()["kept"].as_str().is_some_and(|kept| kept.contains("token.key")));
}

#[test]
fn a_token_that_can_write_is_refused_unless_the_user_insists_and_is_shown_then() {
    let tenant = Tenant::start(&["--grant-scope", "Mail.ReadWrite"]);
    tenant.login().fails(4, "Mail.ReadWrite");
    tenant.run(&["whoami"]).fails(4, "nobody is signed in");
    let ran = tenant.run(&["login", "--flow", "device-code", "--allow-write-scopes"]).exits(0);
    assert!(ran.stdout.contains("CAN WRITE"), "{}", ran.stdout);
    let who = tenant.run(&["whoami", "--json"]).exits(0).json();
    assert_eq!(who["write_scopes"], serde_json::json!(["Mail.ReadWrite"]));
}

#[test]
fn a_passphrase_seals_the_sign_in_and_a_wrong_or_missing_one_is_said() {
    let tenant = Tenant::start(&[]);
    let with = |passphrase: &str, args: &[&str]| finished(tenant.command(args).env("AFFIANT_PASSPHRASE", passphrase));
    let ran = with("correct horse", &["login", "--flow", "device-code"]).exits(0);
    assert!(ran.stdout.contains("sealed with your passphrase"), "{}", ran.stdout);
    assert!(!tenant.path("home").join("token.key").exists());
    with("correct horse", &["whoami"]).exits(0);
    with("battery staple", &["whoami"]).fails(1, "the passphrase is wrong");
    tenant.run(&["whoami"]).fails(1, "none is given");
    tenant.run(&["logout"]).exits(0);
}

#[test]
fn a_revoked_sign_in_is_said_to_need_a_new_one() {
    let tenant = Tenant::with_sign_in(&["--token-lifetime-s", "2"]);
    tenant.control("POST", "revoke");
    std::thread::sleep(std::time::Duration::from_secs(2));
    let ran = tenant.run(&["users"]).fails(4, "the sign-in is no longer valid");
    assert!(ran.stderr.contains("affiant login"), "{}", ran.stderr);
}

#[test]
fn an_account_brings_its_cloud_and_another_cloud_does_not_know_it() {
    let tenant = Tenant::with_sign_in(&[]);
    let bare = |args: &[&str]| {
        let mut command = tenant.command(args);
        finished(command.env_remove("AFFIANT_LOGIN_URL").env_remove("AFFIANT_GRAPH_URL"))
    };
    bare(&["users"]).exits(0);
    bare(&["users", "--account", &PARALEGAL.to_uppercase()]).exits(0);
    bare(&["users", "--account", MARA]).fails(4, PARALEGAL);
    tenant.run(&["users", "--cloud", "china"]).fails(4, "cloud china");
    let half = finished(tenant.command(&["users"]).env("AFFIANT_GRAPH_URL", ""));
    half.fails(2, "only the sign-in address is set");
}

#[test]
fn no_output_at_any_verbosity_holds_a_secret() {
    let tenant = Tenant::start(&[]);
    let mut said = String::new();
    for args in [
        vec!["-vvv", "login", "--flow", "device-code"],
        vec!["-vvv", "whoami"],
        vec!["-vvv", "users"],
        vec!["-vvv", "check", MARA],
    ] {
        let ran = finished(tenant.command(&args).env("RUST_LOG", "trace"));
        said += &format!("{}{}", ran.stdout, ran.stderr);
    }
    assert!(said.contains("token endpoint was asked"), "diagnostics are there:\n{said}");
    // Every token of the simulated tenant has one of these, and so has a JWT.
    for secret in
        ["eyJ", "Bearer ", "access_token", "refresh_token", "device_code", "id_token", "AT.", "RT.", "$select", "?"]
    {
        let lines: Vec<&str> = said.lines().filter(|line| line.contains(secret)).collect();
        assert!(lines.is_empty(), "{secret}: {lines:#?}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_private_and_logging_out_leaves_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let tenant = Tenant::with_sign_in(&[]);
    let mut seen = 0;
    let mut folders = vec![tenant.path("home")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let open = std::fs::metadata(&path).expect("there").permissions().mode() & 0o077;
            assert_eq!(open, 0, "{}", path.display());
            if path.is_dir() { folders.push(path) } else { seen += 1 }
        }
    }
    assert!(seen >= 3);
    tenant.run(&["logout", "--all"]).exits(0);
    assert_eq!(std::fs::read_dir(tenant.path("home")).expect("a folder").count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn lost_output_is_a_failure_and_a_reader_that_left_is_not() {
    let tenant = Tenant::with_sign_in(&[]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("there");
    finished_into(&tenant, &["users", "--csv"], full.into()).fails(1, "the output could not be written");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    finished_into(&tenant, &["users", "--csv"], writer.into()).exits(0);
}

#[cfg(target_os = "linux")]
pub(crate) fn finished_into(tenant: &Tenant, args: &[&str], out: Stdio) -> Ran {
    let child = tenant.command(args).stdout(out).stderr(Stdio::piped()).spawn().expect("runs");
    let output = child.wait_with_output().expect("ends");
    Ran {
        exit: output.status.code().unwrap_or(-1),
        stdout: String::new(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn settings_with_a_mistake_are_refused_where_they_count_and_only_there() {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::write(home.path().join("affiant.toml"), "tenant = \"t\"\n\n[limits]\nin-fligth = 2\n").expect("written");
    affiant(home.path(), &["whoami"]).fails(2, "in-fligth");
    affiant(home.path(), &["whoami"]).fails(2, "line 4");
    affiant(home.path(), &["completions", "bash"]).exits(0);
    assert!(affiant(home.path(), &["man"]).exits(0).stdout.contains("affiant"));
    let verified = affiant(home.path(), &["verify", home.path().to_str().expect("UTF-8")]).exits(1);
    assert!(verified.stdout.contains("could not be checked"), "{}", verified.stdout);
}
