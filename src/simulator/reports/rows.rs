//! One person's rows in a report about people.

use crate::simulator::person::Person;
use crate::simulator::tenant::{Mailbox, Standing};
use crate::simulator::world::World;

use super::activity::{ALL, Days, Service};
use super::columns::{APPS, PLATFORMS, Report};
use super::date;

/// Who is asked for whom.
pub(super) struct Desk<'a> {
    pub(super) world: &'a World,
    pub(super) report: Report,
    pub(super) days: Days,
    pub(super) person: &'a Person,
}

/// The rows of one person without the refresh date; none for whoever is not in this report.
pub(super) fn of(desk: &Desk<'_>) -> Vec<Vec<String>> {
    let row = match desk.report {
        Report::Email => desk.email(),
        Report::Mailbox => desk.mailbox(),
        Report::Active => desk.active(),
        Report::Activations => return desk.activations(),
        Report::Apps => desk.apps(),
        Report::Teams => desk.teams(),
        Report::OneDrive => desk.one_drive(),
        Report::SharePoint => desk.share_point(),
        Report::EmailApps => desk.email_apps(),
        Report::ActivationCounts | Report::ActivationUserCounts | Report::Services | Report::Quota => None,
    };
    row.into_iter().collect()
}

fn truth(is: bool) -> String {
    if is { "True" } else { "False" }.to_owned()
}

fn yes(is: bool) -> String {
    if is { "Yes" } else { "No" }.to_owned()
}

fn day(day: Option<i64>) -> String {
    day.map(date).unwrap_or_default()
}

impl Desk<'_> {
    fn licensed(&self, service: Service) -> bool {
        service.licensed(self.person, &self.world.tenant.estate)
    }

    fn last(&self, service: Service) -> Option<i64> {
        self.days.last_activity(self.person, service).filter(|_| self.licensed(service))
    }

    fn count(&self, service: Service, matter: &str, per_day: u64) -> String {
        self.days.count(self.person, self.last(service), matter, per_day).to_string()
    }

    /// Name, display name, not deleted.
    fn whose(&self) -> Vec<String> {
        vec![self.person.upn().to_owned(), self.person.text("displayName").to_owned(), truth(false), String::new()]
    }

    /// The products as reports join them.
    fn products(&self) -> String {
        let skus = self.person.skus(&self.world.tenant.estate);
        skus.iter().map(|sku| sku.product.as_str()).collect::<Vec<_>>().join("+")
    }

    fn email(&self) -> Option<Vec<String>> {
        let shared = self.own_mailbox().is_some_and(|mailbox| mailbox.kind != "user");
        if !self.licensed(Service::Exchange) || shared {
            return None;
        }
        let n = |matter, per_day| self.count(Service::Exchange, matter, per_day);
        let counts = [n("send", 12), n("receive", 40), n("read", 35), n("meetings made", 1), n("meetings", 3)];
        let dates = [day(self.last(Service::Exchange))];
        Some([self.whose(), dates.to_vec(), counts.to_vec(), vec![self.products(), self.days.period()]].concat())
    }

    fn own_mailbox(&self) -> Option<&Mailbox> {
        match self.world.tenant.users.get(self.person.at)?.mailbox {
            Standing::Mailbox(at) => self.world.tenant.mailboxes.get(at),
            _ => None,
        }
    }

    fn mailbox(&self) -> Option<Vec<String>> {
        let own = self.own_mailbox();
        if own.is_none() && !self.licensed(Service::Exchange) {
            return None;
        }
        let mut chance = self.days.chance(self.person, "mailbox");
        let kind = own.map_or("user", |mailbox| mailbox.kind.as_str());
        let (items, bytes, deleted, deleted_bytes) = match own {
            Some(mailbox) => sizes(mailbox),
            None => {
                let items = 200 + chance.below(90_000);
                (items, items * (20_000 + chance.below(60_000)), items / 40, items * 900)
            }
        };
        let last = self.last(Service::Exchange).filter(|_| kind == "user");
        let created = self.person.text("createdDateTime").split('T').next().unwrap_or_default().to_owned();
        let archive = chance.below(5) == 0 && kind == "user";
        let quotas = ["105226698752", "106300440576", "107374182400"].map(str::to_owned);
        let restated = self.days.restated;
        let recipient = match kind {
            "shared" => "Shared",
            "room" => "Room",
            "equipment" => "Equipment",
            _ => "User",
        };
        let filled = vec![created, day(last), (items + restated).to_string(), (bytes + restated).to_string()];
        let bin = [deleted.to_string(), deleted_bytes.to_string(), "32212254720".to_owned()];
        let end = vec![truth(archive), recipient.to_owned(), self.days.period()];
        Some([self.whose(), filled, quotas.to_vec(), bin.to_vec(), end].concat())
    }

    fn active(&self) -> Option<Vec<String>> {
        if self.person.skus(&self.world.tenant.estate).is_empty() {
            return None;
        }
        let has: Vec<bool> = ALL.iter().map(|service| self.licensed(*service)).collect();
        let last = ALL.iter().map(|service| day(self.last(*service)));
        let since = has.iter().map(|has| if *has { "2021-03-01".to_owned() } else { String::new() });
        let has = has.iter().map(|has| truth(*has));
        Some(self.whose().into_iter().chain(has).chain(last).chain(since).chain([self.products()]).collect())
    }

    /// One row for each product that is installed.
    fn activations(&self) -> Vec<Vec<String>> {
        const TYPES: [(&str, &str); 3] = [
            ("OFFICESUBSCRIPTION", "MICROSOFT 365 APPS FOR ENTERPRISE"),
            ("PROJECT_CLIENT_SUBSCRIPTION", "PROJECT ONLINE DESKTOP CLIENT"),
            ("VISIO_CLIENT_SUBSCRIPTION", "VISIO ONLINE PLAN 2"),
        ];
        let skus = self.person.skus(&self.world.tenant.estate);
        let has = |name: &str| skus.iter().any(|sku| sku.plans.iter().any(|plan| plan.name == name));
        let row = |(plan, product): (&str, &str)| {
            let mut chance = self.days.chance(self.person, plan);
            let [windows, mac, ios, android] =
                [chance.below(3), chance.below(4) / 3, chance.below(2), chance.below(4) / 3];
            let any = windows + mac + ios + android > 0;
            let ago = i64::try_from(chance.below(300)).unwrap_or_default();
            let when = day(any.then_some(self.days.at_start - ago));
            let name = vec![self.person.upn().to_owned(), self.person.text("displayName").to_owned()];
            let counts = [windows, mac, 0, ios, android].map(|n| n.to_string());
            [name, vec![product.to_owned(), when], counts.to_vec(), vec![truth(false)]].concat()
        };
        TYPES.into_iter().filter(|(plan, _)| has(plan)).map(row).collect()
    }

    fn apps(&self) -> Option<Vec<String>> {
        if !self.person.has_service(&self.world.tenant.estate, "MicrosoftOffice") {
            return None;
        }
        let last = self.last(Service::Exchange);
        let active = self.days.is_active(last);
        let mut chance = self.days.chance(self.person, "apps");
        let mut cells = Vec::new();
        for _ in 0..PLATFORMS.len() * APPS.len() {
            cells.push(active && chance.below(3) == 0);
        }
        let on = |platform: usize| cells.chunks(APPS.len()).nth(platform).is_some_and(|apps| apps.contains(&true));
        let of = |app: usize| cells.iter().skip(app).step_by(APPS.len()).any(|used| *used);
        let ago = i64::try_from(chance.below(300)).unwrap_or_default();
        let activated = (chance.below(8) > 0).then_some(self.days.at_start - ago);
        let first = [self.person.upn().to_owned(), day(activated), day(last), self.days.period()];
        let platforms = (0..PLATFORMS.len()).map(|platform| yes(on(platform)));
        let apps = (0..APPS.len()).map(|app| yes(of(app)));
        Some(first.into_iter().chain(platforms).chain(apps).chain(cells.iter().map(|used| yes(*used))).collect())
    }

    fn teams(&self) -> Option<Vec<String>> {
        if !self.licensed(Service::Teams) {
            return None;
        }
        let n = |matter, per_day| self.days.count(self.person, self.last(Service::Teams), matter, per_day);
        let (organized, attended) = (n("organized", 1), n("attended", 3));
        let seconds = n("seconds", 3_000);
        let first = vec![self.person.id.clone(), self.person.upn().to_owned(), day(self.last(Service::Teams))];
        let first = [first, vec![truth(false), String::new(), self.products()]].concat();
        let counts =
            [n("team chat", 4), n("private chat", 15), n("calls", 1), organized + attended, organized, attended];
        let meetings = [0, 0, organized, attended, 0, 0];
        let length = |seconds: u64| format!("PT{seconds}S");
        let lengths = [length(seconds), length(0), length(0)];
        let numbers = counts.into_iter().chain(meetings).map(|n| n.to_string()).chain(lengths);
        let numbers = numbers.chain([seconds, 0, 0].map(|n| n.to_string()));
        let tenant = self.world.tenant.display_name.to_uppercase();
        let end = [yes(false), "0".to_owned(), n("posts", 2).to_string(), tenant, String::new()];
        let end = end.into_iter().chain([n("replies", 2).to_string(), yes(true), self.days.period()]);
        Some(first.into_iter().chain(numbers).chain(end).collect())
    }

    fn one_drive(&self) -> Option<Vec<String>> {
        if !self.licensed(Service::OneDrive) {
            return None;
        }
        let last = self.last(Service::OneDrive);
        let mut chance = self.days.chance(self.person, "drive");
        let files = chance.below(4_000);
        let host = self.world.tenant.domain.split('.').next().unwrap_or_default().to_owned();
        let site = self.person.upn().replace(['@', '.'], "_").to_lowercase();
        let active = self.days.count(self.person, last, "files", 2).min(files).to_string();
        Some(vec![
            format!("https://{host}-my.sharepoint.example/personal/{site}"),
            self.person.text("displayName").to_owned(),
            truth(false),
            day(last),
            files.to_string(),
            active,
            (files * 350_000 + self.days.restated).to_string(),
            "1099511627776".to_owned(),
            self.person.upn().to_owned(),
            self.days.period(),
        ])
    }

    fn share_point(&self) -> Option<Vec<String>> {
        if !self.licensed(Service::SharePoint) {
            return None;
        }
        let n = |matter, per_day| self.count(Service::SharePoint, matter, per_day);
        let first =
            vec![self.person.upn().to_owned(), truth(false), String::new(), day(self.last(Service::SharePoint))];
        let counts = vec![n("viewed", 5), n("synced", 2), n("inside", 1), "0".to_owned(), n("pages", 4)];
        Some([first, counts, vec![self.products(), self.days.period()]].concat())
    }

    fn email_apps(&self) -> Option<Vec<String>> {
        let shared = self.own_mailbox().is_some_and(|mailbox| mailbox.kind != "user");
        if !self.licensed(Service::Exchange) || shared {
            return None;
        }
        let last = self.last(Service::Exchange);
        let active = self.days.is_active(last);
        let mut chance = self.days.chance(self.person, "email apps");
        let mut used = |one_in: u64| if active && chance.below(one_in) == 0 { "Yes" } else { "" }.to_owned();
        let apps = vec![used(9), used(7), used(1), used(2), used(9), used(2), used(30), used(15), used(12)];
        Some([self.whose(), vec![day(last)], apps, vec![self.days.period()]].concat())
    }
}

/// Items and bytes of a mailbox, then those of Recoverable Items.
fn sizes(mailbox: &Mailbox) -> (u64, u64, u64, u64) {
    let mut sums = (0, 0, 0, 0);
    for (at, folder) in mailbox.folders.iter().enumerate().filter(|(_, folder)| !folder.search) {
        let mail = folder.mail.iter().filter_map(|n| mailbox.mail.get(*n as usize)).map(|mail| mail.bytes);
        let made = folder.batches.iter().filter_map(|batch| mailbox.batches.get(*batch));
        let made = made.map(|made| made.count.saturating_mul(made.mean_bytes)).sum::<u64>();
        let items = mailbox.message_count(at) + folder.other_items;
        let bytes = mail.sum::<u64>() + made + folder.other_items * 4_000;
        if folder.outside_root {
            sums = (sums.0, sums.1, sums.2 + items, sums.3 + bytes);
        } else {
            sums = (sums.0 + items, sums.1 + bytes, sums.2, sums.3);
        }
    }
    sums
}
