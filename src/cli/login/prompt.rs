//! What a person must do to sign in, said on the terminal or as one JSON line.

use crate::session::Prompt;

/// Tells the person what to do; a program gets one JSON line.
pub(in crate::cli) fn shown(prompt: &Prompt, json: bool, opens: bool) {
    use std::io::Write as _;
    let text = match (prompt, json) {
        (Prompt::Open { url }, true) => serde_json::json!({ "event": "open", "url": url }).to_string(),
        (Prompt::Open { url }, false) if opens && opened(url) => {
            format!("A browser opens; sign in there. If none does, open this address on this machine:\n\n  {url}\n")
        }
        (Prompt::Open { url }, false) => format!("Open this address in a browser on this machine:\n\n  {url}\n"),
        (Prompt::Code { user_code, verification_uri, expires_in }, true) => serde_json::json!({
            "event": "device_code", "user_code": user_code, "verification_uri": verification_uri, "expires_in": expires_in
        })
        .to_string(),
        (Prompt::Code { user_code, verification_uri, expires_in }, false) => format!(
            "Open {verification_uri} on any device and type the code {user_code} (valid for {} minutes).",
            expires_in / 60
        ),
    };
    // Programs read standard output; people look at standard error, so that output can be piped.
    let _ = if json { writeln!(std::io::stdout(), "{text}") } else { writeln!(std::io::stderr(), "{text}") };
}

/// Opens the system's browser; false when there is none to open.
fn opened(url: &str) -> bool {
    let (program, first): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(target_os = "windows") {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        let desktop = std::env::var_os("DISPLAY").is_some() || std::env::var_os("WAYLAND_DISPLAY").is_some();
        if !desktop {
            return false;
        }
        ("xdg-open", &[])
    };
    let quiet = std::process::Stdio::null;
    let mut command = std::process::Command::new(program);
    command.args(first).arg(url).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn().is_ok()
}
