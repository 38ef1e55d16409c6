//! Output: a plan, and what becomes of it, on stdout in the format that was asked for.
//!
//! Plan and apply share it. Deliberately not here: how anything looks in a format (see `show`).

use std::sync::{Mutex, PoisonError};

use crate::act::report::{Outcome, Report};
use crate::cli::Global;
use crate::commands::format::Format;
use crate::commands::project::{Stream, style};
use crate::commands::{print, step, tell};
use crate::decide::drift::Drift;
use crate::decide::ledger::Ledger;
use crate::decide::plan::{Change, Plan};
use crate::exit::Stop;
use crate::show::document::PlanDocument;
use crate::show::document::drift::DriftDocument;
use crate::show::document::report::ReportDocument;
use crate::show::graph::Diagram;
use crate::show::ingest::Waiting;
use crate::show::render::github::Spot;
use crate::show::render::{github, human, markdown};
use crate::show::text::inert_json;
use crate::show::{self, Header, Style};
use crate::want::desired::Desired;
use crate::words::Addr;

/// Where and how a command prints.
#[derive(Debug)]
pub struct Output<'a> {
    format: Format,
    style: Style,
    global: &'a Global,
    desired: &'a Desired,
    /// The one value that an apply prints at its end as JSON; `None` for a plan.
    report: Option<Mutex<Option<ReportDocument>>>,
}

impl<'a> Output<'a> {
    /// The output of a command about a project.
    pub fn new(global: &'a Global, format: Format, desired: &'a Desired) -> Self {
        Output {
            format,
            style: style(global, Stream::Out),
            global,
            desired,
            report: None,
        }
    }

    /// The same for an apply, whose plan is a part of its report.
    pub fn of_apply(global: &'a Global, format: Format, desired: &'a Desired) -> Self {
        Output {
            report: Some(Mutex::new(None)),
            ..Output::new(global, format, desired)
        }
    }

    /// Prints the report of an apply, where it is one value at the end.
    pub fn end(&self, requests: usize) {
        let Some(report) = self.report.as_ref().filter(|_| self.format == Format::Json) else {
            return;
        };
        self.note(report, |report| {
            if let Some(mut report) = report.take() {
                report.requests = requests;
                print(&json(&report));
            }
        });
    }

    fn note(
        &self,
        report: &Mutex<Option<ReportDocument>>,
        change: impl FnOnce(&mut Option<ReportDocument>),
    ) {
        change(&mut report.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Prints a plan.
    pub fn plan(&self, plan: &Plan, header: &Header) -> Result<(), Stop> {
        match self.format {
            Format::Human => print(&human::plan(plan, header, &self.style)),
            Format::Json => match &self.report {
                // One value at the end holds it all.
                Some(report) => self.note(report, |report| {
                    report.get_or_insert_with(|| {
                        ReportDocument::begun(PlanDocument::of(plan, header))
                    });
                }),
                None => print(&json(&PlanDocument::of(plan, header))),
            },
            Format::Markdown => print(&self.markdown(plan, header)),
            Format::Github => {
                print(&github::plan(plan, header, &|addr| self.spot(addr)));
                step::summarise(&self.markdown(plan, header))?;
            }
        }
        Ok(())
    }

    /// Prints what is not as the last apply left it.
    pub fn drift(&self, drift: &Drift, header: &Header, ledger: &Ledger) -> Result<(), Stop> {
        match self.format {
            Format::Human => print(&human::drift(drift, header, &self.style)),
            Format::Json => print(&json(&DriftDocument::of(drift, ledger))),
            Format::Markdown => print(&markdown::drift(drift, header)),
            Format::Github => {
                print(&github::drift(drift, &|addr| self.spot(addr)));
                step::summarise(&markdown::drift(drift, header))?;
            }
        }
        Ok(())
    }

    fn markdown(&self, plan: &Plan, header: &Header) -> String {
        let wiring = Diagram::of_plan_in(plan, self.desired);
        markdown::plan(plan, header, header.digest.as_deref(), &wiring)
    }

    /// Prints the plan that an apply ends with when it does not converge.
    pub fn again(&self, plan: &Plan, header: &Header) -> Result<(), Stop> {
        match (self.format, &self.report) {
            (Format::Json, Some(report)) => {
                self.note(report, |report| {
                    if let Some(report) = report {
                        report.left = Some(PlanDocument::of(plan, header));
                    }
                });
                return Ok(());
            }
            (Format::Human | Format::Markdown, _) => print("\n"),
            _ => {}
        }
        self.plan(plan, header)
    }

    /// Parts a plan from what becomes of it.
    pub fn begins(&self) {
        if self.format == Format::Human {
            print("\n");
        }
    }

    /// Says what became of one change, where people may be watching.
    pub fn progress(&self, column: human::Column, change: &Change, outcome: &Outcome) {
        if self.global.quiet {
            return;
        }
        let line = |style| human::progress(column, &change.addr, change.action, outcome, style);
        match self.format {
            Format::Human => print(&line(&self.style)),
            _ => tell(line(&style(self.global, Stream::Err)).trim_end()),
        }
    }

    /// Prints what became of an apply.
    pub fn report(&self, report: &Report) -> Result<(), Stop> {
        match self.format {
            Format::Human => print(&format!("\n{}", human::report(report, &self.style))),
            Format::Json => {
                if let Some(kept) = &self.report {
                    self.note(kept, |kept| {
                        if let Some(kept) = kept {
                            kept.add(report);
                        }
                    });
                }
            }
            Format::Markdown => print(&format!("\n{}", markdown::report(report))),
            Format::Github => {
                print(&github::report(report, &|addr| self.spot(addr)));
                step::summarise(&markdown::report(report))?;
            }
        }
        Ok(())
    }

    /// Prints the proof that nothing is left, but for so many changes that were left out.
    pub fn converged(&self, skipped: usize, requests: usize) -> Result<(), Stop> {
        let words = |style: &Style| match skipped {
            0 => human::converged(requests, style),
            skipped => human::converged_but(skipped, requests, style),
        };
        let plain = || words(&Style::default());
        match self.format {
            Format::Human => print(&words(&self.style)),
            Format::Json => {
                if let Some(kept) = &self.report {
                    self.note(kept, |kept| {
                        if let Some(kept) = kept {
                            kept.converged = true;
                        }
                    });
                }
            }
            Format::Markdown => print(&format!("\n{}", plain())),
            Format::Github => {
                tell(plain().trim_end());
                step::summarise(&plain())?;
            }
        }
        Ok(())
    }

    /// Says which command fills what was created; nothing of it became of the apply, so that people
    /// alone are told.
    pub fn unfilled(&self, waiting: &[Waiting]) {
        if self.format == Format::Human && !self.global.quiet && !waiting.is_empty() {
            print(&format!(
                "\n{}",
                show::ingest::waiting(waiting, &self.style)
            ));
        }
    }

    /// Where the document of an object stands in the repository.
    fn spot(&self, addr: &Addr) -> Option<Spot> {
        let place = self.desired.objects.get(addr)?.place;
        let (line, column) = self.desired.sources.line_column(place);
        let path = &self.desired.sources.file(place.file).path;
        let file = format!("{}{path}", step::folder(&self.global.config));
        Some(Spot { file, line, column })
    }
}

/// A document as text, which commands no CI system that has it in its log.
pub fn json(document: &impl serde::Serialize) -> String {
    let json = serde_json::to_value(document).expect("the keys of all maps are texts");
    inert_json(format!("{json:#}\n"))
}
