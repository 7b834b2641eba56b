"""Searches a package's log for what is in its mail: subjects, addresses, names of files, Message-IDs.

Python reads the mail itself, so that what our own reader overlooks is looked for too. Usage: log_privacy.py PACKAGE OWNER
"""

import email
import email.header
import email.utils
import glob
import json
import sys

package, owner = sys.argv[1:]
log = open(package + "/affiant/log.jsonl", encoding="utf-8").read()
values = set()


def gather(value):
    """Every string that stands in a line."""
    if isinstance(value, dict):
        for inner in value.values():
            gather(inner)
    elif isinstance(value, list):
        for inner in value:
            gather(inner)
    elif isinstance(value, str):
        values.add(value)


for line in log.splitlines():
    gather(json.loads(line))
haystack = "\n".join(values)
# What the log may say by itself: its own words, and the account that collects.
own = {owner}
words = set()


def decoded(text):
    try:
        return str(email.header.make_header(email.header.decode_header(text)))
    except Exception:
        return text


def plain(text):
    return " ".join(str(text).split())


for file in glob.glob(package + "/data/**/*.eml", recursive=True):
    message = email.message_from_binary_file(open(file, "rb"))
    for part in message.walk():
        for name in ("Subject", "Thread-Topic", "Message-ID", "References", "In-Reply-To"):
            for value in part.get_all(name, []):
                words.update((plain(value), plain(decoded(plain(value)))))
                words.update(plain(value).split() if name != "Subject" and name != "Thread-Topic" else ())
        fields = [plain(v) for n in ("From", "To", "Cc", "Bcc", "Sender", "Reply-To") for v in part.get_all(n, [])]
        for person, address in email.utils.getaddresses(fields):
            words.update((plain(decoded(person)), plain(address)))
        try:
            words.add(plain(decoded(part.get_filename() or "")))
        except Exception:
            pass

words = {word for word in words if word and word not in own}
assert len(words) > 1000, len(words)
leaks = []
for word in sorted(words):
    # A plain word or number may be one of the log's own by chance, such as "message".
    if word.isalnum() and (word.islower() or word.isdigit()) or len(word) < 4:
        continue
    # A short one may be part of another; then only a value that is nothing else counts.
    if word in values or len(word) >= 8 and word in haystack:
        leaks.append(word)
print(len(words), "words looked for in", len(values), "values")
if leaks:
    sys.exit("in the log: " + "; ".join(leaks[:20]))
