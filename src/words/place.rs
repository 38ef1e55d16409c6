//! Places: ranges of bytes in the project's files, and the files that they point into.
//!
//! Deliberately not here: reading the files (see `want::source`) and printing them (see `show`).

use std::sync::Arc;

/// A range of bytes in one file of [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Index of the file in [`Sources`].
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// First byte after the range.
    pub end: u32,
}

impl Place {
    /// A range of bytes of a file.
    pub fn new(file: u32, start: usize, end: usize) -> Self {
        Place {
            file,
            start: start as u32,
            end: end as u32,
        }
    }
}

/// One file that was read, with its path relative to the project's folder.
#[derive(Debug, Clone)]
pub struct Source {
    /// Path as shown in messages, with `/` between its parts.
    pub path: String,
    /// The whole text.
    pub text: Arc<str>,
}

/// All files that findings may point into.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Source>,
    secret: Vec<Place>,
}

impl Sources {
    /// Adds a file and returns its index.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> u32 {
        self.files.push(Source {
            path: path.into(),
            text: text.into(),
        });
        (self.files.len() - 1) as u32
    }

    /// The file with this index; every [`Place`] was made from such an index.
    pub fn file(&self, file: u32) -> &Source {
        &self.files[file as usize]
    }

    /// Marks a place whose text nobody may show (law 5).
    pub fn hide(&mut self, place: Place) {
        self.secret.push(place);
    }

    /// The places in a file whose texts nobody may show.
    pub fn hidden(&self, file: u32) -> impl Iterator<Item = Place> {
        self.secret
            .iter()
            .copied()
            .filter(move |place| place.file == file)
    }

    /// The index of the file with this path, if it was read already.
    pub fn find(&self, path: &str) -> Option<u32> {
        self.files
            .iter()
            .position(|f| f.path == path)
            .map(|i| i as u32)
    }

    /// All files in the order in which they were read.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.files.iter()
    }

    /// The text at a place.
    pub fn text(&self, place: Place) -> &str {
        let text = &self.file(place.file).text;
        text.get(place.start as usize..place.end as usize)
            .unwrap_or("")
    }

    /// Line and column of a place's beginning, both counted from 1, columns in characters.
    pub fn line_column(&self, place: Place) -> (usize, usize) {
        let text = &self.file(place.file).text;
        let mut start = (place.start as usize).min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }

    /// Narrows a scalar's place to the `nth` (from 0) occurrence of `part` in its text.
    ///
    /// Returns the whole place when the part is spelled differently there, for example because
    /// of escapes.
    pub fn within(&self, place: Place, part: &str, nth: usize) -> Place {
        match self.text(place).match_indices(part).nth(nth) {
            Some((at, _)) => {
                let start = place.start as usize + at;
                Place::new(place.file, start, start + part.len())
            }
            None => place,
        }
    }
}
