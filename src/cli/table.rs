//! Tables and times as people read them.

use std::io::IsTerminal as _;

use crate::config;

/// Whether to colour what goes to standard output: only for a person, and only one who does not mind
/// (<https://no-color.org>).
pub(super) fn colours() -> bool {
    let minds = config::process_var("NO_COLOR").is_some_and(|value| !value.is_empty());
    !minds && std::io::stdout().is_terminal()
}

/// Rows under their headings, each column as wide as its widest cell.
pub(super) fn table(headings: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([headings[column].len()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: &[&str]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(headings)];
    lines.extend(rows.iter().map(|row| line(&row.iter().map(String::as_str).collect::<Vec<_>>())));
    lines
}

/// A number of things: `1 cache`, `2 caches`.
pub(super) fn number(of: usize, thing: &str) -> String {
    let end = if of == 1 { "" } else { "s" };
    format!("{of} {thing}{end}")
}

/// A length of time in its two largest units: `3d4h`, `5m`, `12s`.
pub(super) fn length(seconds: i64) -> String {
    let mut rest = seconds.max(0);
    let mut parts = Vec::new();
    for (unit, letter) in [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')] {
        let number = rest / unit;
        rest %= unit;
        if number > 0 {
            parts.push(format!("{number}{letter}"));
        }
        // Two neighbours tell enough: after days minutes do not matter.
        if parts.len() == 2 || (parts.len() == 1 && number == 0) {
            break;
        }
    }
    if parts.is_empty() { "0s".to_owned() } else { parts.concat() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_has_its_two_largest_units() {
        for (seconds, expected) in [
            (-5, "0s"),
            (0, "0s"),
            (12, "12s"),
            (60, "1m"),
            (330, "5m30s"),
            (3_600, "1h"),
            (3_659, "1h"),
            (3 * 86_400 + 4 * 3_600 + 59, "3d4h"),
            (86_400 + 59, "1d"),
        ] {
            assert_eq!(length(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_lines_have_no_trailing_blanks() {
        let rows = [vec!["a".to_owned(), "longer".to_owned()], vec!["wide one".to_owned(), String::new()]];
        assert_eq!(table(&["ID", "B"], &rows), ["ID        B", "a         longer", "wide one"]);
        assert_eq!(table(&["ID", "B"], &[]), ["ID  B"]);
    }
}
