//! Writes the XML of the AWS query protocol.

use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

use crate::clock::Timestamp;

/// XML being written. Writing goes to memory, so it cannot fail.
pub(super) struct Xml {
    writer: Writer<Vec<u8>>,
}

impl Xml {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self { writer: Writer::new(Vec::new()) }
    }

    fn event(&mut self, event: Event<'_>) {
        self.writer.write_event(event).expect("writing to memory does not fail");
    }

    /// An element whose children `inner` writes.
    pub(super) fn element(&mut self, name: &str, inner: impl FnOnce(&mut Self)) {
        self.event(Event::Start(BytesStart::new(name)));
        inner(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// The root element, with the namespace of its service.
    pub(super) fn root(&mut self, name: &str, namespace: &str, inner: impl FnOnce(&mut Self)) {
        self.event(Event::Start(BytesStart::new(name).with_attributes([("xmlns", namespace)])));
        inner(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// A list: `list` holds one `member` element for each item.
    pub(super) fn list<T>(
        &mut self,
        list: &str,
        member: &str,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) {
        self.element(list, |xml| {
            for item in items {
                xml.element(member, |xml| each(xml, item));
            }
        });
    }

    /// The bare text of the element that is open, for lists of strings.
    pub(super) fn text(&mut self, text: &str) {
        self.event(Event::Text(BytesText::new(text)));
    }

    /// A leaf.
    pub(super) fn leaf(&mut self, name: &str, text: &str) {
        self.element(name, |xml| xml.text(text));
    }

    /// A leaf, if there is something to say.
    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.leaf(name, text);
        }
    }

    /// A leaf that is `true` or `false`.
    pub(super) fn flag(&mut self, name: &str, value: bool) {
        self.leaf(name, if value { "true" } else { "false" });
    }

    /// A leaf that is `enabled` or `disabled`.
    pub(super) fn switch(&mut self, name: &str, value: bool) {
        self.leaf(name, if value { "enabled" } else { "disabled" });
    }

    /// A leaf that is a number.
    pub(super) fn number(&mut self, name: &str, value: impl Into<i64>) {
        self.leaf(name, &value.into().to_string());
    }

    /// A leaf that is a point in time.
    pub(super) fn time(&mut self, name: &str, at: Timestamp) {
        self.leaf(name, &timestamp(at));
    }

    /// What was written.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.writer.into_inner()
    }

    /// Puts in what another writer wrote.
    pub(super) fn raw(&mut self, written: &[u8]) {
        self.writer.get_mut().extend_from_slice(written);
    }
}

/// ISO 8601 in UTC with milliseconds, as AWS writes it.
pub(super) fn timestamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_times_have_milliseconds() {
        let mut xml = Xml::new();
        xml.root("A", "urn:x", |xml| {
            xml.leaf("B", "a<b & \"c\"");
            xml.time("T", Timestamp::from_millisecond(1_700_000_000_120).unwrap());
        });
        let text = String::from_utf8(xml.into_bytes()).unwrap();
        assert!(text.starts_with("<A xmlns=\"urn:x\"><B>a&lt;b &amp;"), "{text}");
        assert!(text.contains("<T>2023-11-14T22:13:20.120Z</T>"), "{text}");
    }
}
