//! Reports from a sealed package: the numbers are the record's, the page is harmless, and the package stays as it is.

use std::path::Path;
use std::process::Command;

use crate::stranger::handed_over;
use crate::tenant::{JONAS, MARA, Tenant, affiant, rows};

const CHECK: &str = r"
import html.parser, sys, xml.etree.ElementTree as E, zipfile
class P(html.parser.HTMLParser):
    level, stack, bad = 0, [], []
    def handle_starttag(self, tag, attrs):
        if tag in ('script', 'iframe', 'img', 'link', 'object'): self.bad.append(tag)
        for name, value in attrs:
            if name in ('src', 'srcset') or name == 'href' and not value.startswith('#'): self.bad.append((tag, name, value))
        if tag[0] == 'h' and tag[1:].isdigit():
            if int(tag[1:]) > self.level + 1: self.bad.append(('heading', tag))
            self.level = int(tag[1:])
        if tag not in ('meta', 'rect', 'line', 'br'): self.stack.append(tag)
    def handle_endtag(self, tag):
        if tag not in ('rect', 'line') and self.stack.pop() != tag: self.bad.append(('end', tag))
for name in ('acquisition-report.html', 'exceptions.html'):
    text = open(sys.argv[1] + '/' + name, encoding='utf-8').read()
    page = P(); page.stack, page.bad, page.level = [], [], 0; page.feed(text)
    assert not page.bad and not page.stack, (name, page.bad, page.stack)
    assert '\u202e' not in text, name
z = zipfile.ZipFile(sys.argv[1] + '/certification-draft.docx')
assert z.testzip() is None
words = ''.join(E.fromstring(z.read('word/document.xml')).itertext())
assert '[…]' in words and 'penalty of perjury' in words and '[Q1]' in words
";

/// Every word that the page shows stands on the paper too, every heading in the outline, every sheet is numbered.
const PAPER: &str = r"
import html.parser, subprocess, sys
folder, running = sys.argv[1], sys.argv[2]
class P(html.parser.HTMLParser):
    words, hidden, part, heads, head = set(), 0, [], [], False
    def handle_starttag(self, tag, attrs):
        self.head = tag in ('h2', 'h3', 'caption')
        if tag in ('style', 'title', 'desc', 'nav', 'head'): self.hidden += 1
    def handle_endtag(self, tag):
        if tag in ('style', 'title', 'desc', 'nav', 'head'): self.hidden -= 1
    def handle_data(self, text):
        if not self.hidden: self.words.update(text.split())
        if self.head and text.strip(): self.heads.append(' '.join(text.split()))
page = P(); page.feed(open(folder + '/acquisition-report.html', encoding='utf-8').read())
paper = folder + '/acquisition-report.pdf'
text = subprocess.run(['pdftotext', '-raw', '-enc', 'UTF-8', paper, '-'], capture_output=True, check=True).stdout.decode()
sheets = text.split('\f')[:-1]
whole = ''.join(text.split())
known = set(whole)
lost = [word for word in page.words if word.replace('\u2205', '\u00d8') not in whole and set(word) <= known]
assert len(sheets) > 4 and len(page.words) > 500, (len(sheets), len(page.words))
assert len(lost) <= 3, lost
for number, sheet in enumerate(sheets, 1):
    assert 'page %d of %d' % (number, len(sheets)) in sheet, number
    assert running in sheet, number
    assert sheet.strip().split('\n')[-1] not in page.heads, ('a heading at the foot', number)
raw = open(paper, 'rb').read()
assert raw.startswith(b'%PDF-1.7') and b'/StructTreeRoot' in raw and b'/Outlines' in raw and b'pdfaid' in raw
";

/// Looks at the paper with other people's tools.
fn look_at_paper(folder: &Path, running: &str) {
    match Command::new("python3").args(["-c", PAPER]).arg(folder).arg(running).output() {
        Ok(ran) if String::from_utf8_lossy(&ran.stderr).contains("No such file or directory: 'pdftotext'") => {
            eprintln!("SKIPPED: pdftotext is not installed");
        }
        Ok(ran) => assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr)),
        Err(_) => eprintln!("SKIPPED: python3 is not installed"),
    }
    match Command::new("qpdf").arg("--check").arg(folder.join("acquisition-report.pdf")).output() {
        Ok(ran) => assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout)),
        Err(_) => eprintln!("SKIPPED: qpdf is not installed"),
    }
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn reports_say_what_the_record_says_twice_the_same_and_refuse_what_they_must() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) = tenant.collect("package", &[MARA, JONAS, "--from", "2024-01-01", "--to", "2024-03-31"]);
    let text = tenant.text("package");
    tenant.run(&["report", &text]).exits(0);
    let (first, second) = (tenant.path("package-report"), tenant.text("again"));
    tenant.run(&["report", &text, "--out", &second]).exits(0);
    for entry in std::fs::read_dir(&first).expect("a folder") {
        let name = entry.expect("an entry").file_name();
        let same = std::fs::read(first.join(&name)).expect("read")
            == std::fs::read(tenant.path("again").join(&name)).expect("read");
        assert!(same, "{} differs", name.to_string_lossy());
    }
    let report: serde_json::Value = serde_json::from_str(&read(&first, "acquisition-report.json")).expect("JSON");
    let number = |sql: &str| rows(&package, sql)[0].parse::<u64>().expect("a number");
    let queries = [
        ("/reconciliation/totals/collected", "select count(*) from item"),
        ("/reconciliation/totals/listed", "select count(*) from listed"),
        ("/reconciliation/totals/bytes", "select sum(bytes) from item"),
        ("/reconciliation/totals/expected", "select sum(expected) from reconciliation"),
        ("/exceptions/standing", "select count(*) from exception"),
        ("/access/requests_total", "select count(*) from request"),
        ("/integrity/log_size", "select count(*) from entry"),
        ("/duplicates/without_mih", "select count(*) from item where mih is null"),
        ("/scope/folders_included", "select count(*) from folder where included = 1"),
    ];
    for (place, sql) in queries {
        assert_eq!(report.pointer(place).and_then(serde_json::Value::as_u64), Some(number(sql)), "{place}");
    }
    look_at_paper(&first, report["acquisition_id"].as_str().expect("an id"));
    let csv = read(&first, "exceptions.csv");
    let lines = csv::Reader::from_reader(csv.trim_start_matches('\u{feff}').as_bytes()).into_records().count();
    assert_eq!(lines as u64, number("select count(*) from exception"));
    match Command::new("python3").args(["-c", CHECK]).arg(&first).output() {
        Ok(ran) => assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr)),
        Err(_) => eprintln!("SKIPPED: python3 is not installed"),
    }
    tenant.run(&["report", &text, "--out", &second]).fails(2, "is not empty");
    tenant.run(&["report", &text, "--out", &format!("{text}/REPORT")]).fails(2, "inside the package");
    tenant.run(&["report", &text, "--out", &tenant.text("zone"), "--zone", "Mars/Base"]).fails(2, "no time zone");
    tenant.run(&["verify", &text]).exits(0);
    std::fs::write(package.join("affiant/log.jsonl"), "{}\n").expect("written");
    tenant.run(&["report", &text, "--out", &tenant.text("damaged")]).fails(6, "not as it was sealed");
    tenant.run(&["report", &tenant.text("nowhere")]).fails(1, "cannot be read as a package");
}

#[test]
fn a_report_shows_what_was_sworn_after_the_seal_and_whose_key_swore_it() {
    let (package, out) = (handed_over(), tempfile::tempdir().expect("a temporary folder"));
    let out = out.path().join("reports");
    let args = ["report", package.root().as_str(), "--out", out.to_str().expect("UTF-8")];
    affiant(Path::new("/nonexistent/home"), &args).exits(0);
    let report: serde_json::Value = serde_json::from_str(&read(&out, "acquisition-report.json")).expect("JSON");
    let told = report["custody"]["after_seal"].as_array().expect("a list");
    let kinds: Vec<_> = told.iter().filter_map(|event| event["kind"].as_str()).collect();
    assert_eq!(kinds, ["custody.transferred", "custody.noted", "disposed"]);
    assert_ne!(told[0]["vkey"], told[1]["vkey"]);
    let page = read(&out, "acquisition-report.html");
    assert!(page.contains("custody.noted") && page.contains("arrived"), "the page has no word of it");
}

#[test]
fn no_report_is_made_of_what_is_not_sealed() {
    let tenant = Tenant::with_sign_in(&[]);
    let begun = ["collect", MARA, "--out", &tenant.text("open"), "--plan-only"];
    tenant.run(&begun);
    tenant.run(&["report", &tenant.text("open")]).fails(1, "is not sealed yet");
}

#[test]
fn a_matter_that_would_hide_turn_or_overflow_harms_neither_page_nor_paper() {
    let tenant = Tenant::with_sign_in(&[]);
    let matter = format!("Roe \u{202e}v. Дмитро Żółć 日本 & <b> {}", "W".repeat(150));
    let (ran, _) =
        tenant.collect("package", &[MARA, "--from", "2024-01-01", "--to", "2024-01-31", "--matter", &matter]);
    assert!(matches!(ran.exit, 0 | 3), "{}", ran.stderr);
    tenant.run(&["report", &tenant.text("package")]).exits(0);
    let folder = tenant.path("package-report");
    // A head that is longer than the sheet is wide ends in dots.
    look_at_paper(&folder, "Roe [U+202E]v. Дмитро Żółć □□ & <b> WWW");
    let page = read(&folder, "acquisition-report.html");
    assert!(page.contains("日本"), "the page has what the paper lacks");
}
