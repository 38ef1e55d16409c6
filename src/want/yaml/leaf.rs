//! The data of a scalar as it is written, and findings about tags and numbers.

use crate::want::yaml::build::{Builder, Scalar, WrittenTag, shorten};
use crate::want::yaml::scalar::{self, Tag, Unfit};
use crate::words::{Data, Finding};

impl Builder<'_> {
    /// The data of a scalar, and whether a finding was made of it. Keys are taken by their text.
    pub(super) fn data(&mut self, scalar: &Scalar<'_>, as_key: bool) -> (Data, bool) {
        let text = || Data::Text(scalar.text.into());
        // A plain key is taken by its text, but an anchor may repeat it as a value.
        let by_text = as_key && scalar.anchor == 0;
        let result = match scalar.tag {
            Some(tag) => match tag.core {
                None => {
                    self.foreign_tag(tag);
                    return (text(), true);
                }
                Some(core) => scalar::tagged(scalar.text, core).map_err(|u| (u, tag)),
            },
            None if scalar.plain && !by_text => scalar::plain(scalar.text).map_err(|unfit| {
                let tag = WrittenTag {
                    core: None,
                    place: scalar.place,
                };
                (unfit, tag)
            }),
            None => Ok(text()),
        };
        match result {
            Ok(data) => (data, false),
            Err(_) if as_key && scalar.tag.is_none() => (text(), false),
            Err((unfit, tag)) => {
                self.unfit(scalar, unfit, tag);
                (text(), true)
            }
        }
    }

    fn unfit(&mut self, scalar: &Scalar<'_>, unfit: Unfit, tag: WrittenTag) {
        let shown = shorten(scalar.text);
        let finding = match unfit {
            Unfit::NotFinite => Finding::error(
                "yaml::number",
                scalar.place,
                format!("JSON has no number `{shown}`"),
            )
            .help("quote it if a text is meant"),
            Unfit::TooWide => Finding::error(
                "yaml::number",
                scalar.place,
                format!("the integer `{shown}` does not fit into 64 bits"),
            )
            .help("quote it if a text is meant, as with an identifier made of digits"),
            Unfit::NotOfTag => Finding::error(
                "yaml::tag",
                tag.place,
                format!(
                    "the tag says {}, but `{shown}` is none",
                    tag.core.map_or("something else", Tag::what)
                ),
            ),
        };
        self.find(finding);
    }

    /// Finds a tag that is not of the core schema.
    pub(super) fn foreign_tag(&mut self, tag: WrittenTag) {
        let shown = shorten(self.text_at(tag.place));
        self.find(
            Finding::error("yaml::tag", tag.place, format!("unknown tag `{shown}`"))
                .help("quote a text that begins with `!`; of tags only YAML's own are known, such as `!!str`"),
        );
    }
}
