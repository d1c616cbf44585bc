//! The parameters of a query-protocol call: `Name=value`, lists as `Name.Member.1=value`.

use std::collections::BTreeMap;
use std::fmt;

use super::error::AwsError;

/// The decoded form of one call.
#[derive(Clone, Default)]
pub(super) struct Params {
    fields: BTreeMap<String, String>,
}

/// Names only: values may be tokens.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.fields.keys()).finish()
    }
}

impl Params {
    /// Decodes forms (query string, then body); the later one wins.
    pub(super) fn parse(forms: [&[u8]; 2]) -> Self {
        let mut fields = BTreeMap::new();
        for form in forms {
            fields.extend(form_urlencoded::parse(form).into_owned());
        }
        Self { fields }
    }

    /// A value that is there and not blank.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A value that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, AwsError> {
        self.get(name).ok_or_else(|| AwsError::missing(name))
    }

    /// A required name, lower-cased as it is stored.
    pub(super) fn identifier(&self, name: &str) -> Result<String, AwsError> {
        self.required(name).map(str::to_ascii_lowercase)
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, AwsError> {
        match self.get(name) {
            None => Ok(None),
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(value) if value.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(value) => Err(malformed(name, value, "a boolean")),
        }
    }

    /// A whole number.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, AwsError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value.parse().map(Some).map_err(|_| malformed(name, value, "an integer"))
    }

    /// A whole number within bounds, both allowed.
    pub(super) fn number_within(&self, name: &str, low: i64, high: i64) -> Result<Option<i64>, AwsError> {
        match self.number(name)? {
            Some(value) if !(low..=high).contains(&value) => {
                Err(AwsError::value(format!("The parameter {name} must be between {low} and {high}, and is {value}.")))
            }
            value => Ok(value),
        }
    }

    /// A list in the order of its numbers, whatever the SDK calls its members.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let mut items = self.indexed(name);
        items.sort_by_key(|(index, _, _)| *index);
        items.into_iter().filter(|(_, rest, _)| rest.is_empty()).map(|(_, _, value)| value.to_owned()).collect()
    }

    /// Whether any member of a list, or an empty list, was sent.
    pub(super) fn has_list(&self, name: &str) -> bool {
        self.fields.contains_key(name) || !self.indexed(name).is_empty()
    }

    /// A list as EC2 sends it: `Name.1=value`.
    pub(super) fn flat_list(&self, name: &str) -> Vec<String> {
        (1..).map_while(|index| self.get(&format!("{name}.{index}")).map(str::to_owned)).collect()
    }

    /// A list of structures, each as its fields.
    pub(super) fn structures(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        let mut items: BTreeMap<u32, BTreeMap<String, String>> = BTreeMap::new();
        for (index, rest, value) in self.indexed(name) {
            items.entry(index).or_default().insert(rest.to_owned(), value.to_owned());
        }
        items.into_values().collect()
    }

    /// Every (index, what follows the index, value) below `name`.
    fn indexed(&self, name: &str) -> Vec<(u32, &str, &str)> {
        let mut found = Vec::new();
        for (key, value) in &self.fields {
            let Some(below) = key.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else { continue };
            let Some((_member, numbered)) = below.split_once('.') else { continue };
            let (index, rest) = numbered.split_once('.').unwrap_or((numbered, ""));
            if let Ok(index) = index.parse() {
                found.push((index, rest, value.as_str()));
            }
        }
        found
    }
}

fn malformed(name: &str, value: &str, wanted: &str) -> AwsError {
    AwsError::new("MalformedInput", 400, format!("{name} is not {wanted}: {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_keep_their_order_and_structures_their_fields() {
        let form = b"S.Id.2=b&S.Id.10=c&S.Id.1=a&Tags.Tag.1.Key=k&Tags.Tag.1.Value=&Tags.Tag.2.Key=l";
        let params = Params::parse([b"", form]);
        assert_eq!(params.list("S"), ["a", "b", "c"]);
        let tags = params.structures("Tags");
        assert_eq!(tags.len(), 2);
        assert_eq!(tags[0]["Key"], "k");
        assert_eq!(tags[0]["Value"], "");
        assert!(!tags[1].contains_key("Value"));
    }

    #[test]
    fn a_number_that_is_none_is_named_in_the_error() {
        let params = Params::parse([b"MaxRecords=many", b""]);
        let error = params.number("MaxRecords").unwrap_err();
        assert_eq!(error.code, "MalformedInput");
        assert!(error.message.contains("MaxRecords"));
    }
}
