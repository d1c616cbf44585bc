//! A Resource Definition for the driver, as YAML and as Terraform.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// What the orchestrator can tell about a resource, for tags, `list` and logs.
const CONTEXT: [(&str, &str); 5] = [
    ("app", "${context.app.id}"),
    ("env", "${context.env.id}"),
    ("env_type", "${context.env.type}"),
    ("org", "${context.org.id}"),
    ("res", "${context.res.id}"),
];

#[derive(Debug)]
pub(super) struct Definition<'a> {
    pub(super) org: &'a str,
    /// The body that registers the driver.
    pub(super) driver: &'a Value,
    pub(super) env_type: Option<&'a str>,
    pub(super) account: Option<&'a str>,
}

impl Definition<'_> {
    fn text(&self, key: &str) -> &str {
        self.driver[key].as_str().unwrap_or_default()
    }

    fn id(&self) -> String {
        match self.env_type {
            Some(env_type) => format!("{}-{env_type}", self.text("id")),
            None => self.text("id").to_owned(),
        }
    }

    /// A JSON text is a YAML text too.
    pub(super) fn yaml(&self) -> String {
        let id = json!(self.id());
        let mut text = format!(
            "apiVersion: entity.humanitec.io/v1b1\nkind: Definition\nmetadata:\n  id: {id}\nentity:\n  name: {id}\n  type: {}\n  driver_type: {}\n",
            self.driver["type"],
            json!(format!("{}/{}", self.org, self.text("id"))),
        );
        if let Some(account) = self.account {
            let _ = writeln!(text, "  driver_account: {}", json!(account));
        }
        text.push_str("  driver_inputs:\n    values:\n      size: small\n      context:\n");
        for (key, value) in CONTEXT {
            let _ = writeln!(text, "        {key}: {}", json!(value));
        }
        text.push_str("  criteria:\n");
        let criterion =
            self.env_type.map_or_else(|| "{}".to_owned(), |env_type| json!({"env_type": env_type}).to_string());
        let _ = write!(text, "    - {criterion}");
        text
    }

    pub(super) fn terraform(&self) -> String {
        let indented = |value: &Value, by: &str| {
            let text = serde_json::to_string_pretty(value).unwrap_or_default();
            escaped(&text).replace('\n', &format!("\n{by}"))
        };
        let types: Vec<String> =
            self.driver["account_types"].as_array().into_iter().flatten().map(quoted_value).collect();
        let context: serde_json::Map<String, Value> =
            CONTEXT.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        let values = json!({"size": "small", "context": context});
        let account =
            self.account.map_or_else(String::new, |account| format!("\n  driver_account = {}", quoted(account)));
        let env_type = self
            .env_type
            .map_or_else(String::new, |env_type| format!("\n  env_type               = {}", quoted(env_type)));
        format!(
            "terraform {{\n  required_providers {{\n    humanitec = {{\n      source  = \"humanitec/humanitec\"\n      version = \"~> 1.0\"\n    }}\n  }}\n}}\n\n\
             resource \"humanitec_resource_driver\" \"cache\" {{\n  id            = {}\n  type          = {}\n  account_types = [{}]\n  target        = {}\n  inputs_schema = jsonencode({})\n}}\n\n\
             resource \"humanitec_resource_definition\" \"cache\" {{\n  id             = {}\n  name           = {}\n  type           = {}\n  driver_type    = \"{}/${{humanitec_resource_driver.cache.id}}\"{account}\n  driver_inputs = {{\n    values_string = jsonencode({})\n  }}\n}}\n\n\
             resource \"humanitec_resource_definition_criteria\" \"cache\" {{\n  resource_definition_id = humanitec_resource_definition.cache.id{env_type}\n}}",
            quoted(self.text("id")),
            quoted(self.text("type")),
            types.join(", "),
            quoted(self.text("target")),
            indented(&self.driver["inputs_schema"], "  "),
            quoted(&self.id()),
            quoted(&self.id()),
            quoted(self.text("type")),
            escaped(self.org),
            indented(&values, "    "),
        )
    }
}

fn quoted(text: &str) -> String {
    quoted_value(&json!(text))
}

fn quoted_value(value: &Value) -> String {
    escaped(&value.to_string())
}

/// `${` and `%{` begin a template in Terraform; doubled they stand for themselves.
fn escaped(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}
