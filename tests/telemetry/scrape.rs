//! Reads an exposition, and checks what every one has to have. A parser by others is in tests/conformance.

use std::collections::BTreeMap;

/// A scrape: samples by name and labels.
pub(crate) struct Scrape {
    pub(crate) text: String,
    samples: Vec<(String, BTreeMap<String, String>, f64)>,
}

impl Scrape {
    #[track_caller]
    pub(crate) fn read(text: String) -> Self {
        assert!(text.ends_with("# EOF\n"), "{text}");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let samples = lines.map(|line| {
            let (of, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = of.split_once('{').unwrap_or((of, "}"));
            let labels = labels.strip_suffix('}').unwrap();
            let pairs = labels.split("\",").filter(|pair| !pair.is_empty()).map(|pair| {
                let (key, value) = pair.split_once("=\"").unwrap();
                (key.to_owned(), value.trim_end_matches('"').to_owned())
            });
            (name.to_owned(), pairs.collect(), value.parse().unwrap())
        });
        let samples = samples.collect();
        Self { text, samples }
    }

    /// The sum of a metric's samples that have these labels.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let fits = |of: &BTreeMap<String, String>| {
            labels.iter().all(|(key, value)| of.get(*key).is_some_and(|label| label == value))
        };
        self.samples.iter().filter(|(of, with, _)| of == name && fits(with)).map(|(_, _, value)| value).sum()
    }

    /// The same as a count.
    #[track_caller]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a count")]
    pub(crate) fn count(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        let sum = self.sum(name, labels);
        assert!(sum >= 0.0 && sum.fract() == 0.0, "{name} is no count: {sum}");
        sum as u64
    }

    /// Every value of a label.
    pub(crate) fn labels(&self, name: &str, key: &str) -> Vec<String> {
        let of = self.samples.iter().filter(|(of, _, _)| of == name);
        let mut values: Vec<String> = of.filter_map(|(_, labels, _)| labels.get(key).cloned()).collect();
        values.sort();
        values.dedup();
        values
    }
}
