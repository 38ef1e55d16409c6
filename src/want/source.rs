//! The project's folder: the only place where files of a project are read.
//!
//! Everything resolves, symlinks included, to regular files of at most 1 MiB inside the folder
//! (law 9). Reads until nothing new is named, so that the stages after it need no file system.
//! Deliberately not here: what the files mean.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};

use crate::want::{trial, yaml};
use crate::words::template::Reference;
use crate::words::{Data, Finding, Findings, Node, Place, Sources, Template};

/// The largest file that is read, in bytes.
pub const LARGEST: u64 = 1024 * 1024;

/// The name of the project file.
pub const PROJECT_FILE: &str = "spaceport.yaml";

/// All that was read of a project, before it means anything.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    /// The texts, for places.
    pub sources: Sources,
    /// The document of `spaceport.yaml`, if there is a readable one.
    pub project: Option<Node>,
    /// All other documents in the order of their paths.
    pub documents: Vec<Node>,
    /// The files named by `${file:}` and `${json:}`, by their path as the
    /// walk spells it.
    pub included: BTreeMap<String, Result<Included, String>>,
}

/// A file that some text names.
#[derive(Debug, Clone)]
pub struct Included {
    /// Its index in the sources.
    pub file: u32,
    /// Its documents, when some `${json:}` names it and it could be read.
    pub nodes: Vec<Node>,
}

/// Reads a whole project.
pub fn load(root: &Path) -> (Folder, Findings) {
    let mut loading = Loading {
        root: root.to_owned(),
        folder: Folder::default(),
        findings: Findings::default(),
    };
    match root.canonicalize() {
        Ok(canonical) if canonical.is_dir() => {
            loading.root = canonical;
            loading.run();
        }
        _ => loading.findings.push(
            Finding::error(
                "source::no_project",
                None,
                format!("there is no folder `{}`", root.display()),
            )
            .help("name the project's folder with `-C DIR`, or run `spaceport init` to make one"),
        ),
    }
    (loading.folder, loading.findings)
}

/// Replaces a file of the project at once, with the rights that it has. A link keeps pointing at
/// what it points at.
pub fn replace(root: &Path, path: &str, text: &str) -> std::io::Result<()> {
    let root = root.canonicalize()?;
    let path = root.join(path).canonicalize()?;
    let inside = path.parent().filter(|folder| folder.starts_with(&root));
    let outside = || std::io::Error::other("it lies outside the project's folder");
    let folder = inside.ok_or_else(outside)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file()
        .set_permissions(fs::metadata(&path)?.permissions())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

struct Loading {
    root: PathBuf,
    folder: Folder,
    findings: Findings,
}

impl Loading {
    fn run(&mut self) {
        let mut paths = BTreeSet::new();
        let mut seen = BTreeSet::new();
        self.walk(&self.root.clone(), &mut paths, &mut seen);
        for ledger in self.ledgers() {
            paths.remove(&ledger);
        }
        let mut read: Vec<(String, Vec<Node>)> = Vec::new();
        for path in paths {
            match self.text(&path) {
                Ok(text) => {
                    let file = self.folder.sources.add(path.clone(), text);
                    let text = self.folder.sources.file(file).text.clone();
                    let (nodes, findings) = yaml::read(file, &text);
                    self.findings.extend(findings);
                    read.push((path, nodes));
                }
                Err(problem) => self.findings.push(
                    Finding::error("source::unreadable", None, format!("`{path}` {problem}"))
                        .help("every `*.yaml`, `*.yml` and `*.json` file below the project's folder is read"),
                ),
            }
        }
        let mut open: Vec<&Node> = read.iter().flat_map(|(_, nodes)| nodes).collect();
        let mut named = Vec::new();
        for node in open.drain(..) {
            names_in(node, &mut named);
            let samples = trial::samples(node).into_iter();
            named.extend(samples.map(|path| (plain(path), true)));
        }
        self.include(named);
        let included: BTreeSet<String> = self
            .folder
            .included
            .keys()
            .filter_map(|path| self.root.join(path).canonicalize().ok())
            .map(|real| self.relative(&real))
            .collect();
        for (path, nodes) in read {
            if path == PROJECT_FILE {
                self.project(nodes);
            } else if !included.contains(&path) {
                self.folder.documents.extend(nodes);
            }
        }
        if self.folder.project.is_none() && !self.findings.has_errors() {
            self.findings.push(
                Finding::error(
                    "source::no_project",
                    None,
                    format!("the folder has no `{PROJECT_FILE}`"),
                )
                .help("run `spaceport init`, or name another folder with `-C DIR`"),
            );
        }
    }

    /// The files that the project and its environments keep their ledgers in: no documents, and
    /// larger than a document may be. The project file is read for good later, with its findings.
    fn ledgers(&self) -> BTreeSet<String> {
        let Ok(text) = self.text(PROJECT_FILE) else {
            return BTreeSet::new();
        };
        let (nodes, _) = yaml::read(0, &text);
        let project = nodes.first();
        let environments = project
            .and_then(|node| node.get("environments"))
            .and_then(Node::entries)
            .unwrap_or_default();
        let environments = environments.iter().map(|(_, node)| node);
        project
            .into_iter()
            .chain(environments)
            .filter_map(|node| node.get("ledger")?.get("file")?.text())
            .map(plain)
            .filter(|path| path != PROJECT_FILE)
            .collect()
    }

    fn project(&mut self, nodes: Vec<Node>) {
        let mut nodes = nodes.into_iter();
        self.folder.project = nodes.next();
        if let Some(second) = nodes.next() {
            self.findings.push(
                Finding::error(
                    "config::project_file",
                    second.place,
                    format!("`{PROJECT_FILE}` holds more than one document"),
                )
                .help("objects belong into other files, one document each"),
            );
        }
    }

    /// Collects the paths of the files to read, relative to the root.
    fn walk(&mut self, folder: &Path, paths: &mut BTreeSet<String>, seen: &mut BTreeSet<PathBuf>) {
        if !seen.insert(folder.to_owned()) {
            return;
        }
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                let shown = self.relative(folder);
                self.findings
                    .push(unreadable(&format!("folder `{shown}` {}", words(&error))));
                return;
            }
        };
        for entry in entries {
            let name = match &entry {
                Ok(entry) => entry.file_name(),
                Err(error) => {
                    let shown = self.relative(folder);
                    self.findings
                        .push(unreadable(&format!("folder `{shown}` {}", words(error))));
                    continue;
                }
            };
            let Some(name) = name.to_str() else {
                let shown = self.relative(&folder.join(&name));
                self.findings.push(unreadable(&format!(
                    "the name of `{shown}` is not UTF-8 text"
                )));
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            let path = folder.join(name);
            let wanted = [".yaml", ".yml", ".json"]
                .iter()
                .any(|end| name.ends_with(end));
            match path.canonicalize() {
                Ok(real) if real.is_dir() => {
                    if real.starts_with(&self.root) {
                        self.walk(&real, paths, seen);
                    } else {
                        let shown = self.relative(&path);
                        self.findings.push(outside(&shown));
                    }
                }
                Ok(real) if wanted => {
                    if real.starts_with(&self.root) {
                        paths.insert(self.relative(&real));
                    } else {
                        let shown = self.relative(&path);
                        self.findings.push(outside(&shown));
                    }
                }
                Err(error) if wanted => {
                    let shown = self.relative(&path);
                    self.findings
                        .push(unreadable(&format!("`{shown}` {}", words(&error))));
                }
                _ => {}
            }
        }
    }

    fn include(&mut self, mut named: Vec<(String, bool)>) {
        while let Some((path, parse)) = named.pop() {
            let known = match self.folder.included.get(&path) {
                Some(Ok(included)) => Some(included.clone()),
                Some(Err(_)) => continue,
                None => None,
            };
            let mut included = match known {
                Some(included) if !parse || !included.nodes.is_empty() => continue,
                Some(included) => included,
                None => match self.text(&path) {
                    Ok(text) => {
                        let file = match self.folder.sources.find(&path) {
                            Some(file) => file,
                            None => self.folder.sources.add(path.clone(), text),
                        };
                        Included {
                            file,
                            nodes: Vec::new(),
                        }
                    }
                    Err(problem) => {
                        self.folder.included.insert(path, Err(problem));
                        continue;
                    }
                },
            };
            let text = self.folder.sources.file(included.file).text.clone();
            if parse {
                let (nodes, findings) = yaml::read(included.file, &text);
                self.findings.extend(findings);
                nodes.iter().for_each(|node| names_in(node, &mut named));
                included.nodes = nodes;
            } else {
                names_in_text(&text, &mut named);
            }
            self.folder.included.insert(path, Ok(included));
        }
    }

    /// The text of a file inside the project, or what is wrong with it in words.
    fn text(&self, path: &str) -> Result<String, String> {
        read_inside(&self.root, path)
    }

    fn relative(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.root).unwrap_or(path);
        path.components()
            .map(|c| c.as_os_str().to_string_lossy())
            .collect::<Vec<_>>()
            .join("/")
    }
}

/// Reads a regular file of at most [`LARGEST`] bytes that lies inside `root`, or says in words
/// what is wrong with it.
pub fn read_inside(root: &Path, path: &str) -> Result<String, String> {
    let written = Path::new(path);
    if written.is_absolute() || written.components().any(|c| c == Component::ParentDir) {
        return Err("lies outside the project's folder".into());
    }
    let real = root
        .join(written)
        .canonicalize()
        .map_err(|error| words(&error))?;
    if !real.starts_with(root) {
        return Err("lies outside the project's folder".into());
    }
    let meta = fs::metadata(&real).map_err(|error| words(&error))?;
    if !meta.is_file() {
        return Err("is not a regular file".into());
    }
    // The size is checked while reading: it may have grown since.
    let mut bytes = Vec::new();
    let file = fs::File::open(&real).map_err(|error| words(&error))?;
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| words(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err("is larger than 1 MiB".into());
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".into())
}

/// A path as the walk spells it: `./a/b` is `a/b`. Absolute paths and `..` stay what they are.
pub fn plain(path: &str) -> String {
    let path = Path::new(path);
    if path.is_absolute() {
        return path.to_string_lossy().into_owned();
    }
    path.components()
        .filter(|part| *part != Component::CurDir)
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

fn unreadable(message: &str) -> Finding {
    Finding::error("source::unreadable", None, message)
}

fn outside(path: &str) -> Finding {
    Finding::error(
        "source::outside",
        None,
        format!("`{path}` points out of the project's folder"),
    )
    .help("copy the file into the project; symlinks may only point inside")
}

fn words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "does not exist".into(),
        std::io::ErrorKind::PermissionDenied => "cannot be read: permission denied".into(),
        _ => format!("cannot be read: {error}"),
    }
}

/// Collects the paths that a node's texts name, and whether they are to be parsed.
fn names_in(node: &Node, named: &mut Vec<(String, bool)>) {
    match &node.data {
        Data::Text(text) => names_in_text(text, named),
        Data::List(items) => items.iter().for_each(|item| names_in(item, named)),
        Data::Map(entries) => entries.iter().for_each(|(_, value)| names_in(value, named)),
        _ => {}
    }
}

fn names_in_text(text: &str, named: &mut Vec<(String, bool)>) {
    if !Template::may_be_in(text) {
        return;
    }
    if let Ok(template) = Template::parse(text) {
        named.extend(
            template
                .references()
                .filter_map(|reference| match reference {
                    Reference::File(path) => Some((plain(path), false)),
                    Reference::Json(path) => Some((plain(path), true)),
                    _ => None,
                }),
        );
    }
}

/// A place at the very beginning of a file, for findings about the file as a whole.
pub fn top(file: u32) -> Place {
    Place::new(file, 0, 0)
}
