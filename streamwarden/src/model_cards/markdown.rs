//! As much of Markdown as training writes: headlines, paragraphs, lists, tables, strong text.

use streamwarden_notifier::api::types::{Chapter, Part};

/// Reads a document. Strong text loses its signs; code keeps its backticks.
pub(super) fn read(text: &str) -> Vec<Chapter> {
    let mut chapters: Vec<Chapter> = Vec::new();
    let mut paragraph_ended = true;
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some((level, title)) = headline(trimmed) {
            chapters.push(Chapter {
                level,
                title: plain(title),
                parts: Vec::new(),
            });
        } else if !trimmed.is_empty() {
            if chapters.is_empty() {
                chapters.push(Chapter::default());
            }
            if let Some(chapter) = chapters.last_mut() {
                add(&mut chapter.parts, trimmed, paragraph_ended);
            }
        }
        paragraph_ended = trimmed.is_empty();
    }
    chapters
}

fn headline(line: &str) -> Option<(u8, &str)> {
    let title = line.trim_start_matches('#');
    let level = u8::try_from(line.len() - title.len()).ok()?;
    (level > 0 && title.starts_with(' ')).then(|| (level, title.trim()))
}

fn add(parts: &mut Vec<Part>, line: &str, is_new: bool) {
    if let Some(item) = line.strip_prefix("- ") {
        match parts.last_mut() {
            Some(Part::List(items)) => items.push(plain(item)),
            _ => parts.push(Part::List(vec![plain(item)])),
        }
    } else if line.starts_with('|') {
        let cells = cells(line);
        match parts.last_mut() {
            Some(Part::Table { .. }) if is_rule(&cells) => {}
            Some(Part::Table { head, rows }) if !is_new && cells.len() == head.len() => {
                rows.push(cells);
            }
            _ => parts.push(Part::Table {
                head: cells,
                rows: Vec::new(),
            }),
        }
    } else {
        match parts.last_mut() {
            Some(Part::Text(text)) if !is_new => {
                text.push(' ');
                text.push_str(&plain(line));
            }
            _ => parts.push(Part::Text(plain(line))),
        }
    }
}

fn cells(line: &str) -> Vec<String> {
    let inner = line.trim_matches('|');
    inner.split('|').map(|cell| plain(cell.trim())).collect()
}

/// The line between head and rows.
fn is_rule(cells: &[String]) -> bool {
    let is_dashes = |cell: &String| cell.chars().all(|c| matches!(c, '-' | ':'));
    cells.iter().all(|cell| !cell.is_empty() && is_dashes(cell))
}

fn plain(text: &str) -> String {
    text.replace("**", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headlines_paragraphs_lists_and_tables_are_read_in_order() {
        let text = "# Card\n\nOne\nline.\n\n- **a**: `b`\n  - c\n\n## Figures\n\n| x | y |\n|---|---|\n| **1** |  |\n\nEnd.\n";
        let read = read(text);
        let table = Part::Table {
            head: vec!["x".into(), "y".into()],
            rows: vec![vec!["1".into(), String::new()]],
        };
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].level, read[0].title.as_str()), (1, "Card"));
        let list = Part::List(vec!["a: `b`".into(), "c".into()]);
        assert_eq!(read[0].parts, [Part::Text("One line.".into()), list]);
        assert_eq!(read[1].parts, [table, Part::Text("End.".into())]);
    }

    #[test]
    fn two_tables_with_a_blank_line_between_them_stay_two() {
        let read = read("| a |\n|---|\n| 1 |\n\n| b |\n|---|\n| 2 |\n");
        assert_eq!(read[0].parts.len(), 2);
    }
}
