//! The files that documents are written to: one for each object, long texts beside them.
//!
//! Deliberately not here: writing them (see `commands`).

use std::collections::BTreeSet;

use crate::show::export::{Document, names};
use crate::want::yaml::layout;
use crate::words::{Template, Value};

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path, with `/` between its parts, relative to the folder of the export.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The files of one document, the document itself first.
pub type Files = Vec<File>;

/// The files of each document. `prefix` leads from the project's folder to that of the export, empty
/// or with a `/` at its end.
pub fn of(documents: &[Document], prefix: &str) -> Vec<Files> {
    let mut taken = BTreeSet::new();
    documents
        .iter()
        .map(|document| one(document, prefix, &mut taken))
        .collect()
}

fn one(document: &Document, prefix: &str, taken: &mut BTreeSet<String>) -> Files {
    let addr = &document.addr;
    let folder = format!("{}/{}", addr.service, addr.kind);
    let path = names::file(&folder, &addr.name, "yaml", taken);
    let mut value = document.value();
    let mut files = Vec::new();
    if let Some(own) = document.kind.text_file()
        && let Some(spec) = value.as_map_mut().and_then(|map| map.get_mut("spec"))
        && let Some(text) = spec.get_text(own.field).map(str::to_owned)
    {
        let beside = names::file(own.folder, &addr.name, own.extension, taken);
        let inside = format!("{prefix}{beside}");
        // A path that no reference can name stays out of files.
        if is_reference(&inside) {
            let reference = Value::text(format!("${{file:{inside}}}"));
            spec.as_map_mut()
                .and_then(|spec| spec.insert(own.field.to_owned(), reference));
            files.push(File { path: beside, text });
        }
    }
    let text = layout::document(&value);
    files.insert(0, File { path, text });
    files
}

fn is_reference(path: &str) -> bool {
    let text = format!("${{file:{path}}}");
    let read = Template::parse(&text);
    read.is_ok_and(|template| template.single().is_some() && template.source() == text)
}
