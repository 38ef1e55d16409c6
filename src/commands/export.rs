//! `spaceport export`: writes live objects as documents that a plan calls equal. Sends no write.
//!
//! Never overwrites a file. Deliberately not here: what becomes a document (see `show::export`).

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::Global;
use crate::commands::outfile::unwritable;
use crate::commands::session::{Session, world};
use crate::commands::{environment, notice, print, runtime, tell};
use crate::decide::ledger::Ledger;
use crate::exit::{self, Stop};
use crate::kinds::{self, Kind, List};
use crate::show::export::back;
use crate::show::export::files::File;
use crate::show::export::glob::Glob;
use crate::show::export::proof::{self, Project};
use crate::show::export::{Export, Input};
use crate::show::text::{self, count};
use crate::show::{Style, redact};
use crate::there::live::Live;
use crate::want::config::Choice;
use crate::want::source;
use crate::want::yaml::layout;
use crate::words::Addr;
use crate::words::finding::did_you_mean;

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only these objects, with `*` for anything: 'port.blueprint.*'
    #[arg(value_name = "ADDR-GLOB")]
    pub globs: Vec<Glob>,
    /// Write live values back into the file of this object
    #[arg(long, value_name = "ADDR", conflicts_with_all = ["globs", "out"])]
    pub path: Option<Addr>,
    /// Write references in place of the ids of webhooks and spaces
    #[arg(long)]
    pub with_references: bool,
    /// Write files below this folder, one for each object [default: stdout]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Runs the command.
pub fn run(global: &Global, arguments: &Arguments) -> Result<u8, Stop> {
    runtime()?.block_on(async {
        let session = Session::even_empty(global).await?;
        let done = export(global, arguments, &session).await;
        session.stage.strike().await;
        done
    })
}

async fn export(global: &Global, arguments: &Arguments, session: &Session) -> Result<u8, Stop> {
    let (live, ledger) = survey(session, &arguments.globs).await?;
    let prefix = match &arguments.out {
        Some(out) => prefix(global, out)?,
        None => None,
    };
    let (folder, _) = source::load(&global.config);
    let choice = Choice {
        environment: global.environment.clone(),
        variables: global.variables.iter().cloned().collect(),
    };
    let input = Input {
        desired: &session.desired,
        live: &live,
        ledger: &ledger,
        globs: &arguments.globs,
        with_references: arguments.with_references,
    };
    let project = Project {
        folder: &folder,
        choice: &choice,
        env: &environment(),
    };
    if let Some(addr) = &arguments.path {
        return write_back(global, input, project, addr);
    }
    let (made, files) = proof::proven(input, project, prefix.as_deref().unwrap_or_default());
    unmatched(arguments, &made, &live)?;
    match &arguments.out {
        None => print(&layout::stream(
            &made.documents.iter().map(|d| d.value()).collect::<Vec<_>>(),
        )),
        Some(out) => {
            let files: Vec<&File> = files.iter().flatten().collect();
            write_all(out, &files)?;
        }
    }
    tell_about(global, arguments, &made, &live);
    if let (Some(out), Some(prefix)) = (&arguments.out, &prefix)
        && prefix.split('/').any(|part| part.starts_with('.'))
    {
        notice(&format!(
            "Folders that begin with a dot are not read: `{}` is no part of the project yet.",
            out.display()
        ));
    }
    Ok(exit::DONE)
}

/// Writes live values into the file that has an object.
fn write_back(global: &Global, input: Input, project: Project, addr: &Addr) -> Result<u8, Stop> {
    let Some(object) = input.desired.objects.get(addr) else {
        let names: Vec<String> = input.desired.objects.keys().map(Addr::to_string).collect();
        let near = did_you_mean(&addr.to_string(), names.iter().map(String::as_str));
        let message = format!("--path: `{addr}` is not in the project");
        return Err(Stop::new(exit::USAGE, message).help(near));
    };
    let back = back::back(input, project, object).map_err(|why| {
        Stop::new(exit::FINDINGS, why).help("nothing was written; edit the file by hand".to_owned())
    })?;
    for file in &back.files {
        let path = global.config.join(&file.path);
        source::replace(&global.config, &file.path, &file.text)
            .map_err(|error| unwritable(&path, &error))?;
    }
    let told = back.written.iter().filter(|_| !global.quiet);
    for at in told {
        notice(&format!("`{addr}`: `{at}` is now what live has."));
    }
    for (at, why) in &back.left {
        notice(&format!(
            "`{addr}`: `{at}` differs and was left alone: {why}."
        ));
    }
    if back.written.is_empty() && back.left.is_empty() && !global.quiet {
        notice(&format!("`{addr}` says what live has."));
    }
    Ok(exit::DONE)
}

/// Reads everything that can be exported, and the ledger.
async fn survey(session: &Session, globs: &[Glob]) -> Result<(Live, Ledger), Stop> {
    let endpoints = &session.stage.endpoints;
    let there = |kind: &&'static dyn Kind| match kind.service() {
        crate::words::Service::Port => endpoints.port.is_some(),
        crate::words::Service::Spacelift => endpoints.spacelift.is_some(),
    };
    let all = kinds::ALL.iter().copied().filter(there);
    let (each, listed): (Vec<_>, Vec<_>) =
        all.partition(|kind| matches!(kind.list(), List::PortEach { .. }));
    let (mut live, loaded) = session.read(&listed, false).await?;
    let ledger = session.ledger(loaded.ledger)?;
    let mut had = BTreeSet::new();
    for kind in each {
        let wanted = globs.is_empty() || globs.iter().any(|glob| glob.may_name(kind.name()));
        if let (List::PortEach { of, .. }, true) = (kind.list(), wanted) {
            had.extend(live.of_kind(of).map(|seen| (kind.name(), seen.id.clone())));
        }
    }
    let further = session.reader.complete(&mut live, &listed, &had);
    further.await.map_err(world)?;
    Ok((live, ledger))
}

/// What leads from the project's folder to the folder of the export, `/` at its end; `None` when it
/// lies elsewhere, so that it is a project of its own.
fn prefix(global: &Global, out: &Path) -> Result<Option<String>, Stop> {
    fs::create_dir_all(out).map_err(|error| unwritable(out, &error))?;
    let real = |path: &Path| {
        path.canonicalize()
            .map_err(|error| unwritable(path, &error))
    };
    let (root, folder) = (real(&global.config)?, real(out)?);
    let Ok(inside) = folder.strip_prefix(root) else {
        return Ok(None);
    };
    let parts = inside.components().map(|part| {
        let part = part.as_os_str().to_str();
        part.map(|part| format!("{part}/"))
    });
    match parts.collect::<Option<String>>() {
        Some(prefix) => Ok(Some(prefix)),
        None => Err(Stop::new(
            exit::USAGE,
            format!("the path `{}` is not UTF-8 text", out.display()),
        )),
    }
}

/// A pattern that fits nothing is a mistake.
fn unmatched(arguments: &Arguments, made: &Export, live: &Live) -> Result<(), Stop> {
    if arguments.globs.is_empty() || !made.is_empty() {
        return Ok(());
    }
    let globs: Vec<&str> = arguments.globs.iter().map(Glob::text).collect();
    let names = live
        .iter()
        .map(|(kind, seen)| format!("{kind}.{}", seen.id));
    let names: Vec<String> = names.collect();
    let near = did_you_mean(globs[0], names.iter().map(String::as_str));
    Err(Stop::new(exit::USAGE, format!("nothing live fits {}", list(&globs))).help(near))
}

/// Says what was done, what was not, and what has to be provided.
fn tell_about(global: &Global, arguments: &Arguments, made: &Export, live: &Live) {
    if global.quiet {
        return;
    }
    let where_to = match &arguments.out {
        Some(out) => format!(" to `{}`", out.display()),
        None => String::new(),
    };
    notice(&format!(
        "Exported {}{where_to}.",
        count(made.documents.len(), "object", "objects")
    ));
    if made.known > 0 {
        let are = if made.known == 1 { "is" } else { "are" };
        notice(&format!(
            "{} {are} in the project already and left out; name them to export them all the same.",
            count(made.known, "object", "objects")
        ));
    }
    for ((kind, why), number) in &made.ordinary {
        notice(&format!(
            "{} left out, because they only say that {why}; `spaceport export '{kind}.*'` exports them.",
            count(*number, "object", "objects"),
        ));
    }
    for (kind, said) in &live.refused {
        notice(&format!("`{kind}` objects could not be read: {said}"));
    }
    for (addr, why) in &made.left_out {
        notice(&redact::text(&format!("Not exported: `{addr}`: {why}.")));
    }
    for document in &made.documents {
        for at in &document.ignore {
            notice(&format!(
                "`{}`: `{at}` holds a credential. It is not written; `lifecycle.ignore` leaves it as it is. Better keep it in a secret.",
                document.addr
            ));
        }
        for at in &document.unknown {
            notice(&format!(
                "`{}`: this version does not know `{at}`; it is left out, and a change of the object would remove it.",
                document.addr
            ));
        }
    }
    let names: Vec<&String> = made
        .documents
        .iter()
        .flat_map(|document| document.secrets.iter().map(|(_, name)| name))
        .collect();
    if !names.is_empty() {
        notice(
            "Texts of secrets cannot be read. These variables have to be set before one is sent:",
        );
        let columns = Style::default().width;
        for document in &made.documents {
            for (at, name) in &document.secrets {
                let (name, place) = (text::escape(name), format!("{} {at}", document.addr));
                let lines = text::wrap(&format!("  {name}  "), &text::escape(&place), columns);
                match lines.as_slice() {
                    [line] => tell(line),
                    _ => tell(&format!("  {name}\n      {}", text::escape(&place))),
                }
            }
        }
    }
    if !made.untold.is_empty() {
        notice(&format!(
            "Whether {} a secret is not told by Spacelift. None is written, which keeps what is there.",
            match made.untold.as_slice() {
                [one] => format!("`{one}` has"),
                several => format!("{} webhooks have", several.len()),
            }
        ));
    }
}

/// Writes new files below a folder; nothing is written when one of them is there already.
fn write_all(out: &Path, files: &[&File]) -> Result<(), Stop> {
    let there: Vec<String> = files
        .iter()
        .filter(|file| out.join(&file.path).symlink_metadata().is_ok())
        .map(|file| file.path.clone())
        .collect();
    if !there.is_empty() {
        let shown: Vec<&str> = there.iter().map(String::as_str).take(5).collect();
        let more = there.len().saturating_sub(shown.len());
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        return Err(Stop::new(
            exit::FINDINGS,
            format!("`{}` has {}{more} already", out.display(), list(&shown)),
        )
        .help("nothing was written; choose another folder, or remove what is old".to_owned()));
    }
    let root = out
        .canonicalize()
        .map_err(|error| unwritable(out, &error))?;
    for file in files {
        let path = out.join(&file.path);
        let fail = |error: std::io::Error| unwritable(&path, &error);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(fail)?;
            if !folder.canonicalize().map_err(fail)?.starts_with(&root) {
                return Err(Stop::new(
                    exit::FINDINGS,
                    format!("`{}` leads out of `{}`", folder.display(), out.display()),
                )
                .help("remove the symbolic link, or choose another folder".to_owned()));
            }
        }
        let opened = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path);
        let mut new = opened.map_err(fail)?;
        new.write_all(file.text.as_bytes()).map_err(fail)?;
    }
    Ok(())
}

fn list(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
