//! Writing back: live values put into the document that a project has already.
//!
//! Only places that a plan calls different are written; comments, order, quotes and anchors of all
//! others stay byte for byte. The new files are read and planned before anybody writes them.
//! Deliberately not here: writing files (see `commands`).

use std::collections::{BTreeMap, BTreeSet};

use crate::decide::plan::{self, Action, Change, Facts, Flags, SecretFacts};
use crate::kinds::{Kind, Observed, Picks, label};
use crate::show::export::files::File;
use crate::show::export::proof::Project;
use crate::show::export::splice::Page;
use crate::show::export::{Input, pick, refer, spec, written};
use crate::want::desired::{self, Desired, Object};
use crate::want::source::{Folder, Included, plain};
use crate::want::yaml;
use crate::words::template::{Reference, escape};
use crate::words::{Addr, Findings, Node, Pointer, Template, Value};

/// What was made of one document.
#[derive(Debug, Default)]
pub struct Back {
    /// The files that change, relative to the project's folder.
    pub files: Vec<File>,
    /// The places that are written.
    pub written: Vec<Pointer>,
    /// The places that stay, and why.
    pub left: Vec<(Pointer, String)>,
}

/// Puts what live has at the places that differ into the document of an object. Fails with a
/// sentence when nothing can be done safely.
pub fn back(input: Input, project: Project, object: &Object) -> Result<Back, String> {
    let change = match difference(&input, input.desired, &object.addr) {
        None => return Ok(Back::default()),
        Some(change) => change,
    };
    let Some(seen) = &change.seen else {
        return Err(format!("`{}` is not live", object.addr));
    };
    let mut live = live_spec(&input, object, seen);
    let hidden = spec::hide(object.kind, &mut live)?;
    let mut work = Work::open(project.folder, object)?;
    let mut back = Back::default();
    for at in places(object.kind, &change, &live, &work) {
        if hidden.iter().any(|hidden| hidden.meets(&at)) {
            let why = "live has a credential there, which no file may hold";
            back.left.push((at, why.to_owned()));
            continue;
        }
        let named = at.parts().len() == 1
            && object
                .kind
                .identity()
                .parts()
                .contains(&at.parts()[0].as_str());
        match work.write(&at, live.at(&at)) {
            Ok(()) if named => {
                work.keep_name(&object.addr.name)?;
                back.written.push(at);
            }
            Ok(()) => back.written.push(at),
            Err(why) => back.left.push((at, why)),
        }
    }
    if back.written.is_empty() {
        return Ok(back);
    }
    let unsafe_edit = || {
        format!(
            "`{}` cannot be edited safely: what it shares with other places of its file would change too",
            object.addr
        )
    };
    if !work.holds() {
        return Err(unsafe_edit());
    }
    back.files = work.files();
    let (desired, findings) = work.project(project);
    if findings.has_errors() {
        return Err(unsafe_edit());
    }
    if let Some(rest) = difference(&input, &desired, &object.addr) {
        let mut paths = rest.fields.iter().map(|field| &field.path);
        if paths.any(|path| back.written.iter().any(|at| at.meets(path))) {
            return Err(unsafe_edit());
        }
    }
    Ok(back)
}

/// What a plan would do about an object, when something of it differs.
fn difference(input: &Input, desired: &Desired, addr: &Addr) -> Option<Change> {
    let (plan, _) = plan::plan(plan::Input {
        desired,
        live: input.live,
        ledger: input.ledger,
        secrets: &SecretFacts::new(),
        facts: &Facts::default(),
        flags: &Flags::default(),
    });
    let mut changes = plan.changes.into_iter();
    let change = changes.find(|change| change.addr == *addr)?;
    let same = change.fields.is_empty() && change.action != Action::Create;
    (!same).then_some(change)
}

/// The spec of a live object with everything that it says, ids as references.
fn live_spec(input: &Input, object: &Object, seen: &Observed) -> Value {
    let mut value = label::without(object.kind, &seen.value).into_owned();
    for place in &Picks::of(object.kind).write_only {
        spec::remove(&mut value, place);
    }
    let all = Input {
        globs: &[],
        ..*input
    };
    let picked = pick::pick(all, &BTreeMap::new());
    let targets = refer::Targets::new(&all, &picked.addrs);
    let known = spec::of_written(object.kind, &value).known;
    targets.refer(object.kind, &object.addr, &known, input.with_references)
}

/// The places to be written: those that differ, or what is around them where a part means nothing
/// by itself.
fn places(kind: &dyn Kind, change: &Change, live: &Value, work: &Work) -> Vec<Pointer> {
    let shape = kind.shape();
    let wholes = shape.pick(&|field| field.rules.unordered || field.rules.equal.is_some());
    let mut places = BTreeSet::new();
    for field in change.differences().iter() {
        let mut at = Pointer::root();
        for part in field.path.parts() {
            let whole = wholes
                .iter()
                .any(|whole| whole.parts().len() == at.parts().len() && whole.covers(&at));
            // Items have no names: a list of another length is another list.
            let lists = [
                live.at(&at),
                work.value.get("spec").and_then(|spec| spec.at(&at)),
            ];
            let lengths = lists.map(|value| value.and_then(Value::as_list).map(<[Value]>::len));
            let another = matches!(lengths, [Some(one), Some(other)] if one != other);
            if whole || another {
                break;
            }
            at.push(part);
        }
        places.insert(at);
    }
    let all: Vec<Pointer> = places.iter().cloned().collect();
    let below = |at: &Pointer| all.iter().any(|other| other != at && other.covers(at));
    places.retain(|at| !below(at));
    places.into_iter().collect()
}

/// A document that is being written into.
struct Work<'a> {
    folder: &'a Folder,
    path: String,
    file: u32,
    /// Which document of its file it is.
    index: usize,
    /// The whole text as it is now.
    text: String,
    /// What the document should say by now.
    value: Value,
    /// The other documents of the file.
    others: Vec<Value>,
    /// Texts in files of their own, by path.
    beside: BTreeMap<String, String>,
}

impl<'a> Work<'a> {
    fn open(folder: &'a Folder, object: &Object) -> Result<Work<'a>, String> {
        let file = object.place.file;
        let source = folder.sources.file(file);
        let (nodes, _) = yaml::read(file, &source.text);
        let index = nodes.iter().position(|node| node.place == object.place);
        let Some(index) = index else {
            return Err(format!(
                "`{}` is not written as a document of its own",
                object.addr
            ));
        };
        let mut values: Vec<Value> = nodes.iter().map(Node::to_value).collect();
        let value = values.remove(index);
        Ok(Work {
            folder,
            path: source.path.clone(),
            file,
            index,
            text: source.text.to_string(),
            value,
            others: values,
            beside: BTreeMap::new(),
        })
    }

    /// Writes what live has at a place of the spec, or takes out what it has not.
    fn write(&mut self, at: &Pointer, live: Option<&Value>) -> Result<(), String> {
        let mut place = Pointer::root().join("spec");
        for part in at.parts() {
            self.may_write(&place)?;
            place.push(part);
        }
        if let Some(text) = self.value.at(&place).and_then(Value::as_text)
            && let Ok(template) = Template::parse(text)
            && let Some(Reference::File(path)) = template.single().cloned()
        {
            return self.write_beside(&path, live);
        }
        self.may_write(&place)?;
        self.edit(&place, live.map(written))
    }

    /// Keeps the name in addresses that the document had until now, whatever it calls its object.
    fn keep_name(&mut self, name: &str) -> Result<(), String> {
        match self.value.get("ref") {
            Some(_) => Ok(()),
            None => self.edit(&Pointer::root().join("ref"), Some(Value::text(name))),
        }
    }

    fn edit(&mut self, place: &Pointer, value: Option<Value>) -> Result<(), String> {
        let (nodes, _) = yaml::read(self.file, &self.text);
        let page = Page {
            text: &self.text,
            document: nodes.get(self.index).ok_or("its file cannot be read")?,
            json: self.path.ends_with(".json"),
        };
        let text = match &value {
            Some(value) => page.set(place, value),
            None => page.remove(place),
        };
        self.text = text.ok_or("its text comes from an alias or a merge key")?;
        match value {
            Some(value) => spec::put(&mut self.value, place, value),
            None => {
                spec::remove(&mut self.value, place);
            }
        }
        Ok(())
    }

    /// What stands at a place may be written over, unless it says where else it comes from.
    fn may_write(&self, place: &Pointer) -> Result<(), String> {
        let Some(value) = self.value.at(place) else {
            return Ok(());
        };
        // On the way down only a text would be in the way.
        let mut origin = None;
        let mut look = |text: &str| {
            let references = Template::parse(text).ok();
            let first = references.and_then(|template| template.references().next().cloned());
            origin = origin.take().or(first);
        };
        match value {
            Value::Text(text) => look(text),
            value => {
                let whole = !matches!(value, Value::Map(_));
                value.leaves(&mut |_, leaf| {
                    if let (true, Some(text)) = (whole, leaf.as_text()) {
                        look(text);
                    }
                });
            }
        }
        match origin {
            Some(reference) => Err(format!("it comes from `${{{reference}}}`")),
            None => Ok(()),
        }
    }

    fn write_beside(&mut self, path: &str, live: Option<&Value>) -> Result<(), String> {
        let name = plain(path);
        let included = self.folder.included.get(&name);
        let old = match included {
            Some(Ok(included)) => self.folder.sources.file(included.file).text.clone(),
            _ => return Err(format!("`{path}` cannot be read")),
        };
        let refers = Template::parse(&old).map_or(true, |t| t.references().next().is_some());
        let Some(text) = live.and_then(Value::as_text).filter(|_| !refers) else {
            return Err(format!(
                "it lies in `{path}`, which refers to other objects"
            ));
        };
        let mut text = escape(text);
        if old.ends_with('\n') && !text.ends_with('\n') {
            text.push('\n');
        }
        self.beside.insert(name, text);
        Ok(())
    }

    /// Whether the text says what it should and nothing else.
    fn holds(&self) -> bool {
        let (nodes, findings) = yaml::read(self.file, &self.text);
        let mut values: Vec<Value> = nodes.iter().map(Node::to_value).collect();
        if findings.has_errors() || values.len() != self.others.len() + 1 {
            return false;
        }
        values.remove(self.index) == self.value && values == self.others
    }

    fn files(&self) -> Vec<File> {
        let mut files = Vec::new();
        if *self.text != *self.folder.sources.file(self.file).text {
            files.push(File {
                path: self.path.clone(),
                text: self.text.clone(),
            });
        }
        files.extend(self.beside.iter().map(|(path, text)| File {
            path: path.clone(),
            text: text.clone(),
        }));
        files
    }

    /// The project as it will be.
    fn project(&self, project: Project) -> (Desired, Findings) {
        let mut folder = project.folder.clone();
        let file = folder.sources.add(&self.path, self.text.as_str());
        let (nodes, findings) = yaml::read(file, &self.text);
        let first = folder
            .documents
            .iter()
            .position(|d| d.place.file == self.file);
        folder.documents.retain(|node| node.place.file != self.file);
        let at = first.unwrap_or_default().min(folder.documents.len());
        folder.documents.splice(at..at, nodes);
        for (path, text) in &self.beside {
            let file = folder.sources.add(path, text.as_str());
            let nodes = Vec::new();
            folder
                .included
                .insert(path.clone(), Ok(Included { file, nodes }));
        }
        desired::build(folder, findings, project.choice, project.env)
    }
}
