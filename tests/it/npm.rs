//! Packages of npm that tests use: installed once into the target folder where the registry can be reached, and passed
//! over, with the reason, where it cannot.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Installs what the folder `tests/<name>` asks for, and puts its script beside it; returns where.
pub(crate) fn install(name: &str, package: &str, script: &str) -> Result<PathBuf, String> {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    let into = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name(name);
    let said = |error: std::io::Error| error.to_string();
    std::fs::create_dir_all(&into).map_err(said)?;
    // Other test processes may be at it, too.
    let lock = std::fs::File::create(into.join("lock")).map_err(said)?;
    lock.lock().map_err(said)?;
    let same = |name: &str| std::fs::read(from.join(name)).ok() == std::fs::read(into.join(name)).ok();
    let whole = same("package-lock.json") && into.join("node_modules").join(package).exists();
    for name in [script, "package.json"] {
        std::fs::copy(from.join(name), into.join(name)).map_err(said)?;
    }
    if whole {
        return Ok(into);
    }
    std::fs::copy(from.join("package-lock.json"), into.join("package-lock.json")).map_err(said)?;
    let npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .args(["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=20000"])
        .current_dir(&into)
        .stdin(Stdio::null())
        .output();
    let failed = match npm {
        Ok(output) if output.status.success() => return Ok(into),
        Ok(output) => String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned(),
        Err(error) => error.to_string(),
    };
    // What is not whole must not look so next time.
    let _ = std::fs::remove_file(into.join("package-lock.json"));
    Err(format!("npm cannot install {package}: {failed}"))
}

/// Says why nothing was tried, past the test runner, which hides what passing tests print.
pub(crate) fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
