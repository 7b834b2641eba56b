"""Checks a sealed Affiant package with nothing but Python's standard library: verify.py PACKAGE"""
import base64, collections, hashlib, json, os, re, sqlite3, sys, urllib.parse, zipfile

os.chdir(sys.argv[1])
wrong = []

def check(good, *words):
    if not good:
        wrong.append(" ".join(map(str, words)))

def sha(file):
    digests, size = [hashlib.new(name, usedforsecurity=name == "sha256") for name in ("sha256", "sha1", "md5")], 0
    while block := file.read(1 << 20):
        for digest in digests:
            digest.update(block)
        size += len(block)
    return size, *(digest.hexdigest() for digest in digests)

def text(path):
    return open(path, encoding="utf-8", newline="").read()

# Ed25519 (RFC 8032), for the signatures below the checkpoints.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P

def times(n, p):
    product = (0, 1, 1, 0)
    while n:
        product, p, n = add(product, p) if n & 1 else product, add(p, p), n >> 1
    return product

def point(packed):
    y = int.from_bytes(packed, "little") & ~(1 << 255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    x = x if x & 1 == packed[31] >> 7 else P - x
    return (x, y, 1, x * y % P) if (x * x - square) % P == 0 else None

def signed(key, words, signature):
    a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= L or not a or not r:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + words).digest(), "little") % L
    p, q = times(s, point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))), add(r, times(h, a))
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 == (p[1] * q[2] - q[1] * p[2]) % P

def check_note(name, note, size, root, vkey):
    words = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    key = base64.b64decode(vkey.split("+", 2)[2])[1:]
    mine = hashlib.sha256(origin.encode() + b"\n\1" + key).digest()[:4]
    start = f"{words}\n\u2014 {origin} "
    check(note.startswith(start), name, "does not state the log's root")
    signature = base64.b64decode(note[len(start):].rstrip("\n"))
    good = note.endswith("=\n") and signature[:4] == mine and signed(key, words.encode(), signature[4:])
    check(good, name, "is not signed by the key that the log names")

# 1. Both manifests against the files, both ways.
files = {os.path.join(d, f).replace(os.sep, "/")[2:]: None for d, _, names in os.walk(".") for f in names}
for path in files:
    files[path] = sha(open(path, "rb"))
fixed = "bagit.txt bag-info.txt manifest-sha256.txt tagmanifest-sha256.txt manifest-md5.txt affiant/hashdeep.txt affiant/log.jsonl"
fixed += " affiant/checkpoint affiant/checkpoint.vkey affiant/manifest.sqlite affiant/chosen-ids"
for path in files:
    beside = re.fullmatch(r"affiant/checkpoint(\.([2-9]|[1-9][0-9]+))?\.(tsr|sig)", path)
    inside = path.startswith(("data/", "affiant/custody/", "affiant/orphans/"))
    check(path in fixed.split() or beside or inside, path, "is no file of a package")
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

# The lists for matching say what the payload manifest says; MD5 and SHA-1 prove nothing by themselves.
payload = sorted(listed["manifest-sha256.txt"], key=str.encode)
known = {path: files.get(path) or (0, "", "", "") for path in payload}
check(text("manifest-md5.txt") == "".join(f"{known[path][3]}  {path}\n" for path in payload), "manifest-md5.txt differs from the files")
deep = "".join(f"{known[path][0]},{known[path][3]},{known[path][1]},{path}\n" for path in payload)
check(text("affiant/hashdeep.txt") == "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n" + deep, "affiant/hashdeep.txt differs from the files")

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
    check(ids and ids[1] == chosen["sha256"] if chosen else not ids, "affiant/chosen-ids is not the list that the log states")
    aside = {entry["moved_to"]: entry["sha256"] for entry in log if entry["kind"] == "file.orphaned"}
    for path in aside.keys() | {path for path in files if path.startswith("affiant/orphans/")}:
        check(path in files and files[path][1] == aside.get(path), path, "is not a file that the log says was set aside")
    leaves = [hashlib.sha256(b"\0" + line.encode()).digest() for line in lines]
    check(leaves == [leaf for leaf, in rows("SELECT leaf FROM entry ORDER BY seq")], "entry.leaf is not the hash of its line")

    meta = dict(rows("SELECT key, value FROM meta"))
    origin = meta["origin"]
    check(meta["note_vkey"] == log[0]["note_vkey"], "meta and the log name different keys")
    check(not rows("SELECT 1 FROM checkpoint WHERE tsr IS NOT NULL"), "a checkpoint row has a token")
    date = "".join(re.findall(r"^Bagging-Date: (\d{4}-\d\d-\d\d)$", text("bag-info.txt"), re.M))
    sizes = [found[0] for path, found in files.items() if path.startswith("data/")]
    info = {"Bag-Software-Agent": f"{meta['tool_name']} {meta['tool_version']}", "Bagging-Date": date, "External-Identifier":
            meta["acquisition_id"], "Bag-Group-Identifier": meta.get("matter", ""), "Payload-Oxum": f"{sum(sizes)}.{len(sizes)}"}
    for label, value in info.items():
        info[label] = " ".join(re.split("[ \0-\x1f\x7f-\x9f\u2028\u2029]+", value)).strip(" ")[:500]
    expected = "".join(f"{label}: {value}\n" for label, value in info.items() if value)
    check(text("bag-info.txt") == expected, "bag-info.txt does not say what the record and the payload say")

    # The rows of every table, as the last line states them: what no other line tells of.
    tables = {}
    for table, name, kind, key in rows("SELECT t.name, c.name, c.type, c.pk FROM sqlite_schema t, pragma_table_info(t.name) c "
                                       "WHERE t.type = 'table' AND t.name NOT IN ('entry') ORDER BY t.name, c.cid"):
        values, keys = tables.setdefault(table, ([], []))
        values.append(f"CASE WHEN {name} IS NOT NULL THEN lower(hex({name})) END" if kind == "BLOB" else name)
        keys += [(key, name)] if key else []
    for table, (values, keys) in tables.items():
        before = f"WHERE size < {len(log)}" if table == "checkpoint" else ""
        digest = hashlib.sha256(meta["path_salt"].encode() + b"\n")
        for line, in db.execute(f"SELECT json_array({', '.join(values)}) FROM {table} {before} ORDER BY {', '.join(key for _, key in sorted(keys))}"):
            digest.update(line.encode() + b"\n")
        check(log[-1]["tables"].pop(table, None) == digest.hexdigest(), "the rows of", table, "are not what the last line states")
    check(not log[-1]["tables"], "the last line states tables that are not there")

    heads = {size: (root, note) for size, root, note in rows("SELECT size, root, note FROM checkpoint")}
    trees = []  # complete subtrees from left to right: their number of leaves and their hash
    def grow(leaf):
        trees.append((1, leaf))
        while len(trees) > 1 and trees[-2][0] == trees[-1][0]:
            (n, left), (_, right) = trees[-2:]
            trees[-2:] = [(2 * n, hashlib.sha256(b"\1" + left + right).digest())]

    def head():
        root = trees[-1][1]
        for _, left in trees[-2::-1]:
            root = hashlib.sha256(b"\1" + left + root).digest()
        return root

    vkey, last = "", ""
    for size, leaf in enumerate(leaves, 1):
        grow(leaf)
        vkey = log[size - 1].get("note_vkey", vkey)
        if size in heads or size == len(leaves):
            root, last = heads.pop(size, (None, ""))
            check(root == head(), "checkpoint", size, "is missing or has another root")
            check_note(f"checkpoint {size}", last, size, head(), vkey)
    check(not heads, "a checkpoint is larger than the log")
    check(text("affiant/checkpoint") == last, "affiant/checkpoint is not the head of the log")
    check(text("affiant/checkpoint.vkey") == vkey + "\n", "affiant/checkpoint.vkey is not the key that the log names")
    print(f"log: {len(log)} lines, root {head().hex()}\nkey: {vkey} (compare it with the one you were given)")

    # What was sworn after the seal goes on where the log ended.
    after = sorted(path for path in files if re.fullmatch(r"affiant/custody/\d{6}\.jsonl", path))
    numbered = [f"affiant/custody/{n:06}.{end}" for n in range(1, len(after) + 1) for end in ("checkpoint", "jsonl")]
    check(sorted(path for path in files if path.startswith("affiant/custody/")) == numbered, "a segment of the log is missing")
    size = len(log)
    for path in after:
        segment = text(path).split("\n")
        check(segment.pop() == "", path, "is cut")
        for line in segment:
            entry = json.loads(line)
            check(line == json.dumps(entry, **one_form) and entry["seq"] == size, path, "is not canonical or has gaps")
            grow(hashlib.sha256(b"\0" + line.encode()).digest())
            size, vkey = size + 1, entry.get("note_vkey", vkey)
            print(*(f"{key}={value}" for key, value in entry.items() if key not in ("note_vkey", "host", "pid")))
        check_note(path, text(path[:-5] + "checkpoint"), size, head(), vkey)

    # 3. Item rows = log lines = files, in the payload or in a volume of it.
    unnamed, archives = {path for path in files if path.startswith("data/")}, {}
    for name, size, members, digest in rows("SELECT name, bytes, members, lower(hex(sha256)) FROM volume"):
        path = "data/" + name
        archives[path] = zipfile.ZipFile(path)
        check(files[path][:2] == (size, digest), path, "is not the volume its row states")
        check(len(archives[path].namelist()) == members, path, "does not have the members its row states")
        unnamed |= {f"{path}/{member}" for member in archives[path].namelist()}
        unnamed.discard(path)
    columns = "path, control_number, graph_id, bytes, lower(hex(sha256)), lower(hex(sha1)), lower(hex(md5)), lower(hex(content_id)), lower(hex(mih))"
    for path, number, graph, size, digest, sha1, md5, content, mih, source, seq in rows(
            f"SELECT {columns}, source_kind, entry_seq FROM item"):
        keys = "kind", "path", "control_number", "graph_id", "bytes", "sha256", "sha1", "md5", "content_id", "mih", "source_kind"
        row = "item.collected", path, number, graph, size, digest, sha1, md5, content, mih or None, source
        check([log[seq].get(key) for key in keys] == list(row), path, "is not as its log line states")
        volume = path.partition(".zip/")[0] + ".zip"
        found = files.get(path)
        if volume in archives:
            found = sha(archives[volume].open(path[len(volume) + 1:]))
        check(found == (size, digest, sha1, md5), path, "is not the file its row states")
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

    # What the usage and licence sync knew of the custodians is as the log states.
    facts = [(entry["custodian_id"], entry["fact"], entry["value"], entry["dataset"], entry["period"], entry["as_of"],
              entry["snapshot_id"], entry["snapshot_sha256"], entry["seq"])
             for entry in log if entry["kind"] == "custodian.licensed"]
    found = rows("SELECT custodian_id, fact, value, dataset, period, as_of, snapshot_id, CASE WHEN snapshot_sha256 IS NOT NULL "
                 "THEN lower(hex(snapshot_sha256)) END, entry_seq FROM licence_fact ORDER BY entry_seq")
    check(found == facts, "the rows of licence_fact are not what the log states")

    # 6. The keys of mail signers, and what their signatures are worth, are as the log states.
    keys = [(entry["name"], entry["txt"], entry["resolver"], entry["asked_at"], entry["dnssec_ad"], entry["seq"])
            for entry in log if entry["kind"] == "dns.key.captured"]
    found = rows("SELECT name, txt, resolver, asked_at, dnssec_ad, entry_seq FROM dns_key ORDER BY entry_seq")
    check(found == keys, "the rows of dns_key are not what the log states")
    salt, results = bytes.fromhex(meta["path_salt"]), collections.defaultdict(list)
    for seq, number, as_of, selector, domain, *worth in rows(
            "SELECT a.entry_seq, control_number, as_of, selector, domain, method, ordinal, header_ok, body_ok, seal_ok, detail "
            "FROM auth_result a JOIN item USING (item_id) ORDER BY a.entry_seq, method DESC, ordinal"):
        name = f"{selector}._domainkey.{domain}" if selector else None
        result = dict(zip(("method", "ordinal", "header_ok", "body_ok", "seal_ok", "detail"), worth))
        result["key_hash"] = name and hashlib.sha256(salt + name.encode()).hexdigest()
        results[seq, number, as_of].append(result)
    stated = {(entry["seq"], entry["control_number"], entry["as_of"]): entry["results"]
              for entry in log if entry["kind"] == "item.authenticated"}
    check(results == stated, "the rows of auth_result are not what the log states")
    signed_items = {entry["control_number"] for entry in log if entry["kind"] == "item.collected" and entry.get("signatures")}
    check(signed_items == {number for _, number, _ in stated}, "not every signed item has its results, or others have some")
except Exception as error:
    check(False, "the record could not be read to its end:", repr(error))
print("\n".join(wrong) or f"verified: {len(files)} files, {items} items")
sys.exit(bool(wrong))
