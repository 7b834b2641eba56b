// Reads messages with postal-mime, one path per line of standard input, and prints the facts of each as a line of JSON.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import PostalMime from "postal-mime";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const addresses = (list) =>
  (list ?? []).flatMap((one) => (one.group ? one.group : [one])).map((one) => (one.address ?? "").toLowerCase()).sort();

for await (const path of createInterface({ input: process.stdin })) {
  const raw = readFileSync(path);
  const mail = await PostalMime.parse(raw, { forceRfc822Attachments: true });
  const files = [];
  const inner = [];
  for (const file of mail.attachments) {
    const bytes = typeof file.content === "string" ? Buffer.from(file.content) : Buffer.from(file.content);
    if (file.mimeType === "message/rfc822") {
      inner.push((await PostalMime.parse(bytes)).subject ?? "");
    } else {
      files.push([file.filename ?? "", sha256(bytes)]);
    }
  }
  const words = (text) => (text ?? "").replace(/\s+/g, " ").trim();
  console.log(JSON.stringify({
    subject: words(mail.subject),
    from: addresses(mail.from ? [mail.from] : []),
    to: addresses(mail.to),
    cc: addresses(mail.cc),
    bcc: addresses(mail.bcc),
    message_id: words(mail.headers.find((header) => header.key === "message-id")?.value),
    text: words(mail.text),
    files: files.sort(),
    inner: inner.map(words).sort(),
  }));
}
