//! `affiant demo`: the whole main job on the built-in simulated tenant, over real HTTP, with the real verbs.
//!
//! Every step is a command line that is shown, parsed and run like one that was typed; only the tenant is
//! simulated, and the person who signs in.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Parser as _;

use super::desk::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::{Cli, login};
use crate::cloud::Cloud;
use crate::config::{Dns, Settings};
use crate::dns::Resolver;
use crate::session::{Flow, Prompt, Session, SignIn, Store, StoreKind};
use crate::simulator::{Options, Simulator, start};

/// Who signs in; has Full Access to some mailboxes and not to others.
const PARALEGAL: &str = "paula.quist@brackwater.example";
const READY: [&str; 3] =
    ["mara.okafor@brackwater.example", "jonas.weber@brackwater.example", "iduarte@brackwater.example"];
const REFUSED: &str = "petra.novak@brackwater.example";
const RANGE: &str = "--from 2024-01-01 --to 2024-03-31 --zone Europe/Berlin --matter \"Kestrel\" --yes";

/// Run the whole job on a built-in simulated tenant
///
/// Signs in, lists users, checks delegation, collects three custodians (two as .eml files, one as ZIP), verifies.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  affiant demo --out /tmp/affiant-demo\n\nEnds with exit code 3: some messages of the tenant cannot be rendered by the service, and the record names them."
)]
pub(super) struct Args {
    /// Folder for the packages [default: a new folder affiant-demo here]
    #[arg(long, value_name = "DIR")]
    out: Option<Utf8PathBuf>,
    /// Keep the simulated tenant running at the end, for trying things
    #[arg(long)]
    keep_running: bool,
}

/// Runs the demo.
pub(super) async fn run(args: Args, outer: &Desk) -> Result<Exit, Failure> {
    let out = match args.out {
        Some(out) => out,
        None => new_folder()?,
    };
    std::fs::create_dir_all(&out).map_err(|error| {
        Failure::failed(format!("{out} cannot be made: {}", error.kind()), "give a folder you can write to with --out")
    })?;
    let simulator = start(Options { device_interval: 1, ..Options::new(outer.clock.clone()) }).await?;
    let desk = outer.with(settings(outer, &simulator)?, Store::new(out.clone(), StoreKind::Memory));
    let stage = Stage { desk: &desk };
    stage.say(&format!(
        "A simulated Microsoft 365 tenant, {}, answers at {}.",
        simulator.tenant_name(),
        simulator.origin()
    ));
    sign_in(&stage, &simulator).await?;
    stage.step("Who is in the tenant?", "users").await?;
    stage
        .step(
            "Can their mailboxes be read? One cannot, and the advice says what to do.",
            &format!("check {} {REFUSED}", READY.join(" ")),
        )
        .await?;
    let (eml, zip) = (out.join("mara-and-jonas"), out.join("ines-zip"));
    let [mara, jonas, ines] = READY;
    let first = stage
        .step(
            "Collect two custodians as .eml files.",
            &format!("collect {mara} {jonas} {RANGE} --out {}", quoted(&eml)),
        )
        .await?;
    let second = stage
        .step(
            "Collect a third one as ZIP volumes.",
            &format!("collect {ines} {RANGE} --format zip --out {}", quoted(&zip)),
        )
        .await?;
    let mut verified = Exit::Complete;
    for package in [&eml, &zip] {
        let exit = stage.step("Verify, from the package alone.", &format!("verify {}", quoted(package))).await?;
        verified = if exit == Exit::Complete { verified } else { exit };
    }
    let reports = super::report::beside(&eml, "report");
    if verified == Exit::Complete && reports.symlink_metadata().is_err() {
        let line = format!("report {}", quoted(&eml));
        stage.step("Report what was done, for those who read and do not query.", &line).await?;
    }
    let exit = if verified == Exit::Complete { worse(first, second) } else { verified };
    closing(&stage, &simulator, &eml, &zip, exit);
    if args.keep_running {
        stage.say("The simulated tenant keeps running until Ctrl-C.");
        tokio::select! {
            () = simulator.wait() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    } else {
        simulator.stop().await;
    }
    Ok(exit)
}

/// The demo's own cloud: nothing of the person's settings but the limits, and no waiting for minutes.
fn settings(outer: &Desk, simulator: &Simulator) -> Result<Settings, Failure> {
    let cloud =
        Cloud::custom(simulator.origin(), simulator.origin()).map_err(|error| Failure::new(Exit::Failed, &error))?;
    let mut limits = crate::graph::Limits::for_cloud(&cloud);
    // The tenant's failures are simulated, and nobody wants to wait for those.
    limits.first_pause = Duration::from_millis(100);
    let dns = Dns::At(Resolver::from(simulator.dns()));
    Ok(Settings { cloud, ca: None, account: None, dns, limits, ..outer.settings.clone() })
}

async fn sign_in(stage: &Stage<'_>, simulator: &Simulator) -> Result<(), Failure> {
    let (tenant, client_id) = (simulator.tenant_id(), simulator.client_id());
    stage.command(
        "Sign in, with a device code that the simulated person types.",
        &format!("login --flow device-code --tenant {tenant} --client-id {client_id}"),
    );
    let wanted = SignIn::new(&stage.desk.settings.cloud, tenant, client_id, Flow::DeviceCode);
    let show = |prompt: &Prompt| {
        login::shown(prompt, false, false);
        if let Prompt::Code { user_code, .. } = prompt {
            simulator.approve(user_code, PARALEGAL);
        }
    };
    let session = Session::sign_in(&wanted, stage.desk.store.clone(), stage.desk.clock.clone(), &show).await?;
    let identity = super::whoami::Identity::of(&session, (stage.desk.clock)());
    stage.desk.print(&super::whoami::described(&identity, (stage.desk.clock)()));
    Ok(())
}

struct Stage<'a> {
    desk: &'a Desk,
}

impl Stage<'_> {
    fn say(&self, text: &str) {
        self.desk.print(&format!("{text}\n"));
    }

    fn command(&self, why: &str, line: &str) {
        self.say(&format!("\n== {why}\n$ affiant {line}\n"));
    }

    /// Shows a command line and runs it as if it had been typed.
    async fn step(&self, why: &str, line: &str) -> Result<Exit, Failure> {
        self.command(why, line);
        let words = std::iter::once("affiant".to_owned()).chain(words(line));
        let cli = Cli::try_parse_from(words)
            .map_err(|_| Failure::failed("a step of the demo cannot be parsed", "please report this"))?;
        Box::pin(super::perform(cli.verb, self.desk)).await
    }
}

/// Splits a command line at spaces outside double quotes.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match (c, quoted) {
            ('"', _) => quoted = !quoted,
            (' ', false) => words.push(String::new()),
            (c, _) => words.iter_mut().last().into_iter().for_each(|word| word.push(c)),
        }
    }
    words
}

fn quoted(path: &Utf8Path) -> String {
    format!("\"{path}\"")
}

const fn worse(first: Exit, second: Exit) -> Exit {
    match (first, second) {
        (Exit::Complete | Exit::Exceptions, Exit::Complete) => first,
        (Exit::Complete | Exit::Exceptions, other) | (other, _) => other,
    }
}

fn closing(stage: &Stage<'_>, simulator: &Simulator, eml: &Utf8Path, zip: &Utf8Path, exit: Exit) {
    let counts = simulator.request_counts();
    stage.say(&format!(
        "\n== What to look at\n\
         {eml}-report/acquisition-report.html   what a lawyer reads; open it in a browser\n\
         {eml}-report/acquisition-report.pdf    the same on paper\n\
         {eml}/data/NATIVES/VOL001/0001/        the messages, as the service rendered them\n\
         {eml}/affiant/manifest.sqlite          items, families, exceptions, balance, every request\n\
         {eml}/affiant/log.jsonl                the custody log\n\
         {zip}/data/VOL001.zip                  the same as a ZIP volume\n\n\
         == Check it without Affiant\n\
         cd {eml} && sha256sum --quiet -c manifest-sha256.txt && sha256sum --quiet -c tagmanifest-sha256.txt\n\
         sqlite3 -readonly {eml}/affiant/manifest.sqlite \"select code, severity, detail from exception\"\n\
         sqlite3 -readonly {eml}/affiant/manifest.sqlite \"select domain, header_ok, body_ok from auth_result\"\n\
         sqlite3 -readonly {eml}/affiant/manifest.sqlite \"select control_number, source_kind, item_class from item where source_kind <> 'mime_value'\"\n\
         unzip -tq {zip}/data/VOL001.zip\n\
         python3 schemas/verify.py {eml}\n\n\
         The tenant was asked {} times, {} of them to change something.",
        counts.total, counts.writes
    ));
    if exit == Exit::Exceptions {
        stage.say(
            "\nExit code 3: everything listed is accounted for, but the service could not render some messages.\n\
             Affiant rebuilt those from their properties, labelled them, and names them as exceptions.",
        );
    }
}

/// `affiant-demo`, or the first `affiant-demo-N` that is not there yet.
fn new_folder() -> Result<Utf8PathBuf, Failure> {
    let names = std::iter::once("affiant-demo".to_owned()).chain((2..1000).map(|n| format!("affiant-demo-{n}")));
    let free = names.map(Utf8PathBuf::from).find(|path| !path.exists());
    free.ok_or_else(|| Failure::usage("there are too many affiant-demo folders here", "remove some, or give --out"))
}
