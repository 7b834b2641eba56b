//! A real process, really killed, again and again, until its collection is complete.
//!
//! The rows that the manifest would hold are lines of a file beside the package, appended after each group.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use super::*;

/// Tells the child where to work; without it the child's test does nothing.
const WHERE: &str = "AFFIANT_TEST_KILLED_IN";
const ITEMS: u64 = 150;
const GROUP: u64 = 4;

/// Lines of a record file; one that was cut by a kill was never recorded.
fn lines(file: &Utf8Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
    if whole.len() < text.len() {
        // In one step: writing it anew could itself be killed half-way.
        let file = fs::File::options().write(true).open(file).expect("opened");
        file.set_len(whole.len() as u64).expect("cut");
    }
    whole.lines().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

fn append(file: &Utf8Path, lines: &str) {
    let mut file = fs::File::options().append(true).create(true).open(file).expect("opened");
    file.write_all(lines.as_bytes()).expect("written");
}

fn natives(file: &Utf8Path) -> Vec<Native> {
    let native = |words: Vec<String>| Native {
        path: words[0].clone(),
        sha256: Sha256::from_hex(&words[1]).expect("a digest"),
        bytes: words[2].parse().expect("a number"),
    };
    let mut natives: Vec<_> = lines(file).into_iter().map(native).collect();
    natives.sort_by(|a, b| a.path.cmp(&b.path));
    natives
}

fn volumes(file: &Utf8Path) -> Vec<VolumeFacts> {
    let facts = |words: Vec<String>| VolumeFacts {
        name: words[0].clone(),
        sha256: Sha256::from_hex(&words[1]).expect("a digest"),
        bytes: words[2].parse().expect("a number"),
        members: words[3].parse().expect("a number"),
    };
    lines(file).into_iter().map(facts).collect()
}

/// One session: takes up what is there and goes on to the end.
async fn session(beside: &Utf8Path, mut step: impl FnMut()) {
    let (root, rows, packed) = (beside.join("acquisition"), beside.join("rows"), beside.join("volumes"));
    let package = if root.join(MANIFEST).exists() {
        Package::open(&root, now()).expect("opened")
    } else {
        let package = Package::create(&root, SMALL_ZIP, now()).expect("created");
        step();
        fs::write(package.manifest_file(), b"").expect("written");
        package
    };
    package.set_format(SMALL_ZIP).expect("valid");
    step();
    let known = natives(&rows);
    let recovered = package.recover(known.clone().into_iter(), volumes(&packed)).await.expect("recovered");
    assert_eq!(recovered.damage, []);
    step();
    package.set_aside(recovered.orphans).await.expect("moved");

    let mut next = known.len() as u64 + 1;
    loop {
        let bodies: Vec<_> = (next..(next + GROUP).min(ITEMS + 1)).map(|n| noise(n, 300)).collect();
        // One transaction for a group, as in the manifest.
        let group = collect(&package, next, &bodies).await;
        step();
        append(
            &rows,
            &group.iter().map(|row| format!("{} {} {}\n", row.path, row.sha256, row.bytes)).collect::<String>(),
        );
        step();
        next += bodies.len() as u64;
        if next > ITEMS {
            package.close_volumes();
        }
        for volume in package.take_due_volumes() {
            let facts = pack(&package, volume, &natives(&rows)).await;
            step();
            append(&packed, &format!("{} {} {} {}\n", facts.name, facts.sha256, facts.bytes, facts.members));
            step();
            package.unstage(volume).await.expect("removed");
            step();
        }
        if next > ITEMS {
            break;
        }
    }
    let reread = package
        .reread(natives(&rows).into_iter(), &volumes(&packed), &mut |_| ControlFlow::Continue(()))
        .expect("read");
    assert_eq!(reread.mismatches, []);
}

#[tokio::test]
async fn session_in_a_process_of_its_own() {
    let Ok(beside) = std::env::var(WHERE) else { return };
    // Each step is told and then waits for a byte, so that the parent decides how far it comes.
    let step = || {
        let mut out = std::io::stdout();
        out.write_all(b"step\n").and_then(|()| out.flush()).expect("heard");
        std::io::stdin().read_exact(&mut [0]).expect("the parent lives");
    };
    session(Utf8Path::new(&beside), step).await;
}

fn start(beside: &Utf8Path) -> Child {
    let name = "package::tests::kill::session_in_a_process_of_its_own";
    let mut command = Command::new(std::env::current_exe().expect("known"));
    command.args(["--exact", name, "--nocapture"]).env(WHERE, beside);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
}

/// Lets a session make some steps, and kills it there or, `beyond`, at some moment after.
fn start_and_kill(beside: &Utf8Path, steps: usize, beyond: bool) -> bool {
    let mut child = start(beside);
    let mut go = child.stdin.take().expect("piped");
    let out = BufReader::new(child.stdout.take().expect("piped"));
    let mut seen = 0;
    for _ in out.lines().map_while(Result::ok).filter(|line| line.ends_with("step")) {
        seen += 1;
        if seen == steps && !beyond {
            break;
        }
        go.write_all(b"!").expect("heard");
        if seen == steps {
            break;
        }
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    seen == steps
}

#[test]
fn killed_again_and_again_a_collection_still_ends_complete() {
    let bench = Bench::new();
    let beside = bench.root().parent().expect("has one").to_owned();
    for (steps, beyond) in (1..=13).flat_map(|steps| [(steps, false), (steps, true)]) {
        assert!(start_and_kill(&beside, steps, beyond), "it came to step {steps} and was not at its end");
    }
    let mut last = start(&beside);
    last.stdin.take().expect("piped").write_all(&[b'!'; 1000]).expect("heard");
    let last = last.wait_with_output().expect("ended");
    assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stderr));

    let hashes: BTreeSet<_> = natives(&beside.join("rows")).into_iter().map(|native| native.sha256).collect();
    let expected: BTreeSet<_> = (1..=ITEMS).map(|n| Sha256::of(&noise(n, 300))).collect();
    assert_eq!(hashes, expected);
    let packed = volumes(&beside.join("volumes"));
    assert_eq!(packed.iter().map(|facts| facts.members).sum::<u64>(), ITEMS);
}
