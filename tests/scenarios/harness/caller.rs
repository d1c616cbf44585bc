//! A caller as the orchestrator is one: it keeps the cookie, and checks on every answer what every answer has to have.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cache_driver::clock::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::eventually;

const COOKIE: &str = "humanitec-driver-cookie";
const SET_COOKIE: &str = "set-humanitec-driver-cookie";

/// One resource, as its caller knows it.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    base: String,
    http: reqwest::Client,
    pub(crate) id: String,
    pub(crate) account: Option<Value>,
    pub(crate) adopt_password: Option<String>,
    pub(crate) cookie: Option<String>,
}

/// An answer that has passed the checks.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// `null` for an empty body.
    pub(crate) body: Value,
}

impl Caller {
    pub(crate) fn new(base: &str, id: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let (account, adopt_password, cookie) = (None, None, None);
        Self { base: base.to_owned(), http, id: id.to_owned(), account, adopt_password, cookie }
    }

    /// The same resource, asked about at another driver.
    pub(crate) fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// The same, with these credentials.
    pub(crate) fn with_account(self, account: Value) -> Self {
        Self { account: Some(account), ..self }
    }

    /// The same, without memory.
    pub(crate) fn forgetful(&self) -> Self {
        Self { cookie: None, ..self.clone() }
    }

    pub(crate) fn body(&self, values: &Value) -> Value {
        let mut secrets = json!({});
        if let Some(account) = &self.account {
            secrets["account"] = account.clone();
        }
        if let Some(password) = &self.adopt_password {
            secrets["adopt"] = json!({ "password": password });
        }
        json!({"type": "redis", "resource": {}, "driver": {"values": values, "secrets": secrets}})
    }

    pub(crate) async fn put(&mut self, values: Value) -> Answer {
        self.call(Method::PUT, "", &[], Some(self.body(&values))).await
    }

    /// PUT with `?dry_run=true`.
    pub(crate) async fn plan(&mut self, values: Value) -> Answer {
        self.call(Method::PUT, "?dry_run=true", &[], Some(self.body(&values))).await
    }

    pub(crate) async fn put_waiting(&mut self, values: Value, prefer: &str) -> Answer {
        self.call(Method::PUT, "", &[("prefer", prefer)], Some(self.body(&values))).await
    }

    pub(crate) async fn get(&mut self) -> Answer {
        self.call(Method::GET, "", &[], None).await
    }

    pub(crate) async fn delete(&mut self) -> Answer {
        self.call(Method::DELETE, "", &[], None).await
    }

    pub(crate) async fn delete_waiting(&mut self, prefer: &str) -> Answer {
        self.call(Method::DELETE, "", &[("prefer", prefer)], None).await
    }

    /// POST of the interface of 2020.
    pub(crate) async fn legacy_post(&mut self, values: &Value) -> Answer {
        let secrets = self.account.as_ref().map_or(json!({}), |account| json!({"account": account}));
        let body = json!({"id": self.id, "type": "redis", "driver_params": values, "driver_secrets": secrets});
        let request = self.http.post(format!("{}/", self.base)).json(&body);
        self.send(&Method::POST, request).await
    }

    /// DELETE of the interface of 2020.
    pub(crate) async fn legacy_delete(&mut self) -> Answer {
        let encode = |value: &Value| BASE64_STANDARD.encode(value.to_string());
        let params = encode(&json!({"engine": "valkey"}));
        let secrets = encode(&self.account.as_ref().map_or(json!({}), |account| json!({"account": account})));
        let headers = [("humanitec-driver-params", params.as_str()), ("humanitec-driver-secrets", secrets.as_str())];
        self.call(Method::DELETE, "", &headers, None).await
    }

    async fn call(&mut self, method: Method, query: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let url = format!("{}/redis/{}{query}", self.base, self.id);
        let mut request = self.http.request(method.clone(), url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.send(&method, request).await
    }

    /// Sends it with the cookie, if there is one, and keeps the one that comes back.
    async fn send(&mut self, method: &Method, mut request: RequestBuilder) -> Answer {
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("a JSON body") };
        let answer = Answer { status, headers, text, body };
        answer.check(method);
        if let Some(cookie) = answer.headers.get(SET_COOKIE) {
            self.cookie = Some(cookie.to_str().unwrap().to_owned()).filter(|cookie| !cookie.is_empty());
        }
        answer
    }

    /// PUTs until it is no longer 202.
    pub(crate) async fn put_until_settled(&mut self, values: Value) -> Answer {
        let this = std::sync::Arc::new(tokio::sync::Mutex::new(self));
        eventually("a PUT other than 202", || async {
            let answer = this.lock().await.put(values.clone()).await;
            (answer.status != 202).then_some(answer)
        })
        .await
    }

    /// GETs until it is no longer 202.
    pub(crate) async fn get_until_settled(&mut self) -> Answer {
        let this = std::sync::Arc::new(tokio::sync::Mutex::new(self));
        eventually("a GET other than 202", || async {
            let answer = this.lock().await.get().await;
            (answer.status != 202).then_some(answer)
        })
        .await
    }

    /// DELETEs until it is no longer 202.
    pub(crate) async fn delete_until_settled(&mut self) -> Answer {
        let this = std::sync::Arc::new(tokio::sync::Mutex::new(self));
        eventually("a DELETE other than 202", || async {
            let answer = this.lock().await.delete().await;
            (answer.status != 202).then_some(answer)
        })
        .await
    }
}

impl Answer {
    #[track_caller]
    fn check(&self, method: &Method) {
        let at = |key: &str| self.body[key].as_str().and_then(|text| text.parse::<Timestamp>().ok()).unwrap();
        assert!(!self.header("x-request-id").is_empty(), "{self:?}");
        if self.status == 204 {
            assert!(self.text.is_empty() && !self.headers.contains_key(CONTENT_TYPE), "{self:?}");
            assert_eq!(
                self.headers.get(SET_COOKIE).map(reqwest::header::HeaderValue::as_bytes),
                Some(&b""[..]),
                "{self:?}"
            );
            return;
        }
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
        match self.status {
            200 if self.body.get("manifests").is_some() => {
                assert!(self.header(SET_COOKIE).starts_with("cd1."), "{self:?}");
                assert!(self.body["resource"]["values"]["port"].is_u64(), "{self:?}");
            }
            200 => assert!(*method != Method::GET, "{self:?}"),
            202 | 409 => {
                assert!(self.header(SET_COOKIE).starts_with("cd1."), "{self:?}");
                assert!(self.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1), "{self:?}");
                assert!(at("estimated_completion_time") >= at("current_time"), "{self:?}");
                assert_eq!(at("timeout_deadline"), at("timeout"), "{self:?}");
                assert!(
                    ["creating", "updating", "deleting"].map(Value::from).contains(&self.body["status"]),
                    "{self:?}"
                );
            }
            _ => {
                assert!(self.body["error"].as_str().is_some_and(|code| code.starts_with("RES-1")), "{self:?}");
                assert!(self.body["message"].as_str().is_some_and(|text| !text.is_empty()), "{self:?}");
                assert_eq!(self.body["details"]["request_id"], self.header("x-request-id"), "{self:?}");
                assert!(self.body["details"]["retryable"].is_boolean(), "{self:?}");
            }
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn refused(self, code: &str) -> Self {
        let answer = self.is(400);
        assert_eq!(answer.body["error"], code, "{}", answer.text);
        answer
    }

    pub(crate) fn value(&self, key: &str) -> &Value {
        &self.body["resource"]["values"][key]
    }

    #[track_caller]
    pub(crate) fn secret(&self, key: &str) -> &str {
        self.body["resource"]["secrets"][key].as_str().unwrap()
    }

    #[track_caller]
    pub(crate) fn password(&self) -> String {
        let password = self.secret("password").to_owned();
        assert_eq!(password.len(), 32);
        password
    }

    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    pub(crate) fn hint(&self) -> &str {
        self.body["details"]["hint"].as_str().unwrap_or_default()
    }

    /// Paths of the wrong fields, in their order.
    pub(crate) fn fields(&self) -> Vec<&str> {
        let fields = self.body["details"]["fields"].as_array().into_iter().flatten();
        fields.map(|field| field["path"].as_str().unwrap()).collect()
    }
}
