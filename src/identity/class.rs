//! The item class that Exchange gives a message of this form, read backwards from its MIME (MS-OXCMAIL 2.2.3).
//!
//! A best guess: the store's own word, where Graph gives one, is better. It must not know Graph.

use super::charset;
use super::families::Leaf;
use super::headers::{Headers, unfold};
use super::protection::is_smime;
use super::structure::Tree;
use super::transfer::decoded;

/// The class of the whole message, `IPM.Note` where nothing says otherwise.
pub(super) fn item_class(tree: &Tree<'_>) -> String {
    let Some(root) = tree.entities.first() else {
        return "IPM.Note".to_owned();
    };
    let leaves = || tree.of_message(0).filter_map(|index| Leaf::of(tree, index));
    let class = match root.media.token.as_str() {
        "multipart/signed" => "IPM.Note.SMIME.MultipartSigned",
        token if is_smime(token) => "IPM.Note.SMIME",
        "multipart/report" => leaves().find_map(|leaf| report(&leaf)).unwrap_or("IPM.Note"),
        _ => {
            let calendar = leaves().find(|leaf| leaf.entity.media.token == "text/calendar" && !leaf.is_attachment());
            calendar.and_then(|leaf| meeting(&leaf)).or_else(|| content_class(&root.headers)).unwrap_or("IPM.Note")
        }
    };
    class.to_owned()
}

fn report(leaf: &Leaf<'_, '_>) -> Option<&'static str> {
    let token = leaf.entity.media.token.as_str();
    let delivery = matches!(token, "message/delivery-status" | "message/global-delivery-status");
    let reading = matches!(token, "message/disposition-notification" | "message/global-disposition-notification");
    if !delivery && !reading {
        return None;
    }
    let text = text_of(leaf);
    let fields = |name: &'static str| {
        text.lines().filter_map(move |line| {
            let (found, value) = line.split_once(':')?;
            found.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_ascii_lowercase())
        })
    };
    if reading {
        let deleted = fields("Disposition").any(|value| value.contains("deleted"));
        return Some(if deleted { "REPORT.IPM.Note.IPNNRN" } else { "REPORT.IPM.Note.IPNRN" });
    }
    let has = |action: &str| fields("Action").any(|value| value.starts_with(action));
    Some(match () {
        () if has("failed") => "REPORT.IPM.Note.NDR",
        () if has("delayed") => "REPORT.IPM.Note.Delayed.DR",
        () if has("relayed") => "REPORT.IPM.Note.Relayed.DR",
        () if has("expanded") => "REPORT.IPM.Note.Expanded.DR",
        () if has("delivered") => "REPORT.IPM.Note.DR",
        () => "REPORT.IPM.Note.NDR",
    })
}

fn meeting(leaf: &Leaf<'_, '_>) -> Option<&'static str> {
    let text = text_of(leaf).replace("\r\n ", "").replace("\n ", "").to_ascii_uppercase();
    let stated = leaf.entity.media.text("method").map(|method| method.trim().to_ascii_uppercase());
    let method =
        stated.or_else(|| text.lines().find_map(|line| line.strip_prefix("METHOD:")).map(|m| m.trim().to_owned()));
    match method?.as_str() {
        "REQUEST" => Some("IPM.Schedule.Meeting.Request"),
        "CANCEL" => Some("IPM.Schedule.Meeting.Canceled"),
        "REPLY" if text.contains("PARTSTAT=ACCEPTED") => Some("IPM.Schedule.Meeting.Resp.Pos"),
        "REPLY" if text.contains("PARTSTAT=DECLINED") => Some("IPM.Schedule.Meeting.Resp.Neg"),
        "REPLY" | "COUNTER" => Some("IPM.Schedule.Meeting.Resp.Tent"),
        _ => None,
    }
}

fn content_class(headers: &Headers<'_>) -> Option<&'static str> {
    let class = charset::lenient(&unfold(headers.first("Content-Class")?)).to_ascii_lowercase();
    match class.as_str() {
        "voice" => Some("IPM.Note.Microsoft.Voicemail.UM"),
        "voice-ca" => Some("IPM.Note.Microsoft.Voicemail.UM.CA"),
        "missedcall" => Some("IPM.Note.Microsoft.Missed.Voice"),
        "fax" => Some("IPM.Note.Microsoft.Fax"),
        "fax-ca" => Some("IPM.Note.Microsoft.Fax.CA"),
        _ => None,
    }
}

fn text_of(leaf: &Leaf<'_, '_>) -> String {
    let content = decoded(leaf.entity.encoding, leaf.entity.raw);
    charset::lenient(&content).into_owned()
}
