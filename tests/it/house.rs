//! The rules of the house: who may import whom, how large a file may grow, and that every file says what it is for.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules in the order the data travels; each may import those before it, unless said otherwise below.
const ORDER: &[&str] = &[
    "terms",
    "monitor",
    "cloud",
    "dns",
    "home",
    "session",
    "graph",
    "config",
    "directory",
    "delegation",
    "package",
    "custody",
    "identity",
    "collect",
    "verify",
    "attest",
    "delivery",
    "refetch",
    "report",
    "prove",
    "production",
    "inventory",
    "simulator",
    "cli",
];
/// A step that takes results and knows nothing of the service.
const APART: &[(&str, &[&str])] = &[
    ("dns", &[]),
    ("package", &["terms"]),
    ("custody", &["terms"]),
    ("identity", &["terms"]),
    ("verify", &["terms", "identity"]),
    ("attest", &["terms", "package", "custody", "verify"]),
    ("delivery", &["terms", "package", "verify"]),
    ("report", &["terms", "verify"]),
    ("prove", &["terms", "verify"]),
    ("production", &["terms", "identity", "verify"]),
    ("inventory", &["terms", "monitor", "cloud", "home", "session", "graph"]),
    ("simulator", &["terms"]),
];
/// Lines of code in one file, tests apart.
const LONGEST: usize = 400;
/// The middle file should hold about this much.
const MEDIAN: usize = 140;

fn sources() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("src can be listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.sort();
    found
}

/// Path below `src`, and the module it belongs to.
fn place(path: &Path) -> (String, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let below = path.strip_prefix(root).expect("below src").to_string_lossy().replace('\\', "/");
    let first = below.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
    (below, first)
}

fn is_test(below: &str) -> bool {
    below.ends_with("/tests.rs") || below.contains("/tests/") || below.contains("/testing")
}

/// The code before the tests.
fn code(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text)
}

/// The modules that a file names after `crate::`, also inside braces.
fn imports(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for (at, _) in line.match_indices("crate::") {
            let rest = line.get(at + "crate::".len()..).unwrap_or_default();
            let names = match rest.strip_prefix('{') {
                Some(braced) => braced.split(['}', ';']).next().unwrap_or_default().split(',').map(str::trim).collect(),
                None => vec![rest],
            };
            for name in names {
                let module: String = name.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                if ORDER.contains(&module.as_str()) {
                    found.push(module);
                }
            }
        }
    }
    found
}

#[test]
fn dependencies_point_one_way() {
    let rank = |module: &str| ORDER.iter().position(|name| *name == module);
    let mut broken = Vec::new();
    for path in sources() {
        let (below, module) = place(&path);
        let Some(own) = rank(&module) else { continue };
        let text = fs::read_to_string(&path).expect("a source file");
        let text = if is_test(&below) { continue } else { code(&text) };
        for imported in imports(text).into_iter().filter(|imported| *imported != module) {
            let allowed = match APART.iter().find(|(name, _)| *name == module) {
                Some((_, allowed)) => allowed.contains(&imported.as_str()),
                None => rank(&imported).is_some_and(|theirs| theirs < own),
            };
            if !allowed {
                broken.push(format!("{below} imports {imported}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_file_says_what_it_is_for_and_none_outgrows_its_job() {
    let (mut silent, mut long, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
    for path in sources() {
        let (below, _) = place(&path);
        let text = fs::read_to_string(&path).expect("a source file");
        if !text.starts_with("//!") {
            silent.push(below.clone());
        }
        let plain = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        let lines = code(&text).lines().filter(plain).count();
        if !is_test(&below) {
            sizes.push(lines);
            if lines > LONGEST {
                long.push(format!("{below}: {lines}"));
            }
        }
    }
    sizes.sort_unstable();
    assert!(silent.is_empty(), "no //! at the top: {silent:#?}");
    assert!(long.is_empty(), "longer than {LONGEST} lines of code: {long:#?}");
    let median = sizes[sizes.len() / 2];
    assert!(median <= MEDIAN, "the median file has {median} lines of code");
}

#[test]
fn nothing_but_the_command_line_prints_or_reads_the_environment() {
    let words = ["println!(", "eprintln!(", "print!(", "std::env::var", "env::args", "process::exit"];
    let mut found = Vec::new();
    for path in sources() {
        let (below, module) = place(&path);
        let text = fs::read_to_string(&path).expect("a source file");
        if module == "cli" || is_test(&below) {
            continue;
        }
        let hits = words.iter().filter(|word| code(&text).contains(**word)).map(|word| format!("{below}: {word}"));
        found.extend(hits);
    }
    assert!(found.is_empty(), "{found:#?}");
}
