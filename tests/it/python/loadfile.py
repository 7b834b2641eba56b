"""A production read by somebody else: the Concordance file parsed by its bytes and compared with the manifest, the CSV
and the XML compared with it, every named file hashed. Usage: loadfile.py PACKAGE PRODUCTION ENCODING"""

import csv, hashlib, ntpath, os, re, sqlite3, sys
import xml.etree.ElementTree as ET

package, production, encoding = sys.argv[1:4]
LOAD = os.path.join(production, "LOADFILES")

csv.field_size_limit(1 << 30)


def concordance(path):
    text = open(path, "rb").read().decode({"utf-8": "utf-8", "utf-16le": "utf-16-le", "windows-1252": "cp1252"}[encoding])
    if encoding != "windows-1252":
        assert text[0] == "\ufeff", "no byte order mark"
        text = text[1:]
    assert text.endswith("\u00fe\r\n")
    rows = []
    for line in text[:-2].split("\r\n"):
        cells = line.split("\x14")
        assert all(len(cell) > 1 and cell[0] == cell[-1] == "\u00fe" for cell in cells), line[:80]
        rows.append([cell[1:-1] for cell in cells])
        assert not any("\u00fe" in cell or "\n" in cell or "\r" in cell for cell in rows[-1])
    assert len({len(row) for row in rows}) == 1
    return rows[0], [dict(zip(rows[0], row)) for row in rows[1:]]


def cleaned(value):
    """What the format does to a value, by its documentation."""
    out = (value or "").replace("\u00fe", "p").replace("\x14", " ").replace("\u00ae", "(R)")
    out = out.replace("\r\n", "\u00ae").replace("\r", "\u00ae").replace("\n", "\u00ae")
    out = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", " ", out)
    if encoding == "windows-1252":
        out = "".join(c if c == "\u00ae" or encodable(c) else "?" for c in out)
    return out


def encodable(char):
    try:
        char.encode("cp1252")
        return True
    except UnicodeEncodeError:
        return False


def sha256(path):
    return hashlib.sha256(open(path, "rb").read()).hexdigest()


heads, rows = concordance(os.path.join(LOAD, "AFF.dat"))
db = sqlite3.connect("file:%s?mode=ro&immutable=1" % os.path.join(package, "affiant/manifest.sqlite"), uri=True)
duplicates = os.path.join(LOAD, "duplicates.csv")
left_out = set()
if os.path.exists(duplicates):
    with open(duplicates, encoding="utf-8-sig", newline="") as file:
        left_out = {row["control_number"] for row in csv.DictReader(file)}

# Messages against the manifest.
by_control = {row["BEGDOC"]: row for row in rows}
assert len(by_control) == len(rows), "a control number twice"
items = db.execute("""select control_number, subject, sent_utc, received_utc, lower(hex(sha256)), lower(hex(sha1)),
    lower(hex(md5)), lower(hex(mih)), lower(hex(content_id)), bytes, internet_message_id, i.graph_id, is_draft,
    display_name, coalesce(primary_smtp, upn), source_kind, item_id from item i join mailbox m using (mailbox_id)
    join custodian c using (custodian_id) order by item_id""").fetchall()
messages = [row for row in rows if not row["PARENTID"]]
assert [row["BEGDOC"] for row in messages] == [item[0] for item in items if item[0] not in left_out]


def us(utc):
    return "" if not utc else "%s/%s/%s %s" % (utc[5:7], utc[8:10], utc[:4], utc[11:19])


documents = {"attachment", "embedded_message", "tnef_member", "calendar"}
for item in items:
    if item[0] in left_out:
        assert item[0] not in by_control
        continue
    row = by_control[item[0]]
    want = {
        "SUBJECT": cleaned(item[1]), "DATETIMESENT": us(item[2]), "DATETIMERECEIVED": us(item[3]),
        "SHA256HASH": item[4], "SHA1HASH": item[5] or "", "MD5HASH": item[6] or "", "EDRMMIH": item[7] or "",
        "CONTENTID": "affiant-content-id-v1:" + item[8], "FILESIZE": str(item[9]), "MESSAGEID": cleaned(item[10]),
        "GRAPHID": item[11], "ISDRAFT": "Yes" if item[12] else "No", "CUSTODIAN": cleaned(item[13]),
        "SOURCEMAILBOX": item[14], "NATIVESOURCE": item[15], "FILENAME": item[0] + ".eml", "TIMEZONE": "UTC",
    }
    for name, value in want.items():
        assert row[name] == value, (item[0], name, row[name], value)
    if row["DATETIMESENT"]:
        assert row["DATETIMESENT"] == row["DATESENT"] + " " + row["TIMESENT"]
    codes = db.execute("""select distinct code from exception where listed_id = ? and severity <> 'item_missing'
        order by code""", (item[16],)).fetchall()
    assert row["EXCEPTION"] == ";".join(code for code, in codes), item[0]
    # Its members, in order, with what the manifest says of them.
    parts = db.execute("""select ordinal, role, name, media_type, bytes, lower(hex(sha256)) from part where item_id = ?
        order by ordinal""", (item[16],)).fetchall()
    parts = [part for part in parts if part[1] in documents or part[1] == "inline" and not (
        (part[3] or "").startswith("image/") or (part[3] or "").startswith("text/") and part[2] is None)]
    numbers = ["%s.%04d" % (item[0], part[0]) for part in parts]
    assert row["ATTACHIDS"] == ";".join(numbers) and row["ATTACHCOUNT"] == str(len(parts)), item[0]
    assert row["ENDATTACH"] == (numbers or [item[0]])[-1] and row["BEGATTACH"] == item[0]
    at = rows.index(row)
    assert [member["BEGDOC"] for member in rows[at + 1 : at + 1 + len(parts)]] == numbers
    for number, part in zip(numbers, parts):
        member = by_control[number]
        assert member["FILENAME"] == cleaned(part[2]) and member["MIMETYPE"] == cleaned(part[3]), number
        assert member["FILESIZE"] == str(part[4]) and member["SHA256HASH"] == part[5], number
        assert member["BEGATTACH"] == item[0] and member["ENDATTACH"] == row["ENDATTACH"], number
        assert member["PARENTID"] in by_control and member["CUSTODIAN"] == row["CUSTODIAN"], number
assert len(rows) == len(messages) + sum(int(row["ATTACHCOUNT"]) for row in messages)

# Every file that a row names is there, is the one meant, and has a name that Windows takes.
named = set()
per_folder = {}
for row in rows:
    for field in ("NATIVEPATH", "TEXTPATH"):
        path = row.get(field, "")
        if not path or path.startswith("data\\"):
            continue
        assert re.fullmatch(r"([A-Za-z0-9_-]+\\)+AFF-\d{7,}(\.\d{4,})?\.[a-z0-9]{1,8}", path), path
        file = os.path.join(production, *path.split("\\"))
        named.add(os.path.relpath(file, production))
        per_folder[ntpath.dirname(path)] = per_folder.get(ntpath.dirname(path), 0) + 1
        if field == "NATIVEPATH":
            assert sha256(file) == row["SHA256HASH"], path
        else:
            text = open(file, "rb").read()
            assert not text.startswith(b"\xef\xbb\xbf") and text.count(b"\n") == text.count(b"\r\n"), path
            text.decode("utf-8")
assert all(count <= 1000 for count in per_folder.values())
there = {os.path.relpath(os.path.join(folder, file), production) for folder, _, files in os.walk(production) for file in files}
loose = {name for name in there if name.split(os.sep)[0] in ("NATIVES", "TEXT", "ATTACHMENTS")}
assert loose == named, loose ^ named
listed = {line.rstrip("\n").split("  ", 1)[1]: line[:64] for line in open(os.path.join(production, "sha256sums.txt"), encoding="ascii")}
assert {name.replace(os.sep, "/") for name in there} - set(listed) == {"production.json", "sha256sums.txt"}

# The CSV says the same; where a sign was replaced in one of the two, the manifest decides.
with open(os.path.join(LOAD, "AFF.csv"), "rb") as file:
    raw = file.read()
assert raw.startswith(b"\xef\xbb\xbf") and raw.endswith(b"\r\n")
with open(os.path.join(LOAD, "AFF.csv"), encoding="utf-8-sig", newline="") as file:
    table = list(csv.DictReader(file))
assert list(table[0]) == heads and len(table) == len(rows)
for row, line in zip(rows, table):
    for head in heads:
        value = line[head]
        assert not value.startswith(("=", "+", "-", "@", "\t", "\r")), value
        if value.startswith("'") and value[1:2] in "=+-@\t\r":
            value = value[1:]
        assert cleaned(value) == row[head], (row["BEGDOC"], head, row[head], value)

# The XML: the names of EDRM 1.2, the same documents, the same families.
root = ET.parse(os.path.join(LOAD, "AFF-edrm.xml")).getroot()
assert root.tag == "Root" and (root.get("MajorVersion"), root.get("MinorVersion")) == ("1", "2")
assert root.get("DataInterchangeType") == "Update" and [child.tag for child in root] == ["Fields", "Batch"]
batch = root.find("Batch")
assert [child.tag for child in batch] == ["Documents", "Relationships", "Folders"]
docs = batch.find("Documents").findall("Document")
assert [doc.get("DocID") for doc in docs] == [row["BEGDOC"] for row in rows]
for doc, row in zip(docs, rows):
    assert doc.get("DocType") in ("Message", "File") and [child.tag for child in doc] == ["Tags", "Files"]
    tags = {tag.get("TagName"): tag.get("TagValue") for tag in doc.find("Tags")}
    assert {tag.get("TagDataType") for tag in doc.find("Tags")} <= {"Text", "DateTime", "Integer", "Boolean"}
    for tag, head in (("#Subject", "SUBJECT"), ("#From", "FROM"), ("#To", "TO"), ("#FileName", "FILENAME")):
        value = tags.get(tag, "").replace("\ufffd", " ")
        assert cleaned(value).replace("?", " ") == row[head].replace("\ufffd", " ").replace("?", " "), (row["BEGDOC"], tag, value, row[head])
    assert tags.get("#FileSize", "") == row["FILESIZE"]
    for file in doc.find("Files"):
        kind, external = file.get("FileType"), file.find("ExternalFile")
        path = external.get("FilePath") + "\\" + external.get("FileName")
        assert path == row[{"Native": "NATIVEPATH", "Text": "TEXTPATH"}[kind]]
        if not path.startswith("data\\") and external.get("HashType") == "MD5":
            bytes_ = open(os.path.join(production, *path.split("\\")), "rb").read()
            assert hashlib.md5(bytes_).hexdigest() == external.get("Hash"), path
            assert len(bytes_) == int(external.get("FileSize"))
kin = [(one.get("ParentDocID"), one.get("ChildDocID")) for one in batch.find("Relationships")]
assert kin == [(row["PARENTID"], row["BEGDOC"]) for row in rows if row["PARENTID"]]
assert {one.get("Type") for one in batch.find("Relationships")} <= {"Attachment", "Container"}
lies = [doc.get("DocID") for folder in batch.find("Folders") for doc in folder]
assert sorted(lies) == sorted(row["BEGDOC"] for row in messages)

# The lists.
with open(os.path.join(LOAD, "cloud-links.csv"), encoding="utf-8-sig", newline="") as file:
    links = [(row["control_number"], row["mime_path"], row["url"]) for row in csv.DictReader(file)]
want = db.execute("""select control_number, mime_path, target_url from part join item using (item_id)
    where role = 'reference' order by item_id, ordinal""").fetchall()
assert links == [link for link in want if link[0] not in left_out]
with open(os.path.join(LOAD, "exceptions.csv"), encoding="utf-8-sig", newline="") as file:
    assert [row["exception_id"] for row in csv.DictReader(file)] == [str(n) for n, in db.execute("select exception_id from exception order by 1")]
print(len(rows))
