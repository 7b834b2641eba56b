//! Other people's tools read what we write. A tool that is not installed is skipped, visibly.

use std::process::Command;

use super::*;

/// Runs a tool in the package; `None`, said on stderr, when it is not installed.
fn run(root: &Utf8Path, probe: &[&str], command: &[&str]) -> Option<()> {
    let start = |words: &[&str]| {
        let (program, arguments) = words.split_first()?;
        Command::new(program).args(arguments).current_dir(root).output().ok()
    };
    if !start(probe).is_some_and(|done| done.status.success()) {
        skipped(&format!("{} is not installed", probe.join(" ")));
        return None;
    }
    let done = start(command)?;
    let said = [done.stdout, done.stderr].concat();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
    Some(())
}

async fn sealed(bench: &Bench, format: Format) -> (Vec<Native>, Vec<VolumeFacts>) {
    let package = bench.begin(format);
    let mut bodies = bodies(30);
    bodies.push(noise(3, 300_000));
    let rows = collect(&package, 1, &bodies).await;
    package.close_volumes();
    let mut facts = Vec::new();
    for volume in package.take_due_volumes() {
        facts.push(pack(&package, volume, &rows).await);
        package.unstage(volume).await.expect("removed");
    }
    let reread = package.reread(rows.clone().into_iter(), &facts, &mut |_| ControlFlow::Continue(())).expect("read");
    assert_eq!(reread.mismatches, []);
    let info = bag::BagInfo {
        software_agent: "affiant".into(),
        acquisition_id: "test".into(),
        matter: None,
        bagged_at: now(),
    };
    bag::write(&package, &info, reread.payload).expect("sealed");
    (rows, facts)
}

#[tokio::test]
async fn sha256sum_and_bagit_accept_a_sealed_package() {
    for format in [Format::Eml, SMALL_ZIP] {
        let bench = Bench::new();
        sealed(&bench, format).await;
        let root = bench.root();
        for manifest in ["manifest-sha256.txt", "tagmanifest-sha256.txt"] {
            run(&root, &["sha256sum", "--version"], &["sha256sum", "--quiet", "--strict", "-c", manifest]);
        }
        run(&root, &["md5sum", "--version"], &["md5sum", "--quiet", "--strict", "-c", "manifest-md5.txt"]);
        let audit = ["hashdeep", "-c", "md5,sha256", "-r", "-l", "-a", "-vv", "-k", "affiant/hashdeep.txt", "data"];
        run(&root, &["hashdeep", "-V"], &audit);
        run(&root, &["python3", "-c", "import bagit"], &["python3", "-m", "bagit", "--validate", "--quiet", "."]);
    }
}

#[tokio::test]
async fn unzip_and_python_accept_a_volume() {
    const COMPARE: &str = "
import hashlib, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
for line in sys.argv[2:]:
    sha256, name = line.split('  ')
    assert hashlib.sha256(archive.read(name)).hexdigest() == sha256, name
assert len(archive.namelist()) == len(sys.argv) - 2
assert archive.namelist() == sorted(archive.namelist())
assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
assert not any(entry.extra for entry in archive.infolist())
";
    let bench = Bench::new();
    let (rows, facts) = sealed(&bench, SMALL_ZIP).await;
    assert_eq!(facts.len(), 11);
    for (volume, facts) in (1..).zip(&facts) {
        let path = format!("data/{}", facts.name);
        run(&bench.root(), &["unzip", "-v"], &["unzip", "-tqq", &path]);
        let lines: Vec<String> = of_volume(&rows, volume)
            .iter()
            .map(|row| format!("{}  {}", row.sha256, row.path.strip_prefix(&format!("{path}/")).expect("inside")))
            .collect();
        let mut command = vec!["python3", "-c", COMPARE, path.as_str()];
        command.extend(lines.iter().map(String::as_str));
        run(&bench.root(), &["python3", "--version"], &command);
    }
}
