n=NUMBER                                # in the folder that holds this page
# 1. The message is the one that the line names.
echo "$(grep -o '"sha256":"[0-9a-f]*"' $n.log.json | cut -d '"' -f 4)  $n.eml" | sha256sum -c
# 2. The line is in the log: leaf, path and root by RFC 6962.
python3 - $n <<'END'
import base64, hashlib, sys
name = sys.argv[1]
head, note = open(name + ".tlog-proof", encoding="utf-8", newline="").read().split("\n\n", 1)
form, index, *path = head.split("\n")
size, root = note.split("\n")[1:3]
at, last = int(index.split()[1]), int(size) - 1
known = form == "c2sp.org/tlog-proof@v1" and 0 <= at <= last
digest = hashlib.sha256(b"\0" + open(name + ".log.json", "rb").read()).digest()
for sibling in path:
    sibling, known = base64.b64decode(sibling), known and last > 0
    if at & 1 or at == last:
        digest = hashlib.sha256(b"\1" + sibling + digest).digest()
        while at and not at & 1:
            at, last = at >> 1, last >> 1
    else:
        digest = hashlib.sha256(b"\1" + digest + sibling).digest()
    at, last = at >> 1, last >> 1
good = known and last == 0 and base64.b64decode(root) == digest
print("the line is in the log" if good else "the line is NOT in the log")
sys.exit(not good)
END
# 3. The log's head is signed by the key. Put the key that you were given on another way into the file first.
t=$(mktemp -d)
sed '1,/^$/d' $n.tlog-proof > $t/checkpoint
head -n 3 $t/checkpoint > $t/text
tail -n 1 $t/checkpoint | cut -d ' ' -f 3 | base64 -d | tail -c 64 > $t/signature
{ printf '\060\052\060\005\006\003\053\145\160\003\041\000'; cut -d + -f 3- $n.vkey | base64 -d | tail -c 32; } > $t/key.der
openssl pkeyutl -verify -pubin -keyform DER -inkey $t/key.der -rawin -in $t/text -sigfile $t/signature
