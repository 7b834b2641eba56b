//! The page of what was synced: its sections, its harmlessness, and that it says what the other verbs say.

use std::process::Command;

use serde_json::{Value, json};

use crate::estate::synced;
use crate::tenant::{MARA, Tenant, sha256};

/// What a stranger's parser finds: nothing that loads or runs, headings in order, a name for every picture, a table after.
const CHECK: &str = r"
import html.parser, json, sys
class P(html.parser.HTMLParser):
    level, stack, bad, heads, captions, pictures, text, last = 0, [], [], [], [], [], '', ''
    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag in ('script', 'iframe', 'img', 'link', 'object', 'embed', 'form', 'base'): self.bad.append(tag)
        for name, value in attrs.items():
            if name in ('src', 'srcset', 'href', 'action') or name.startswith('on') or name == 'style': self.bad.append((tag, name))
            if 'url(' in (value or '') and 'url(#' not in value: self.bad.append((tag, name, value))
        if tag[0] == 'h' and tag[1:].isdigit():
            if int(tag[1:]) > self.level + 1: self.bad.append(('heading', tag))
            self.level = int(tag[1:])
        if tag == 'html': self.lang = attrs.get('lang')
        if tag == 'meta' and attrs.get('http-equiv') == 'Content-Security-Policy': self.policy = attrs['content']
        if tag == 'svg': self.pictures.append({'role': attrs.get('role'), 'names': attrs.get('aria-labelledby', '').split(), 'ids': {}, 'table': False})
        if tag in ('title', 'desc') and 'svg' in self.stack: self.pictures[-1]['ids'][attrs.get('id')] = ''; self.inside = attrs.get('id')
        if tag == 'table' and self.pictures: self.pictures[-1]['table'] = True
        if tag == 'th' and attrs.get('scope') not in ('col', 'row'): self.bad.append('a head of nothing')
        if tag not in ('meta', 'br'): self.stack.append(tag)
        self.last = tag
    def handle_endtag(self, tag):
        if self.stack.pop() != tag: self.bad.append(('end', tag))
    def handle_data(self, text):
        at = self.stack[-1] if self.stack else ''
        if at in ('h1', 'h2'): self.heads.append(text)
        if at == 'caption': self.captions.append(text)
        if at in ('title', 'desc') and 'svg' in self.stack: self.pictures[-1]['ids'][self.inside] += text
        if at != 'style': self.text += text + ' '
text = open(sys.argv[1], encoding='utf-8').read()
page = P(); page.feed(text)
assert not page.bad and not page.stack, (page.bad, page.stack)
assert page.lang == 'en' and page.policy.startswith(chr(100) + 'efault-src ' + chr(39) + 'none' + chr(39)), page.policy
assert 'http://' not in text and 'https://' not in text and '@import' not in text
assert len(page.pictures) >= 5
ids = [name for picture in page.pictures for name in picture['ids']]
assert len(ids) == len(set(ids)) == 2 * len(page.pictures), ids
for picture in page.pictures:
    assert picture['role'] == 'img' and picture['table'], picture
    assert sorted(picture['names']) == sorted(picture['ids']) and all(picture['ids'].values()), picture
for c in '\u202e\u200b\x07': assert c not in text
print(json.dumps({'heads': page.heads, 'captions': page.captions, 'text': ' '.join(page.text.split())}))
";

fn read(tenant: &Tenant, name: &str) -> Option<Value> {
    let ran = Command::new("python3").args(["-c", CHECK, &tenant.text(name)]).output();
    let Ok(ran) = ran else {
        eprintln!("SKIPPED: python3 is not installed");
        return None;
    };
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(serde_json::from_slice(&ran.stdout).expect("JSON"))
}

#[test]
fn the_page_has_every_section_and_says_what_the_other_verbs_say() {
    let tenant = synced(&[]);
    let out = tenant.text("page.html");
    let made = tenant.run(&["licenses", "report", "--out", &out, "--json"]).exits(0).json();
    let bytes = std::fs::read(tenant.path("page.html")).expect("a page");
    assert_eq!(made["sha256"], sha256(&bytes).as_str());
    if let Some(page) = read(&tenant, "page.html") {
        let heads = page["heads"].as_array().expect("heads").len();
        assert_eq!(heads, 7, "{:?}", page["heads"]);
        let text = page["text"].as_str().expect("text");
        for words in [
            "Tenant id",
            "Default domain",
            "Snapshot",
            "not measurable",
            "In the next thirteen months",
            "seats.unassigned",
        ] {
            assert!(text.contains(words), "{words}");
        }
        let seats = tenant.run(&["licenses", "summary", "--json"]).exits(0).json();
        for row in seats["rows"].as_array().expect("rows") {
            assert!(text.contains(row["product"].as_str().expect("a name")), "{row}");
        }
        let found = tenant.run(&["findings", "--rule", "user.disabled_licensed", "--json"]).exits(0).json();
        let count = found["rows"].as_array().expect("rows").len();
        let line = format!("user.disabled_licensed A licence of an account that cannot sign in {count} ");
        assert!(count > 0 && text.contains(&line), "{line}");
        assert!(!text.contains(MARA), "no people on it");
    }
    tenant.run(&["licenses", "report", "--out", &out]).fails(2, "is there already");
    assert_eq!(std::fs::read(tenant.path("page.html")).expect("a page"), bytes, "untouched");
    tenant.run(&["licenses", "report", "--out", &tenant.text("no/folder.html")]).fails(1, "could not be written");
    let early = tenant.text("early.html");
    tenant.run(&["licenses", "report", "--as-of", "2001-01-01", "--out", &early]).exits(0);
    let early = std::fs::read_to_string(early).expect("a page");
    assert!(early.contains("Nothing was synced, or not by then") && early.contains("2001-01-02 00:00 UTC"));
    tenant
        .run(&["licenses", "report", "--connection", "other", "--out", &tenant.text("x")])
        .fails(2, "no connection named");
}

#[test]
fn names_of_other_peoples_making_do_nothing_on_the_page() {
    let tenant = synced(&[]);
    let evil = "<script>alert(1)</script>\u{202e}\u{7}";
    let facts = json!({ "department": evil, "displayName": evil });
    tenant.tell("person", &json!({ "user": MARA, "does": "change", "facts": facts }));
    tenant.run(&["sync", "run"]).exits(0);
    tenant.run(&["licenses", "report", "--out", &tenant.text("page.html")]).exits(0);
    let page = std::fs::read_to_string(tenant.path("page.html")).expect("a page");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;[U+202E][U+0007]"), "escaped, and made visible");
    read(&tenant, "page.html");
}

#[test]
fn concealed_names_are_said_with_the_number_of_rows_and_nobody_is_called_inactive() {
    let tenant = synced(&["--conceal-names"]);
    tenant.run(&["licenses", "report", "--out", &tenant.text("page.html")]).exits(0);
    if let Some(page) = read(&tenant, "page.html") {
        let text = page["text"].as_str().expect("text");
        assert!(text.contains("Names in usage reports are concealed. Rows under pseudonyms: "));
        let all =
            text.split("Not measurable People ").nth(1).and_then(|rest| rest.split(" All ").nth(1)).expect("a sum");
        assert!(all.starts_with("0 0 0 "), "{}", &all[..40]);
    }
}
