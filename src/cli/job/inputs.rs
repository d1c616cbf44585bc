//! What a job is to make: from the command line, the environment, and files in the job's directory.
//!
//! The Container Driver hands a container variables (`job.variables`), files (`files`) and credentials
//! (`credentials_config`), and the developer's own inputs as `RESOURCE_INPUTS_FILE`. None of them tells the GUResID by
//! itself, so a Resource Definition passes it on by its placeholder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::backend::Given;
use crate::cache::{Code, FieldError, GuResId};
use crate::cli::files::{parse_object, read_object};
use crate::cli::{Failed, body};
use crate::driver::{Call, DriverError};
use crate::routing::input::Members;

/// The file of inputs in the job's directory.
const INPUTS: &str = "cache.json";
/// The file of credentials in the job's directory, as `credentials_config.file` writes one.
const ACCOUNT: &str = "account.json";

/// What the command line says about the inputs.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    pub(super) inputs: Option<PathBuf>,
    pub(super) id: Option<String>,
    pub(super) route: Option<String>,
}

/// What a job is to make.
#[derive(Debug, Clone)]
pub(super) struct Inputs {
    pub(super) id: GuResId,
    pub(super) route: Option<String>,
    /// The body of a PUT.
    pub(super) body: Map<String, Value>,
}

impl Sources {
    /// Reads everything there is. An option wins over a variable, a variable over a file.
    pub(super) fn read(self, variable: impl Fn(&str) -> Option<String>) -> Result<Inputs, Failed> {
        let named = self.inputs.or_else(|| variable("CACHE_JOB_INPUTS").map(PathBuf::from));
        let mut body = match &named {
            Some(file) => read(file)?,
            None if Path::new(INPUTS).exists() => read(Path::new(INPUTS))?,
            None => Map::new(),
        };
        let id = text(&mut body, "id")?;
        let route = text(&mut body, "route")?;
        let id = self.id.or_else(|| variable("CACHE_JOB_ID")).or(id).ok_or_else(|| {
            Failed::Config(format!(
                "error: which resource? set CACHE_JOB_ID to ${{context.res.guresid}} in job.variables, or put it as `id` into {INPUTS}"
            ))
        })?;
        let id = GuResId::parse(&id).map_err(|error| {
            let shown: String = id.chars().take(80).collect();
            Failed::Config(format!("error: the id `{shown}`: {error}"))
        })?;

        if let Some(kind) = variable("CACHE_JOB_TYPE") {
            body.insert("type".to_owned(), kind.into());
        }
        if !body.contains_key("resource")
            && let Some(file) = variable("RESOURCE_INPUTS_FILE")
        {
            body.insert("resource".to_owned(), read(Path::new(&file))?.into());
        }
        if let Some(values) = variable("CACHE_JOB_VALUES") {
            let values = parse_object(&values, "CACHE_JOB_VALUES")?;
            member(&mut body, &["driver", "values"])?.extend(values);
        }
        if let Some(account) = account(&variable)? {
            member(&mut body, &["driver", "secrets"])?.insert("account".to_owned(), account.into());
        }
        let route = self.route.or_else(|| variable("CACHE_JOB_ROUTE")).or(route);
        Ok(Inputs { id, route, body })
    }
}

impl Inputs {
    /// The resource alone, for a destroy whose inputs are not legal any more.
    ///
    /// Its account has to be: with another identity the cache is not found, and would stay as if it were gone.
    pub(super) fn call(&self) -> Result<Call, DriverError> {
        let refused = |fields: Vec<FieldError>| {
            let mut error = DriverError::fields(fields);
            error.code = Code::Credentials;
            error
        };
        let mut members = Members::default();
        let mut driver = members.object(&mut self.body.clone(), "driver", "driver").unwrap_or_default();
        let mut secrets = members.object(&mut driver, "secrets", "driver.secrets").unwrap_or_default();
        let account = members.account(&mut secrets, "driver.secrets");
        if !members.errors.is_empty() {
            return Err(refused(members.errors));
        }
        let credentials = account.as_ref().map(Given::recognise).transpose().map_err(refused)?;
        Ok(Call {
            resource_type: self.body.get("type").and_then(Value::as_str).map(str::to_owned),
            credentials: credentials.map(Arc::new),
            ..body::call(self.id.clone(), self.route.clone(), "job")
        })
    }
}

/// The cloud account that the orchestrator matched, whole.
fn account(variable: &impl Fn(&str) -> Option<String>) -> Result<Option<Map<String, Value>>, Failed> {
    if let Some(text) = variable("CACHE_JOB_ACCOUNT") {
        return parse_object(&text, "CACHE_JOB_ACCOUNT").map(Some);
    }
    match variable("CACHE_JOB_ACCOUNT_FILE") {
        Some(file) => read(Path::new(&file)).map(Some),
        None if Path::new(ACCOUNT).exists() => read(Path::new(ACCOUNT)).map(Some),
        None => Ok(None),
    }
}

fn read(file: &Path) -> Result<Map<String, Value>, Failed> {
    read_object(&file.display().to_string())
}

/// Takes a text out of the inputs.
fn text(body: &mut Map<String, Value>, key: &str) -> Result<Option<String>, Failed> {
    match body.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Failed::Config(format!("error: `{key}` of the inputs: expected text"))),
    }
}

/// An object inside the inputs, made if it is not there.
fn member<'a>(body: &'a mut Map<String, Value>, path: &[&str]) -> Result<&'a mut Map<String, Value>, Failed> {
    let mut at = body;
    for key in path {
        let next = at.entry(*key).or_insert_with(|| json!({}));
        if next.is_null() {
            *next = json!({});
        }
        let wrong = || Failed::Config(format!("error: `{}` of the inputs: expected an object", path.join(".")));
        at = next.as_object_mut().ok_or_else(wrong)?;
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_with(sources: Sources, variables: &[(&str, &str)]) -> Result<Inputs, Failed> {
        sources.read(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    fn file(dir: &tempfile::TempDir, name: &str, value: &Value) -> String {
        let path = dir.path().join(name);
        std::fs::write(&path, value.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn an_option_wins_over_a_variable_and_a_variable_over_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let inputs = file(
            &dir,
            "in.json",
            &json!({"id": "of-file", "route": "redis", "type": "redis", "driver": {"values": {"size": "small", "replicas": 1}}}),
        );
        let developer = file(&dir, "resource.json", &json!({"size": "nano"}));
        let account = file(&dir, "acc.json", &json!({"AccessKeyId": "a", "SecretAccessKey": "b"}));
        let read = read_with(
            Sources { inputs: Some(inputs.clone().into()), id: Some("of-option".into()), route: None },
            &[
                ("CACHE_JOB_ID", "of-variable"),
                ("CACHE_JOB_ROUTE", "valkey"),
                ("CACHE_JOB_VALUES", "{\"size\": \"large\"}"),
                ("RESOURCE_INPUTS_FILE", &developer),
                ("CACHE_JOB_ACCOUNT_FILE", &account),
            ],
        )
        .unwrap();
        assert_eq!((read.id.as_str(), read.route.as_deref()), ("of-option", Some("valkey")));
        let wanted = json!({"type": "redis", "resource": {"size": "nano"}, "driver": {
            "values": {"size": "large", "replicas": 1}, "secrets": {"account": {"AccessKeyId": "a", "SecretAccessKey": "b"}}}});
        assert_eq!(Value::Object(read.body), wanted);
        let read = read_with(Sources::default(), &[("CACHE_JOB_INPUTS", &inputs)]).unwrap();
        assert_eq!((read.id.as_str(), read.route.as_deref()), ("of-file", Some("redis")));
    }

    #[test]
    fn what_cannot_be_used_is_told_by_where_it_came_from_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let flat = file(&dir, "flat.json", &json!({"id": "abc", "driver": "CANARY"}));
        for (variables, told) in [
            (vec![], "CACHE_JOB_ID"),
            (vec![("CACHE_JOB_ID", "No Id")], "`No Id`"),
            (vec![("CACHE_JOB_ID", "abc"), ("CACHE_JOB_VALUES", "CANARY")], "CACHE_JOB_VALUES"),
            (vec![("CACHE_JOB_ID", "abc"), ("CACHE_JOB_ACCOUNT", "[\"CANARY\"]")], "CACHE_JOB_ACCOUNT"),
            (vec![("CACHE_JOB_ID", "abc"), ("CACHE_JOB_INPUTS", "/no/such/file")], "/no/such/file"),
            (vec![("CACHE_JOB_INPUTS", flat.as_str()), ("CACHE_JOB_VALUES", "{}")], "driver.values"),
        ] {
            let Err(Failed::Config(error)) = read_with(Sources::default(), &variables) else { panic!("{variables:?}") };
            assert!(error.contains(told) && !error.contains("CANARY"), "{error}");
        }
    }

    #[test]
    fn a_destroy_never_passes_over_an_account_that_is_there() {
        let key = json!({"AccessKeyId": "a", "SecretAccessKey": "b"});
        let call = |body: Value| {
            let body = body.as_object().unwrap().clone();
            Inputs { id: GuResId::parse("abc").unwrap(), route: None, body }.call()
        };
        let with = |account: Value| call(json!({"driver": {"values": {"size": 0}, "secrets": {"account": account}}}));
        for none in [with(Value::Null), call(json!({})), call(json!({"driver": null}))] {
            assert!(none.unwrap().credentials.is_none());
        }
        for known in [key.clone(), key.to_string().into()] {
            assert!(with(known.clone()).unwrap().credentials.is_some(), "{known}");
        }
        for wrong in [json!("CANARY"), json!("[\"CANARY\"]"), json!(["CANARY"]), json!(1), json!({}), json!("")] {
            let error = with(wrong.clone()).unwrap_err();
            assert_eq!(error.code, Code::Credentials, "{wrong}");
            assert!(!error.to_string().contains("CANARY"), "{error}");
        }
        for wrong in [json!({"driver": "CANARY"}), json!({"driver": {"secrets": "CANARY"}})] {
            assert_eq!(call(wrong.clone()).unwrap_err().code, Code::Credentials, "{wrong}");
        }
    }
}
