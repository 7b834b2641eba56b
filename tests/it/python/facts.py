"""Reads messages with Python's own email package and prints what it sees, one JSON object a line.

A second opinion on Affiant's reading: the family parts by hash and size, the ids, and content id v1.
"""

import email
import email.header
import email.utils
import hashlib
import json
import re
import sys
import unicodedata

MESSAGES = {"message/rfc822", "message/global", "message/news"}


def entities(message):
    """Every entity with content, without entering embedded messages."""
    if message.get_content_type() in MESSAGES and message.is_multipart():
        yield "message", message
    elif message.get_content_maintype() == "message" and message.is_multipart():
        yield "report", message
    elif message.is_multipart():
        for part in message.get_payload():
            yield from entities(part)
    else:
        yield "leaf", message


def content(part):
    payload = part.get_payload(decode=True)
    return payload if payload is not None else b""


def is_text(part, kind):
    return (
        part.get_content_type() == kind
        and not part.get_filename()
        and part.get_content_disposition() != "attachment"
    )


def decode(raw, charset):
    try:
        return raw.decode(charset or "ascii")
    except (LookupError, UnicodeError, ValueError):
        return raw.decode("latin-1")


def header_text(message, name):
    value = message.get(name)
    if value is None:
        return ""
    value = str(value) if not isinstance(value, email.header.Header) else raw_header(value)
    out = []
    for piece, charset in email.header.decode_header(value):
        if isinstance(piece, str):
            out.append(piece)
        elif charset is None:
            out.append(utf8_or_latin1(piece))
        else:
            out.append(decode(piece, charset))
    return "".join(out)


def raw_header(value):
    # compat32 hides raw 8-bit bytes behind a Header of charset unknown-8bit.
    return "".join(utf8_or_latin1(p.encode("ascii", "surrogateescape")) if isinstance(p, str) else utf8_or_latin1(p)
                   for p, _ in value._chunks)


def utf8_or_latin1(raw):
    try:
        return raw.decode("utf-8")
    except UnicodeError:
        return raw.decode("latin-1")


def addresses(message, name):
    values = []
    for value in message.get_all(name, []):
        value = raw_header(value) if isinstance(value, email.header.Header) else value
        values.append(" ".join(value.split()))
    found = {"".join(a.split()).lower() for _, a in email.utils.getaddresses(values)}
    return ",".join(sorted(found - {""}))


def seconds(message):
    value = message.get("date")
    if value is None:
        return ""
    parsed = email.utils.parsedate_tz(re.sub(r":60\b", ":59", " ".join(str(value).split())))
    if parsed is None:
        return ""
    try:
        if not 1 <= parsed[1] <= 12 or parsed[3] > 23 or parsed[4] > 59:
            return ""
        import datetime

        moment = datetime.datetime(*parsed[:6], tzinfo=datetime.timezone.utc)
        offset = parsed[9] or 0
        if abs(offset) >= 86400:
            return ""
        return str(int(moment.timestamp()) - offset)
    except ValueError:
        return ""


def squeeze(text):
    return "".join(unicodedata.normalize("NFC", text).split())


def body_text(part):
    text = decode(content(part), part.get_content_charset())
    if part.get_content_type() == "text/html":
        text = re.sub(r"(?is)<(style|script)\b[^>]*>.*?</\1\b[^>]*>", "", text)
        text = re.sub(r"<[^>]*>", "", text)
    return text


def content_id(message):
    found = list(entities(message))
    leaves = [part for kind, part in found if kind == "leaf"]
    body = next((part for part in leaves if is_text(part, "text/plain")), None)
    if body is None:
        body = next((part for part in leaves if is_text(part, "text/html")), None)
    lines = [
        "affiant-content-id-v1",
        "from:" + addresses(message, "from"),
        "to:" + addresses(message, "to"),
        "cc:" + addresses(message, "cc"),
        "date:" + seconds(message),
        "subject:" + " ".join(unicodedata.normalize("NFC", header_text(message, "subject")).split()),
        "body:" + sha256(squeeze(body_text(body)).encode("utf-8", "surrogatepass") if body is not None else b""),
    ]
    parts = []
    for kind, part in found:
        if kind == "message":
            parts.append("part:msg " + content_id(part.get_payload(0)))
        elif kind == "leaf" and part is not body:
            parts.append(f"part:{sha256(content(part))} {len(content(part))}")
        elif kind == "report":
            return "unknown"
    lines += sorted(parts)
    return sha256("".join(line + "\n" for line in lines).encode("utf-8", "surrogatepass"))


def sha256(raw):
    return hashlib.sha256(raw).hexdigest()


def family(message):
    for kind, part in entities(message):
        if kind == "message":
            yield from family(part.get_payload(0))
        elif kind == "leaf" and not (is_text(part, "text/plain") or is_text(part, "text/html")):
            raw = content(part)
            if part.get_content_maintype() == "multipart" and not raw.strip():
                continue  # a multipart without any part
            yield [sha256(raw), len(raw)]


def main():
    for path in sys.stdin.read().splitlines():
        with open(path, "rb") as file:
            message = email.message_from_bytes(file.read())
        try:
            facts = {"path": path, "family": sorted(family(message)), "content_id": content_id(message), "error": None}
        except Exception as error:  # Python's own limits are no finding
            facts = {"path": path, "family": [], "content_id": "unknown", "error": repr(error)}
        print(json.dumps(facts))


main()
