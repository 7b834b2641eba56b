//! What can be wrong with usage reports: their links, their files, the names in them, and who may ask.

use super::catalogue::{Entry, entry};
use super::effect::{Effect, Names, Point, Sheet};

const REPORT: &[Point] = &[Point::Report];
const FILE: &[Point] = &[Point::Download];
const PREMIUM: &[Point] = &[Point::Premium];
const SETTINGS: &[Point] = &[Point::ReportSettings];

pub(super) const REPORTS: &[Entry] = &[
    entry("report-direct", REPORT, Effect::Direct, 0, "a report's file at once, with status 200, instead of a link"),
    entry(
        "report-foreign",
        REPORT,
        Effect::Location("https://reports.elsewhere.invalid"),
        0,
        "a link to a host that is none of the service's",
    ),
    entry(
        "report-http",
        REPORT,
        Effect::Location("http://reports.elsewhere.invalid"),
        0,
        "a link without encryption to another host",
    ),
    entry("report-loop", FILE, Effect::Loop, 0, "the download host sends back to itself without end"),
    entry(
        "report-expired",
        FILE,
        Effect::Status(403, "MissingCredentials", "Valid Authorization header is needed."),
        1,
        "a link that has expired when it is opened",
    ),
    entry("report-html", FILE, Effect::Html(200), 1, "a page of HTML instead of a report's file"),
    entry("report-cut", FILE, Effect::Cut, 1, "the connection breaks in the middle of a report's file"),
    entry("report-short", FILE, Effect::Short, 1, "half of a report's file, ended as if it were whole"),
    entry(
        "report-hiccup",
        REPORT,
        Effect::Status(404, "UnknownError", ""),
        1,
        "404 UnknownError without a text, as the report service has its moments",
    ),
    entry(
        "role-missing",
        &[Point::Report, Point::ReportSettings],
        Effect::Status(403, "Authentication_RequestFromUnsupportedUserRole", "User is not in the allowed roles"),
        0,
        "the signed-in person has no role for reports",
    ),
    entry(
        "scope-missing",
        &[Point::Report, Point::ReportSettings],
        Effect::Status(403, "S2SUnauthorized", "Invalid scope claims/roles."),
        0,
        "the token has no permission for reports",
    ),
    entry(
        "non-premium",
        PREMIUM,
        Effect::Status(
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
        ),
        0,
        "the tenant has no Entra P1 or P2",
    ),
    entry(
        "unsupported-cloud",
        REPORT,
        Effect::Status(400, "BadRequest", "Resource not found for the segment 'reports'."),
        0,
        "a cloud that does not have these reports",
    ),
    entry("settings-wrapped", SETTINGS, Effect::Wrap, 0, "the reports' setting inside a member named value"),
    entry("csv-no-bom", FILE, Effect::Sheet(Sheet::NoBom), 0, "a report without a byte-order mark"),
    entry(
        "csv-ragged",
        FILE,
        Effect::Sheet(Sheet::Ragged),
        0,
        "a report where every 50th row has two fields too many or too few",
    ),
    entry("csv-bad", FILE, Effect::Sheet(Sheet::Bad), 0, "a report where no row has as many fields as the header"),
    entry("csv-permuted", FILE, Effect::Sheet(Sheet::Permuted), 0, "a report with its columns the other way round"),
    entry("csv-twice", FILE, Effect::Sheet(Sheet::Twice), 0, "a report with one column name twice"),
    entry("csv-unknown", FILE, Effect::Sheet(Sheet::Unknown), 0, "a report with columns nobody has heard of"),
    entry("csv-missing", FILE, Effect::Sheet(Sheet::Missing), 0, "a report without its optional columns"),
    entry("csv-nameless", FILE, Effect::Sheet(Sheet::Nameless), 0, "a report without the column that names people"),
    entry("csv-header", FILE, Effect::Sheet(Sheet::HeaderOnly), 0, "a report with a header and no rows"),
    entry("csv-empty", FILE, Effect::Sheet(Sheet::Empty), 0, "a report's file without a byte"),
    entry("csv-blank", FILE, Effect::Sheet(Sheet::Blank), 0, "a report with blank lines between its rows"),
    entry("csv-lf", FILE, Effect::Sheet(Sheet::Lf), 0, "a report whose lines end in LF alone"),
    entry("csv-commas", FILE, Effect::Sheet(Sheet::Commas), 0, "display names with commas, quotes and line ends"),
    entry("csv-restated", FILE, Effect::Sheet(Sheet::Restated), 0, "other numbers for the same refresh date"),
    entry("csv-doubled", FILE, Effect::Sheet(Sheet::Doubled), 0, "every person stands in the report twice"),
    entry("names-real", FILE, Effect::Names(Names::Real), 0, "real names, whatever the tenant's setting says"),
    entry("names-hex", FILE, Effect::Names(Names::Hex), 0, "concealed names: 32 hexadecimal digits"),
    entry("names-long", FILE, Effect::Names(Names::Long), 0, "concealed names: 64 hexadecimal digits in small letters"),
    entry("names-guid", FILE, Effect::Names(Names::Guid), 0, "concealed names: GUIDs"),
    entry("names-base64", FILE, Effect::Names(Names::Base64), 0, "concealed names: base64"),
    entry("names-pii", FILE, Effect::Names(Names::Pii), 0, "concealed names: <PII:…>@ and the domain"),
    entry("names-unknown", FILE, Effect::Names(Names::Unknown), 0, "every name is (Unknown)"),
    entry("names-empty", FILE, Effect::Names(Names::Nothing), 0, "every name is empty"),
    entry("names-mixed", FILE, Effect::Names(Names::Mixed), 0, "every second person concealed"),
];
