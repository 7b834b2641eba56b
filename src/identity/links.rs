//! What body text points to: images of the same message (`cid:`) and files in the cloud.
//!
//! Only addresses are read; no link is ever opened. It must not know the parts of the message.

use std::collections::HashSet;

use memchr::{memchr_iter, memmem};

use super::charset;
use super::params::percent_decoded;

/// Hosts of SharePoint and OneDrive in all Microsoft clouds. A leading dot means any host below.
const CLOUD_HOSTS: [&str; 7] = [
    ".sharepoint.com",
    ".sharepoint.us",
    ".sharepoint-mil.us",
    ".sharepoint.cn",
    "1drv.ms",
    "onedrive.live.com",
    "onedrive.com",
];

/// Microsoft Defender rewrites links through this host; the address meant is in the `url` parameter.
const REWRITER: &str = ".safelinks.protection.outlook.com";

/// Links to cloud files in the order of the text, each once and no more than `limit`. In HTML, `&amp;` is undone.
pub(super) fn cloud_links(text: &str, is_html: bool, limit: usize) -> Vec<String> {
    let mut seen = HashSet::new();
    memmem::find_iter(text.as_bytes(), b"://")
        .filter_map(|found| cloud_link(link_at(text, found)?, is_html))
        .filter(|link| seen.insert(link.clone()))
        .take(limit)
        .collect()
}

/// Adds the Content-IDs that HTML refers to.
pub(super) fn shown_ids(html: &str, into: &mut HashSet<String>) {
    let bytes = html.as_bytes();
    for at in memchr_iter(b':', bytes) {
        let scheme = at.checked_sub(3).and_then(|from| bytes.get(from..at)).unwrap_or_default();
        if !scheme.eq_ignore_ascii_case(b"cid") {
            continue;
        }
        let id = &bytes[at + 1..];
        let end = id.iter().position(|byte| is_end(*byte) || *byte == b')').unwrap_or(id.len());
        let id = percent_decoded(&id[..end]);
        if !id.is_empty() {
            into.insert(charset::lenient(&id).into_owned());
        }
    }
}

/// The http or https address around the `://` at `found`.
fn link_at(text: &str, found: usize) -> Option<&str> {
    let start = ["https", "http"].into_iter().find_map(|scheme| {
        let start = found.checked_sub(scheme.len())?;
        text.get(start..found)?.eq_ignore_ascii_case(scheme).then_some(start)
    })?;
    let rest = text.get(start..)?;
    let end = rest.bytes().position(is_end).unwrap_or(rest.len());
    rest.get(..end)
}

fn is_end(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte.is_ascii_control() || matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\')
}

fn cloud_link(url: &str, is_html: bool) -> Option<String> {
    let url =
        if is_html { url.replace("&amp;", "&") } else { url.trim_end_matches(['.', ',', ';', ')', ']']).to_owned() };
    let host = host_of(&url)?;
    if CLOUD_HOSTS.iter().any(|known| is_host(&host, known)) {
        return Some(url);
    }
    if !is_host(&host, REWRITER) {
        return None;
    }
    let query = url.split_once('?')?.1;
    let inner = query.split('&').find_map(|pair| pair.strip_prefix("url="))?;
    let inner = charset::lenient(&percent_decoded(inner.as_bytes())).into_owned();
    let host = host_of(&inner)?;
    CLOUD_HOSTS.iter().any(|known| is_host(&host, known)).then_some(inner)
}

/// The host of an absolute address, lower-cased; user information and port are not part of it.
fn host_of(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    Some(host.to_ascii_lowercase())
}

fn is_host(host: &str, known: &str) -> bool {
    if known.starts_with('.') { host.len() > known.len() && host.ends_with(known) } else { host == known }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloud_files_are_found_once_each_and_lookalikes_are_not() {
        let html = r#"<a href="https://contoso-my.sharepoint.com/:w:/g/personal/x?e=1&amp;d=2">a</a>
            <a href='HTTPS://Contoso.SharePoint.com/sites/x'>b</a> http://1drv.ms/u/s!x<br>
            <a href="https://contoso-my.sharepoint.com/:w:/g/personal/x?e=1&amp;d=2">again</a>
            <a href="https://sharepoint.com.evil.example/x">c</a> https://notsharepoint.com/ https://u@evil.example/1drv.ms"#;
        assert_eq!(
            cloud_links(html, true, 9),
            [
                "https://contoso-my.sharepoint.com/:w:/g/personal/x?e=1&d=2",
                "HTTPS://Contoso.SharePoint.com/sites/x",
                "http://1drv.ms/u/s!x",
            ]
        );
    }

    #[test]
    fn a_rewritten_link_gives_the_address_meant() {
        let html = "<a href=\"https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fcontoso.sharepoint.com\
                    %2Fa%3Fb&amp;data=05\">x</a>";
        assert_eq!(cloud_links(html, true, 9), ["https://contoso.sharepoint.com/a?b"]);
    }

    #[test]
    fn a_link_in_plain_text_ends_before_the_full_stop() {
        assert_eq!(
            cloud_links("See (https://onedrive.live.com/edit?id=1).", false, 9),
            ["https://onedrive.live.com/edit?id=1"]
        );
    }

    #[test]
    fn shown_images_are_known_by_their_id() {
        let mut shown = HashSet::new();
        shown_ids(r#"<img src="CID:a%40b"><td style="background:url(cid:c@d)"> acid: x"#, &mut shown);
        assert_eq!(shown, HashSet::from(["a@b".to_owned(), "c@d".to_owned()]));
    }
}
