//! Levels: what becomes of the findings of lints, by `lints:` in `spaceport.yaml` and by comments.
//!
//! Deliberately not here: finding anything.

use crate::lint::allow::{self, Allow};
use crate::want::desired::Desired;
use crate::words::codes::{self, LINT};
use crate::words::finding::did_you_mean;
use crate::words::{Finding, Findings, Level, Severity, Sources};

/// The findings as the project wants them told. What is allowed is left out; a code that no lint
/// has is told.
pub fn settle(desired: &Desired, findings: Findings) -> Findings {
    let mut allows = read(&desired.sources);
    kept(desired, findings, &mut allows)
}

/// The same after all lints have run, so that an allow without a finding is told too.
pub fn settle_all(desired: &Desired, findings: Findings) -> Findings {
    let mut allows = read(&desired.sources);
    let mut kept_findings = kept(desired, findings, &mut allows);
    let mut unused = Findings::default();
    for (allow, used) in &allows {
        if !used && is_lint(&allow.code) {
            unused.push(
                Finding::hint(
                    "lint::unused_allow",
                    allow.place,
                    format!("nothing is found here that `{}` would allow", allow.code),
                )
                .help("remove it, or put it on the line of the finding or above it"),
            );
        }
    }
    // What is said about allows has levels of its own.
    kept_findings.extend(kept(desired, unused, &mut []));
    kept_findings
}

fn read(sources: &Sources) -> Vec<(Allow, bool)> {
    let allows = allow::read(sources);
    allows.into_iter().map(|allow| (allow, false)).collect()
}

fn kept(desired: &Desired, findings: Findings, allows: &mut [(Allow, bool)]) -> Findings {
    let mut all = unknown(allows);
    all.extend(findings);
    let mut kept = Findings::default();
    for mut finding in all {
        if !finding.code.starts_with(LINT) {
            kept.push(finding);
            continue;
        }
        let mut allowed = false;
        for (allow, used) in allows.iter_mut() {
            let meant = allow.code == finding.code
                && finding
                    .place
                    .is_some_and(|place| allow.is_about(place, &desired.sources));
            *used |= meant;
            allowed |= meant;
        }
        match desired.config.lints.get(finding.code) {
            _ if allowed => continue,
            Some(Level::Allow) => continue,
            Some(Level::As(severity)) => finding.severity = *severity,
            None => {}
        }
        kept.push(finding);
    }
    kept
}

fn unknown(allows: &[(Allow, bool)]) -> Findings {
    let mut findings = Findings::default();
    for (allow, _) in allows {
        if is_lint(&allow.code) {
            continue;
        }
        let full = format!("{LINT}{}", allow.code);
        let help = match is_lint(&full) {
            true => Some(format!("write `{full}`")),
            false => did_you_mean(&allow.code, codes::lints().map(|code| code.code)),
        };
        findings.push(
            Finding::warning(
                "lint::unknown_allow",
                allow.place,
                format!("`{}` is no lint", allow.code),
            )
            .help(help.unwrap_or_else(|| {
                "only lints can be allowed; write the code as the finding shows it".into()
            })),
        );
    }
    findings
}

/// Whether a code is a lint's.
pub(super) fn is_lint(code: &str) -> bool {
    codes::lints().any(|lint| lint.code == code)
}

/// What other commands than `validate` tell: hints would only be in the way there.
pub fn without_hints(findings: Findings) -> Findings {
    let mut kept = Findings::default();
    kept.extend(
        findings
            .into_iter()
            .filter(|f| f.severity != Severity::Hint),
    );
    kept
}
