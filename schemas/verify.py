"""Checks a sealed Affiant package with nothing but Python's standard library: verify.py PACKAGE"""
import base64, collections, hashlib, json, os, re, sqlite3, sys, urllib.parse, zipfile

os.chdir(sys.argv[1])
wrong = []

def check(good, *words):
    if not good:
        wrong.append(" ".join(map(str, words)))

def sha(file):
    digest, size = hashlib.sha256(), 0
    while block := file.read(1 << 20):
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()

def text(path):
    return open(path, encoding="utf-8", newline="").read()

# 1. Both manifests against the files, both ways.
files = {os.path.join(d, f).replace(os.sep, "/")[2:]: None for d, _, names in os.walk(".") for f in names}
for path in files:
    files[path] = sha(open(path, "rb"))
listed = {}
for name in "manifest-sha256.txt", "tagmanifest-sha256.txt":
    lines = text(name).split("\n") if name in files else ["none"]
    check(lines.pop() == "", name, "is missing or cut")
    check(all(re.fullmatch("[0-9a-f]{64}  [^ *].*", line) for line in lines), name, "is not canonical")
    check(lines == sorted(lines, key=lambda line: line[66:].encode()), name, "is not sorted")
    listed[name] = {urllib.parse.unquote(line[66:]): line[:64] for line in lines}
    tags = name.startswith("tag")
    mine = {path for path in files if path.startswith("data/") != tags and not (tags and path == name)}
    for path in sorted(mine | listed[name].keys()):
        found, stated = files.get(path), listed[name].get(path)
        check(found and stated and found[1] == stated, f"{path}: {name} states {stated}, the file has {found}")

def rows(sql):
    return db.execute(sql).fetchall()

try:
    # 2. The log: lines, leaves, roots (RFC 6962), checkpoints; it opens first and is sealed last.
    db = sqlite3.connect("file:affiant/manifest.sqlite?immutable=1", uri=True)
    check(rows("PRAGMA integrity_check") == [("ok",)], "the database is not sound")
    check(not rows("PRAGMA foreign_key_check"), "the database has rows that refer to nothing")
    lines = text("affiant/log.jsonl").split("\n")
    check(lines.pop() == "", "affiant/log.jsonl is cut")
    check(lines == [body for body, in rows("SELECT body FROM entry ORDER BY seq")], "affiant/log.jsonl and entry differ")
    log = [json.loads(line) for line in lines]
    one_form = dict(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    check(lines == [json.dumps(entry, **one_form) for entry in log], "affiant/log.jsonl is not canonical")
    check([entry["seq"] for entry in log] == list(range(len(log))), "affiant/log.jsonl has gaps")
    check(log[0]["kind"] == "acquisition.opened", "affiant/log.jsonl does not begin with acquisition.opened")
    seals = [entry["seq"] for entry in log if entry["kind"] == "acquisition.sealed"]
    check(seals == [len(log) - 1], "affiant/log.jsonl does not end with the one acquisition.sealed")
    ids, chosen = files.get("affiant/chosen-ids"), (log[0].get("scope") or {}).get("chosen")
    check(not chosen or ids and ids[1] == chosen["sha256"], "affiant/chosen-ids is not the list that the log states")
    leaves = [hashlib.sha256(b"\0" + line.encode()).digest() for line in lines]
    check(leaves == [leaf for leaf, in rows("SELECT leaf FROM entry ORDER BY seq")], "entry.leaf is not the hash of its line")

    origin = dict(rows("SELECT key, value FROM meta"))["origin"]
    heads = {size: (root, note) for size, root, note in rows("SELECT size, root, note FROM checkpoint")}
    trees = []  # complete subtrees from left to right: their number of leaves and their hash
    for size, leaf in enumerate(leaves, 1):
        trees.append((1, leaf))
        while len(trees) > 1 and trees[-2][0] == trees[-1][0]:
            (n, left), (_, right) = trees[-2:]
            trees[-2:] = [(2 * n, hashlib.sha256(b"\1" + left + right).digest())]
        if size in heads or size == len(leaves):
            root = trees[-1][1]
            for _, left in trees[-2::-1]:
                root = hashlib.sha256(b"\1" + left + root).digest()
            note = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
            check(heads.pop(size, None) == (root, note), "checkpoint", size, "does not state the log's root")
    check(not heads, "a checkpoint is larger than the log")
    check(text("affiant/checkpoint") == note, "affiant/checkpoint is not the head of the log")

    # 3. Item rows = log lines = files, in the payload or in a volume of it.
    unnamed, archives = {path for path in files if path.startswith("data/")}, {}
    for name, size, members, digest in rows("SELECT name, bytes, members, lower(hex(sha256)) FROM volume"):
        path = "data/" + name
        archives[path] = zipfile.ZipFile(path)
        check(files[path] == (size, digest), path, "is not the volume its row states")
        check(len(archives[path].namelist()) == members, path, "does not have the members its row states")
        unnamed |= {f"{path}/{member}" for member in archives[path].namelist()}
        unnamed.discard(path)
    columns = "path, control_number, graph_id, bytes, lower(hex(sha256)), lower(hex(content_id)), lower(hex(mih))"
    for path, number, graph, size, digest, content, mih, source, seq in rows(
            f"SELECT {columns}, source_kind, entry_seq FROM item"):
        keys = "kind", "path", "control_number", "graph_id", "bytes", "sha256", "content_id", "mih", "source_kind"
        row = "item.collected", path, number, graph, size, digest, content, mih or None, source
        check([log[seq].get(key) for key in keys] == list(row), path, "is not as its log line states")
        volume = path.partition(".zip/")[0] + ".zip"
        found = files.get(path)
        if volume in archives:
            found = sha(archives[volume].open(path[len(volume) + 1:]))
        check(found == (size, digest), path, "is not the file its row states")
        check(path in unnamed, path, "is missing or named twice")
        unnamed.discard(path)
    for path in unnamed:
        check(False, path, "is named by no row")
    items = rows("SELECT count(*) FROM item")[0][0]
    check(items == sum(entry["kind"] == "item.collected" for entry in log), "items and their log lines differ in number")

    # 4. The balance of each folder, from the rows: every listed message ended exactly once.
    resolved = {entry["exception_id"] for entry in log if entry["kind"] == "exception.resolved"}
    missing = {listed for exception, listed in rows(
        "SELECT exception_id, listed_id FROM exception WHERE severity = 'item_missing'") if exception not in resolved}
    count = collections.Counter()
    departed = {row[0] for row in rows("SELECT listed_id FROM exception WHERE code = 'gone' AND severity = 'info'")}
    for number, folder, item, late in rows("SELECT l.listed_id, l.folder_id, i.item_id, l.pass > 1 "
                                           "FROM listed l LEFT JOIN item i ON i.item_id = l.listed_id"):
        check((item is not None) != (number in missing), "listed message", number, "did not end exactly once")
        count[folder, "listed"] += 1
        count[folder, "collected" if item else "excepted"] += 1
        count[folder, "appeared"] += late
        count[folder, "departed"] += number in departed
    stated = {folder: sums for folder, *sums in rows(
        "SELECT folder_id, listed, collected, excepted, appeared, departed FROM reconciliation ORDER BY entry_seq")}  # the latest holds
    for folder, included in rows("SELECT folder_id, included FROM folder"):
        sums = [count[folder, word] for word in ("listed", "collected", "excepted", "appeared", "departed")]
        check(stated.get(folder, None if included else sums) == sums, "the balance of folder", folder, "does not close")

    # 5. A supplemental package: what was known from the earlier one, and the comparison with it, are as the log states.
    def digest(sql):
        return hashlib.sha256("".join(line + "\n" for line, in rows(sql)).encode()).hexdigest()
    since = (log[0].get("scope") or {}).get("since")
    known = [entry["sha256"] for entry in log if entry["kind"] == "earlier.known"]
    columns = ("earlier_id, object_id, graph_id, folder_graph_id, folder_path, state, acquisition_id, control_number, "
               "CASE WHEN content_id IS NOT NULL THEN lower(hex(content_id)) END, change_key, internet_message_id, "
               "received_utc, sent_utc, created_utc, modified_utc")
    found = digest(f"SELECT json_array({columns}) FROM earlier ORDER BY earlier_id")
    check(known == ([found] if since else []), "the rows of earlier are not what the log states")
    check(since or not rows("SELECT 1 FROM earlier"), "earlier has rows, and the log names no earlier package")
    compared = {entry["mailbox_id"]: entry["sha256"] for entry in log if entry["kind"] == "mailbox.compared"}
    columns = "compared_id, earlier_id, outcome, listed_id, folder_id, change_key, modified_utc, seen, entry_seq"
    for mailbox, in rows("SELECT mailbox_id FROM compared UNION SELECT mailbox_id FROM reconciliation") if since else ():
        found = digest(f"SELECT json_array({columns}) FROM compared WHERE mailbox_id = {mailbox} ORDER BY compared_id")
        check(compared.get(mailbox) == found, "the rows of compared of mailbox", mailbox, "are not what the log states")
except Exception as error:
    check(False, "the record could not be read to its end:", repr(error))
print("\n".join(wrong) or f"verified: {len(files)} files, {items} items")
sys.exit(bool(wrong))
