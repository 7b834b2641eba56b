"""Reads one message with Python's email package and prints its facts; any defect Python sees is one of them."""

import email
import email.policy
import hashlib
import json
import sys

message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
defects, files = [], []
for part in message.walk():
    defects += [repr(defect) for defect in part.defects]
    for value in part.values():
        # A name with empty angle brackets has no address: Python calls that a defect, and the JSON had none either.
        defects += [repr(d) for d in getattr(value, "defects", []) if "No Address" not in str(value)]
    if part.get_filename() and not part.is_multipart():
        raw = part.get_payload(decode=True)
        files.append([part.get_filename(), len(raw), hashlib.sha256(raw).hexdigest()])

inner = [part.get_payload(0)["Subject"] for part in message.walk() if part.get_content_type() == "message/rfc822"]
print(json.dumps({
    "defects": defects,
    "label": message["X-Affiant-Source"],
    "subject": message["Subject"],
    "from": [[a.display_name, a.addr_spec] for a in message["From"].addresses],
    "bcc": [a.addr_spec for a in message["Bcc"].addresses],
    "date": message["Date"].datetime.isoformat(),
    "text": message.get_body(("plain",)).get_content(),
    "html": message.get_body(("html",)).get_content().rstrip("\n"),
    "files": files,
    "inner": inner,
}))
