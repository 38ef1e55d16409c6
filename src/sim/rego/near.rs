//! Names that are nearly the one that was written.

/// The candidate that is nearest to a misspelt name, when one is near enough to be meant.
pub(super) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).clamp(1, 3);
    let distance = |other: &str| strsim::damerau_levenshtein(name, other);
    let near = candidates.into_iter().map(|c| (distance(c), c));
    near.filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}
