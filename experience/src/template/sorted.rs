//! Template files as they are: lines in the order of their bytes, so that an owner's lines are found without reading
//! the others. Nothing is parsed at start.

use std::borrow::Cow;
use std::cmp::Ordering;

/// One file: `owner<TAB>template` a line, sorted.
#[derive(Debug)]
pub(super) struct SortedLines {
    text: Cow<'static, str>,
}

impl SortedLines {
    /// A text that is sorted already; the pack's own files are, a test holds it.
    pub(super) fn sorted(text: &'static str) -> Self {
        Self {
            text: Cow::Borrowed(text),
        }
    }

    /// Any text.
    pub(super) fn sort(text: &str) -> Self {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        Self {
            text: Cow::Owned(lines.join("\n")),
        }
    }

    /// All owners with their templates; lines that are no templates are left out.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.text.lines().filter_map(|line| line.split_once('\t'))
    }

    /// The templates of an owner.
    pub(super) fn of_owner<'s>(&'s self, owner: &'s str) -> impl Iterator<Item = &'s str> {
        let lines = self.text[self.first_of(owner)..].lines();
        lines.map_while(move |line| line.strip_prefix(owner)?.strip_prefix('\t'))
    }

    /// Where the first line stands that is not before the owner's lines.
    fn first_of(&self, owner: &str) -> usize {
        let bytes = self.text.as_bytes();
        let (mut low, mut high) = (0, bytes.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let start = memchr::memrchr(b'\n', &bytes[low..middle]).map_or(low, |at| low + at + 1);
            let end = memchr::memchr(b'\n', &bytes[middle..]).map_or(bytes.len(), |at| middle + at);
            match compare(&bytes[start..end], owner.as_bytes()) {
                Ordering::Less => low = (end + 1).min(bytes.len()),
                _ => high = start,
            }
        }
        low
    }
}

/// How a line stands to the owner's lines: before, or not.
fn compare(line: &[u8], owner: &[u8]) -> Ordering {
    let of_line = memchr::memchr(b'\t', line).map_or(line, |at| &line[..at]);
    of_line.cmp(owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_has_all_its_lines_and_no_others() {
        let shelf =
            SortedLines::sort("B\tone\nA\tx\nno template\nB\ttwo\nBB\tthree\nA$1\ty\n\nC\tlast");
        let of = |owner| shelf.of_owner(owner).collect::<Vec<_>>();
        assert_eq!(of("A"), ["x"]);
        assert_eq!(of("B"), ["one", "two"]);
        assert_eq!(of("BB"), ["three"]);
        assert_eq!(of("C"), ["last"]);
        for nobody in ["", "AA", "D", "no template"] {
            assert!(of(nobody).is_empty(), "{nobody}");
        }
        assert_eq!(shelf.iter().count(), 6);
    }
}
