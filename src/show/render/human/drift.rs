//! Drift for people: what of ours is not as the last apply left it, and who wrote it last.
//!
//! Also the lines below a change of a plan that say so. Where the project still wants what was
//! applied, both values are shown; where it does not, only what stands there now is known.
//! Deliberately not here: what an apply would do about it (see `plan`).

use crate::decide::diff::FieldChange;
use crate::decide::drift::{Before, Drift, Drifted, DriftedPlace, Fate, How, Origin};
use crate::decide::plan::{Action, Change};
use crate::show::header::{self, Header};
use crate::show::render::human::plan::{column, joined};
use crate::show::render::human::{fields, part, said, symbol, value};
use crate::show::text::{count, cut, escape, inert, pad, width, wrap};
use crate::show::{Meaning, Style};
use crate::words::Pointer;

/// Columns before what stands below an address.
const BELOW: &str = "      ";

/// What can be done about drift.
pub(in crate::show::render) const HELP: &str = "An apply brings back what the project wants; to keep a change, write it into the project's files.";

/// Drift for people, each line with its line end.
pub fn drift(drift: &Drift, header: &Header, style: &Style) -> String {
    let column = column(drift.objects.iter().map(|object| &object.addr));
    let mut blocks = vec![header::human(header, style)];
    blocks.extend(drift.objects.iter().map(|one| object(one, column, style)));
    blocks.push(accepted(drift, style));
    blocks.push(notes(drift, style));
    blocks.push(summary(drift, style));
    blocks.retain(|block| !block.is_empty());
    inert(blocks.join("\n"))
}

/// What is to be known about drift below the head of a change.
pub fn lines(change: &Change, style: &Style) -> Vec<String> {
    let Some(drifted) = &change.drift else {
        return Vec::new();
    };
    let words = words(drifted, &|places| part::list(places, style)).join("; ");
    let mut lines = wrap(BELOW, &said(&words), style.width);
    for line in &mut lines {
        *line = style.paint(Meaning::Detail, line);
    }
    lines.extend(remarks(drifted, style));
    lines
}

/// What a plan says about the drift of an object, in pieces; `list` writes places.
pub fn words(drifted: &Drifted, list: &dyn Fn(&[Pointer]) -> String) -> Vec<String> {
    let mut words = Vec::new();
    match &drifted.fate {
        Fate::Changed => {}
        Fate::Gone => words.push("it is gone since the last apply".to_owned()),
        Fate::Replaced(_) => words.push(
            "what was applied last is gone, and this is another object with its name".to_owned(),
        ),
    }
    for (origin, what) in [
        (Origin::Drift, "drifted"),
        (Origin::Both, "drifted and edited"),
    ] {
        let mut places: Vec<Pointer> = Vec::new();
        for place in &drifted.places {
            if origin_of(place) == origin && !places.contains(&place.path) {
                places.push(place.path.clone());
            }
        }
        if !places.is_empty() {
            words.push(format!("{what}: {}", list(&places)));
        }
    }
    if drifted.rewritten {
        words.push("somebody else wrote it since the last apply".to_owned());
    }
    words.extend(last(drifted));
    words
}

fn origin_of(place: &DriftedPlace) -> Origin {
    match place.before {
        Before::Edited(_) => Origin::Both,
        Before::Applied(_) | Before::Unknown => Origin::Drift,
    }
}

/// Who wrote it last, and when; of what is gone nobody knows.
fn last(drifted: &Drifted) -> Option<String> {
    let words = drifted.touched.words()?;
    (drifted.fate == Fate::Changed).then(|| format!("last written {words}"))
}

/// One object with its places, each line with its line end.
pub(in crate::show::render) fn object(drifted: &Drifted, column: usize, style: &Style) -> String {
    let (action, meaning, words) = match &drifted.fate {
        Fate::Changed => (
            Action::Update,
            Meaning::Change,
            match (&drifted.renamed, drifted.places.is_empty()) {
                (Some(_), _) => "renamed".to_owned(),
                (None, true) => "written by somebody else".to_owned(),
                (None, false) => "changed".to_owned(),
            },
        ),
        Fate::Gone => (Action::Delete, Meaning::Remove, "is gone".to_owned()),
        Fate::Replaced(id) => (
            Action::Replace,
            Meaning::Remove,
            format!("is gone; another object has its name, with the id {id}"),
        ),
    };
    let addr = escape(&drifted.addr.to_string());
    let first = format!("  {} {}  ", symbol(action), pad(&addr, column));
    let mut lines = wrap(&first, &said(&words), style.width);
    if lines.len() > 2 || lines.iter().any(|line| width(line) > style.width) {
        lines = vec![first.trim_end().to_owned()];
        lines.extend(wrap(BELOW, &said(&words), style.width));
    }
    for line in &mut lines {
        *line = style.paint(meaning, line);
    }
    for line in last(drifted)
        .iter()
        .flat_map(|last| wrap(BELOW, &said(last), style.width))
    {
        lines.push(style.paint(Meaning::Detail, &line));
    }
    lines.extend(places(drifted, style));
    if drifted.rewritten {
        let words = format!(
            "what it holds cannot be read. `spaceport apply --rotate {}` sends it again; `seed: true` in its `lifecycle` leaves it to others",
            drifted.addr
        );
        lines.extend(wrap(BELOW, &said(&words), style.width));
    }
    lines.extend(remarks(drifted, style));
    joined(&lines)
}

/// What the service does by itself.
fn remarks(drifted: &Drifted, style: &Style) -> Vec<String> {
    let each = drifted.remarks.iter().flat_map(|remark| {
        let wrapped = wrap(&format!("{BELOW}! "), &said(remark), style.width);
        wrapped.into_iter()
    });
    each.map(|line| style.paint(Meaning::Change, &line))
        .collect()
}

/// The places of an object: what stood there, where that is known, and what stands there now.
fn places(drifted: &Drifted, style: &Style) -> Vec<String> {
    let mut known: Vec<FieldChange> = Vec::new();
    let mut others: Vec<&DriftedPlace> = Vec::new();
    for place in &drifted.places {
        match &place.before {
            Before::Applied(value) => known.push(FieldChange {
                path: place.path.clone(),
                before: value.clone(),
                after: place.live.clone(),
            }),
            Before::Edited(_) | Before::Unknown => others.push(place),
        }
    }
    let mut lines = fields::differences(&known, style);
    for place in others {
        let (sign, meaning) = match place.how {
            How::Changed => ('~', Meaning::Change),
            How::Came => ('+', Meaning::Add),
            How::Went => ('-', Meaning::Remove),
        };
        lines.extend(fields::alone(
            sign,
            meaning,
            &place.path,
            place.live.as_ref(),
            style,
        ));
        if let Before::Edited(want) = &place.before {
            let words = match want {
                Some(want) => format!(
                    "by now the project wants {}",
                    value::inline(&place.path, want)
                ),
                None => "by now the project has nothing there".to_owned(),
            };
            let inner = format!("{BELOW}    ");
            let room = style.width.saturating_sub(width(&inner));
            let words = match style.verbose {
                0 => cut(&words, room),
                _ => words,
            };
            lines.push(style.paint(Meaning::Detail, &format!("{inner}{words}")));
        }
    }
    lines
}

/// What is not as it was applied, and all right, in words.
pub(in crate::show::render) fn accepted_words(drift: &Drift) -> Option<String> {
    match drift.accepted.as_slice() {
        [] => None,
        [one] => Some(format!(
            "{one} is not as it was applied, but as the project wants it by now"
        )),
        several => Some(format!(
            "{} objects are not as they were applied, but as the project wants them by now",
            several.len()
        )),
    }
}

/// What is not as it was applied, and all right.
fn accepted(drift: &Drift, style: &Style) -> String {
    let Some(words) = accepted_words(drift) else {
        return String::new();
    };
    let first = format!("  {} ", symbol(Action::Adopt));
    let mut lines = wrap(&first, &escape(&words), style.width);
    if style.verbose > 0 && drift.accepted.len() > 1 {
        let names = drift.accepted.iter();
        lines.extend(names.map(|addr| format!("{BELOW}{}", escape(&addr.to_string()))));
    }
    for line in &mut lines {
        *line = style.paint(Meaning::Detail, line);
    }
    joined(&lines)
}

fn notes(drift: &Drift, style: &Style) -> String {
    let each = drift
        .notes
        .iter()
        .flat_map(|note| wrap("  note: ", &said(note), style.width));
    let painted: Vec<String> = each
        .map(|line| style.paint(Meaning::Change, &line))
        .collect();
    joined(&painted)
}

/// How much is not as it was applied, in a sentence.
pub(in crate::show::render) fn totals(drift: &Drift) -> String {
    let of = |fate: fn(&Fate) -> bool| drift.objects.iter().filter(|o| fate(&o.fate)).count();
    let changed = of(|fate| *fate == Fate::Changed);
    let gone = of(|fate| *fate == Fate::Gone);
    let replaced = of(|fate| matches!(fate, Fate::Replaced(_)));
    let same = match drift.same {
        1 => "1 object is as it was applied last".to_owned(),
        n => format!("{n} objects are as they were applied last"),
    };
    match (drift.objects.len(), drift.same) {
        (0, 0) => "Nothing of this project was applied yet.".to_owned(),
        (0, _) => format!("No drift. {same}."),
        _ => {
            let mut parts = Vec::new();
            if changed > 0 {
                parts.push(format!("{} changed", count(changed, "object", "objects")));
            }
            if gone > 0 {
                parts.push(format!("{gone} gone"));
            }
            if replaced > 0 {
                parts.push(format!("{replaced} replaced"));
            }
            let rest = match drift.same {
                0 => String::new(),
                1 => "; 1 is as it was applied".to_owned(),
                n => format!("; {n} are as they were applied"),
            };
            format!("Drift: {}{rest}.", parts.join(", "))
        }
    }
}

/// What `--target` limited it to, as a sentence.
pub(in crate::show::render) fn limited(drift: &Drift) -> Option<String> {
    let targets: Vec<String> = drift.targets.iter().map(ToString::to_string).collect();
    (!targets.is_empty())
        .then(|| format!("Only {}; nothing else was compared.", targets.join(", ")))
}

/// The last lines.
fn summary(drift: &Drift, style: &Style) -> String {
    let words = totals(drift);
    let mut lines = Vec::new();
    if let Some(limited) = limited(drift) {
        lines.extend(wrap("", &escape(&limited), style.width));
    }
    let title = wrap("", &words, style.width);
    lines.extend(title.iter().map(|line| style.paint(Meaning::Title, line)));
    if !drift.objects.is_empty() {
        let help = wrap("", HELP, style.width);
        lines.extend(help.iter().map(|line| style.paint(Meaning::Detail, line)));
    }
    joined(&lines)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kinds::Touch;
    use crate::words::{Addr, Value};

    fn place(at: &str, how: How, live: Json, before: Before) -> DriftedPlace {
        DriftedPlace {
            path: Pointer::parse(at).expect("a pointer"),
            how,
            live: (!live.is_null()).then(|| live.into()),
            before,
        }
    }

    fn drifted(addr: &str, fate: Fate, places: Vec<DriftedPlace>) -> Drifted {
        let addr: Addr = addr.parse().expect("an address");
        Drifted {
            id: addr.name.to_string(),
            addr,
            fate,
            renamed: None,
            places,
            rewritten: false,
            remarks: Vec::new(),
            touched: Touch {
                at: Some("2026-11-20T10:00:00.000Z".into()),
                by: Some("auth0|ann \u{1b}[2J".into()),
            },
        }
    }

    fn told() -> Drift {
        let text = |text: &str| Some(Value::text(text));
        let places = vec![
            place(
                "/title",
                How::Changed,
                json!("B"),
                Before::Applied(text("A")),
            ),
            place("/icon", How::Went, Json::Null, Before::Applied(text("Box"))),
            place("/old", How::Went, Json::Null, Before::Unknown),
            place("/new", How::Came, json!("x".repeat(90)), Before::Unknown),
            place(
                "/invocationMethod/headers/Authorization",
                How::Changed,
                json!("Bearer canary"),
                Before::Edited(text(&format!(
                    "Bearer {{{{ .secrets.{} }}}}",
                    "T".repeat(60)
                ))),
            ),
            place("/gone", How::Came, json!(1), Before::Edited(None)),
        ];
        let mut hook = drifted(
            "spacelift.webhook.port",
            Fate::Changed,
            vec![place(
                "/enabled",
                How::Came,
                json!(false),
                Before::Applied(None),
            )],
        );
        hook.remarks = vec![
            "Spacelift switches a webhook off after ten failed deliveries in a row: look at them"
                .into(),
        ];
        hook.touched = Touch::default();
        let mut secret = drifted("port.secret.KEY", Fate::Changed, Vec::new());
        secret.rewritten = true;
        Drift {
            objects: vec![
                drifted("port.action.a", Fate::Changed, places),
                drifted("port.blueprint.b", Fate::Gone, Vec::new()),
                secret,
                drifted(
                    "spacelift.policy.gate",
                    Fate::Replaced("gate-2".into()),
                    Vec::new(),
                ),
                hook,
            ],
            same: 3,
            accepted: vec!["port.blueprint.c".parse().expect("an address")],
            notes: vec!["see https://ingest.port.io/canary".into()],
            ..Drift::default()
        }
    }

    #[test]
    fn drift_is_calm_at_eighty_columns_and_hides_what_is_to_be_hidden() {
        let header = Header {
            project: "acme".into(),
            ..Header::default()
        };
        let shown = drift(&told(), &header, &Style::default());
        assert!(shown.lines().all(|line| width(line) <= 80), "{shown}");
        insta::assert_snapshot!(shown, @r#"
        acme

          ~ port.action.a           changed
              last written by auth0|ann \u{1b}[2J, 2026-11-20 10:00Z
              ~ /title = "A" → "B"
              - /icon  = "Box"
              - /old
              + /new = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (+45 characters)
              ~ /invocationMethod/headers/Authorization = (redacted)
                  by now the project wants "Bearer {{ .secrets.TTTTTT… (+58 characters)
              + /gone = 1
                  by now the project has nothing there

          - port.blueprint.b        is gone

          ~ port.secret.KEY         written by somebody else
              last written by auth0|ann \u{1b}[2J, 2026-11-20 10:00Z
              what it holds cannot be read. `spaceport apply --rotate port.secret.KEY`
              sends it again; `seed: true` in its `lifecycle` leaves it to others

          ± spacelift.policy.gate   is gone; another object has its name, with the id
                                    gate-2

          ~ spacelift.webhook.port  changed
              + /enabled = false
              ! Spacelift switches a webhook off after ten failed deliveries in a row:
                look at them

          → port.blueprint.c is not as it was applied, but as the project wants it by
            now

          note: see https://ingest.port.io/…

        Drift: 3 objects changed, 1 gone, 1 replaced; 3 are as they were applied.
        An apply brings back what the project wants; to keep a change, write it into the
        project's files.
        "#);
        let verbose = Style {
            verbose: 1,
            ..Style::default()
        };
        let shown = drift(&told(), &header, &verbose);
        assert!(
            !shown.contains("canary") && !shown.contains('\u{1b}'),
            "{shown}"
        );
    }
}
