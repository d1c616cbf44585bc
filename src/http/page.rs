//! The OpenAPI document and the reference of inputs as one page of HTML, with neither scripts nor other files.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::cache::fields::FieldDoc;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#222}\
    code{font:14px ui-monospace,monospace;background:#f2f2f2;padding:0 .2em}table{border-collapse:collapse;width:100%}\
    th,td{text-align:left;vertical-align:top;border-bottom:1px solid #ddd;padding:.25rem .75rem .25rem 0}\
    h3{margin-top:2rem}h3 code{font-size:17px}.scroll{overflow-x:auto}\
    @media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}code{background:#2a2a2a}th,td{border-color:#444}a{color:#8bf}}";

/// The page.
pub(super) fn render(document: &Value, inputs: &[FieldDoc]) -> String {
    let mut html = String::new();
    let title = text(&document["info"]["title"]);
    let version = text(&document["info"]["version"]);
    add(&mut html, format_args!("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"));
    add(&mut html, format_args!("<meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>"));
    add(&mut html, format_args!("<style>{STYLE}</style><h1>{title} {version}</h1>"));
    add(&mut html, format_args!("<p>{}</p>", words(&document["info"]["description"])));
    add(&mut html, format_args!("<p>For programs: <a href=\"/docs/spec.json\">/docs/spec.json</a>. On this page: "));
    add(
        &mut html,
        format_args!(
            "<a href=\"#calls\">calls</a>, <a href=\"#inputs\">inputs</a>, <a href=\"#shapes\">shapes</a>.</p>"
        ),
    );
    add(&mut html, format_args!("<h2 id=\"calls\">Calls</h2>"));
    for (path, item) in object(&document["paths"]) {
        for (method, operation) in object(&item).iter().filter(|(key, _)| METHODS.contains(&key.as_str())) {
            operation_section(&mut html, &path, method, operation);
        }
    }
    inputs_section(&mut html, inputs);
    add(&mut html, format_args!("<h2 id=\"shapes\">Shapes</h2>"));
    for (name, schema) in object(&document["components"]["schemas"]) {
        schema_section(&mut html, &name, &schema);
    }
    html
}

const METHODS: [&str; 4] = ["get", "put", "post", "delete"];

fn operation_section(html: &mut String, path: &str, method: &str, operation: &Value) {
    let id = escape(operation["operationId"].as_str().unwrap_or_default());
    let (method, path) = (method.to_uppercase(), escape(path));
    add(html, format_args!("<h3 id=\"{id}\"><code>{method} {path}</code></h3>"));
    add(html, format_args!("<p><b>{}.</b> {}</p>", words(&operation["summary"]), words(&operation["description"])));
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    if !body.is_null() {
        add(html, format_args!("<p>Body: {}</p>", kind(body)));
    }
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let rows = parameters.map(|p| [code(&p["name"]), text(&p["in"]), words(&p["description"])]);
    table(html, ["parameter", "in", ""], rows);
    let rows = object(&operation["responses"]).into_iter().map(|(status, response)| {
        let content = object(&response["content"]).into_iter().map(|(_, content)| kind(&content["schema"])).next();
        let headers: Vec<String> =
            object(&response["headers"]).keys().map(|name| code(&Value::from(name.as_str()))).collect();
        let headers = if headers.is_empty() { String::new() } else { format!(" With {}.", headers.join(", ")) };
        [escape(&status), content.unwrap_or_default(), format!("{}.{headers}", words(&response["description"]))]
    });
    table(html, ["status", "body", ""], rows);
}

fn inputs_section(html: &mut String, inputs: &[FieldDoc]) {
    add(
        html,
        format_args!(
            "<h2 id=\"inputs\">Inputs</h2><p>The keys of <code>driver.values</code>, of profiles and of a \
        route's defaults. Numbers, switches and lists may come as text; <code>null</code> and empty text mean unset.</p>"
        ),
    );
    let rows = inputs.iter().map(|input| {
        [
            format!("<code>{}</code>", escape(&input.key)),
            marked(&input.kind),
            marked(&input.default),
            marked(&input.doc),
        ]
    });
    table(html, ["key", "value", "default", ""], rows);
}

fn schema_section(html: &mut String, name: &str, schema: &Value) {
    let name = escape(name);
    add(html, format_args!("<h3 id=\"shape-{name}\">{name}</h3><p>{}</p>", words(&schema["description"])));
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values.iter().map(code).collect();
        add(html, format_args!("<p>One of {}.</p>", values.join(", ")));
    }
    let mut members = object(&schema["properties"]);
    let mut bases = Vec::new();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        members.extend(object(&part["properties"]));
        if part["$ref"].is_string() {
            bases.push(kind(part));
        }
    }
    if !bases.is_empty() {
        add(html, format_args!("<p>Everything of {}, and:</p>", bases.join(", ")));
    }
    let rows = members
        .into_iter()
        .map(|(key, member)| [format!("<code>{}</code>", escape(&key)), kind(&member), words(&member["description"])]);
    table(html, ["member", "value", ""], rows);
}

fn table<const N: usize>(html: &mut String, head: [&str; N], rows: impl Iterator<Item = [String; N]>) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    add(html, format_args!("<div class=\"scroll\"><table><tr><th>{}</tr>", head.join("<th>")));
    for row in rows {
        add(html, format_args!("<tr><td>{}</tr>", row.join("<td>")));
    }
    add(html, format_args!("</table></div>"));
}

/// What a schema holds, in a word or with a link.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        let name = escape(name);
        return format!("<a href=\"#shape-{name}\">{name}</a>");
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[key].as_array() {
            let parts: Vec<String> = parts.iter().filter(|part| part["type"] != "null").map(kind).collect();
            return parts.join(" or ");
        }
    }
    if schema["type"] == "array" {
        return format!("list of {}", kind(&schema["items"]));
    }
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter(|k| *k != "null").map(text).collect::<Vec<_>>().join(" or "),
        Value::String(kind) => escape(kind),
        _ => "anything".to_owned(),
    }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

fn code(value: &Value) -> String {
    format!("<code>{}</code>", text(value))
}

fn words(value: &Value) -> String {
    marked(value.as_str().unwrap_or_default())
}

/// Escaped, with what stands between backticks as code.
fn marked(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('`').enumerate() {
        let part = escape(part);
        if at % 2 == 1 {
            add(&mut out, format_args!("<code>{part}</code>"));
        } else {
            out.push_str(&part);
        }
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn add(html: &mut String, piece: std::fmt::Arguments<'_>) {
    html.write_fmt(piece).expect("a string takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(marked("a <b> & `x<y`"), "a &lt;b&gt; &amp; <code>x&lt;y</code>");
    }
}
