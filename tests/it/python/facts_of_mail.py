"""Reads messages with Python's email package, one path per line, and prints the facts of each as a line of JSON."""

import email
import email.policy
import email.utils
import hashlib
import json
import sys


def words(text):
    # Raw bytes in a header come as lone surrogates: they are UTF-8, or else not text.
    text = str(text or "").encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join(text.split())


def addresses(message, name):
    values = [str(value) for value in message.get_all(name, [])]
    return sorted(words(address).lower() for _, address in email.utils.getaddresses(values) if address)


def leaves(part, files, inner, texts):
    kind = part.get_content_type()
    if kind == "message/rfc822":
        inside = part.get_payload()
        inner.append(words(inside[0]["Subject"]) if isinstance(inside, list) and inside else "")
    elif part.is_multipart():
        for child in part.get_payload():
            leaves(child, files, inner, texts)
    elif part.get_filename() or part.get_content_disposition() == "attachment" or not kind.startswith("text/"):
        files.append([words(part.get_filename()), hashlib.sha256(part.get_payload(decode=True) or b"").hexdigest()])
    elif kind == "text/plain":
        texts.append(words(part.get_content()))


for path in sys.stdin:
    with open(path.rstrip("\n"), "rb") as file:
        message = email.message_from_bytes(file.read(), policy=email.policy.default)
    files, inner, texts = [], [], []
    leaves(message, files, inner, texts)
    defects = [repr(defect) for part in message.walk() for defect in part.defects]
    print(json.dumps({
        "subject": words(message["Subject"]),
        "from": addresses(message, "From"),
        "to": addresses(message, "To"),
        "cc": addresses(message, "Cc"),
        "bcc": addresses(message, "Bcc"),
        # Python's own reading of this header raises on ids that are none.
        "message_id": words(next((v for n, v in message.raw_items() if n.lower() == "message-id"), "")),
        "text": " ".join(texts).strip(),
        "files": sorted(files),
        "inner": sorted(inner),
        "defects": defects,
    }))
