//! One layer of configuration, and how a TOML text becomes one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Empty, Map, Num, Tag, Value};
use figment::{Error, Metadata, Profile, Provider};
use toml::de::{DeTable, DeValue};

use super::problem::{Origin, Problem};

/// Keys and values from one place, with where each key stands.
pub(super) struct Layer {
    /// Tells the layers of one load apart.
    pub(super) name: String,
    pub(super) values: Dict,
    pub(super) origins: BTreeMap<Vec<String>, Origin>,
}

impl Provider for &Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

/// Reads a file.
pub(super) fn from_file(name: String, path: &Path) -> Result<Layer, Vec<Problem>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let problem = Problem::new("", format!("cannot read the file: {error}"));
        vec![problem.at(Origin::File(path.to_owned(), None))]
    })?;
    from_text(name, &text, Some(path))
}

/// Reads a TOML text; without a path it is the built-in one.
pub(super) fn from_text(name: String, text: &str, path: Option<&Path>) -> Result<Layer, Vec<Problem>> {
    let lines = Lines { text, path: path.map(Path::to_owned) };
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // The parser's message speaks of the grammar only; its `Display` would add the source line.
        let problem = |error: &toml::de::Error| {
            let origin = lines.origin(error.span().map_or(0, |span| span.start));
            Problem::new("", format!("not TOML: {}", error.message())).at(origin)
        };
        return Err(errors.iter().map(problem).collect());
    }
    let mut reader = Reader { lines: Some(lines), at: Vec::new(), origins: BTreeMap::new(), problems: Vec::new() };
    let values = reader.table(table.get_ref());
    if reader.problems.is_empty() { Ok(Layer { name, values, origins: reader.origins }) } else { Err(reader.problems) }
}

/// Reads one TOML value, such as `[1, 2]` or `{ a = 1 }`. The error says why not, without the text.
pub(super) fn value_from_toml(text: &str) -> Result<Value, String> {
    let value = DeValue::parse(text).map_err(|error| error.message().to_owned())?;
    let mut reader = Reader { lines: None, at: Vec::new(), origins: BTreeMap::new(), problems: Vec::new() };
    let value = reader.value(value.get_ref());
    reader.problems.pop().map_or(Ok(value), |problem| Err(problem.reason))
}

/// A JSON value as figment has it.
pub(super) fn value_from_json(value: serde_json::Value) -> Value {
    let tag = Tag::Default;
    match value {
        serde_json::Value::Null => Value::Empty(tag, Empty::None),
        serde_json::Value::Bool(value) => Value::Bool(tag, value),
        serde_json::Value::Number(number) => Value::Num(tag, json_number(&number)),
        serde_json::Value::String(text) => Value::String(tag, text),
        serde_json::Value::Array(items) => Value::Array(tag, items.into_iter().map(value_from_json).collect()),
        serde_json::Value::Object(entries) => {
            Value::Dict(tag, entries.into_iter().map(|(key, value)| (key, value_from_json(value))).collect())
        }
    }
}

fn json_number(number: &serde_json::Number) -> Num {
    let whole = number.as_i64().map(Num::I64).or_else(|| number.as_u64().map(Num::U64));
    whole.unwrap_or_else(|| Num::F64(number.as_f64().unwrap_or(f64::NAN)))
}

struct Lines<'a> {
    text: &'a str,
    path: Option<PathBuf>,
}

impl Lines<'_> {
    fn origin(&self, offset: usize) -> Origin {
        let Some(path) = &self.path else { return Origin::Defaults };
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
        Origin::File(path.clone(), Some((line, column)))
    }
}

struct Reader<'a> {
    lines: Option<Lines<'a>>,
    at: Vec<String>,
    origins: BTreeMap<Vec<String>, Origin>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>) -> Dict {
        let mut values = Dict::new();
        for (key, value) in table {
            let name = key.get_ref().to_string();
            self.at.push(name.clone());
            self.note(key.span().start);
            let value = self.value(value.get_ref());
            values.insert(name, value);
            self.at.pop();
        }
        values
    }

    fn value(&mut self, value: &DeValue<'_>) -> Value {
        let tag = Tag::Default;
        match value {
            DeValue::String(text) => Value::String(tag, text.to_string()),
            DeValue::Boolean(value) => Value::Bool(tag, *value),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Num(tag, Num::I64(number)),
                Err(_) => self.refuse("the number is too large"),
            },
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => Value::Num(tag, Num::F64(number)),
                Err(_) => self.refuse("the number cannot be read"),
            },
            DeValue::Datetime(time) => Value::String(tag, time.to_string()),
            DeValue::Array(items) => {
                let mut values = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    self.at.push(index.to_string());
                    self.note(item.span().start);
                    values.push(self.value(item.get_ref()));
                    self.at.pop();
                }
                Value::Array(tag, values)
            }
            DeValue::Table(table) => Value::Dict(tag, self.table(table)),
        }
    }

    fn note(&mut self, offset: usize) {
        if let Some(lines) = &self.lines {
            self.origins.insert(self.at.clone(), lines.origin(offset));
        }
    }

    fn refuse(&mut self, reason: &str) -> Value {
        let problem = Problem::new(self.at.join("."), reason);
        self.problems.push(match self.origins.get(&self.at) {
            Some(origin) => problem.at(origin.clone()),
            None => problem,
        });
        Value::Empty(Tag::Default, Empty::None)
    }
}
