//! A client that checks, on every call, what every answer has to have.

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, Url};
use serde_json::{Value, json};

use super::{CANARY, shapes};

/// A call that is still to be made.
#[derive(Debug, Clone)]
pub struct Call {
    client: Client,
    method: Method,
    url: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
}

/// An answer that has passed the checks.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// `null` if there is none, or if it is not JSON.
    pub body: Value,
    pub text: String,
}

impl Call {
    pub fn new(client: Client, method: &str, url: &str) -> Self {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        Self { client, method, url: url.to_owned(), headers: Vec::new(), body: None }
    }

    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.raw(body.to_string()).header("content-type", "application/json")
    }

    pub fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// A body of the Driver API with these values for a `redis`.
    pub fn values(self, values: &Value) -> Self {
        self.json(&json!({"type": "redis", "resource": {}, "driver": {"values": values}}))
    }

    pub fn cookie(self, cookie: &str) -> Self {
        self.header("humanitec-driver-cookie", cookie)
    }

    /// Makes the call and checks the answer.
    pub async fn send(self) -> Answer {
        let sent_id = self.headers.iter().find(|(name, _)| name == "x-request-id").map(|(_, value)| value.clone());
        let mut request = self.client.request(self.method.clone(), Url::parse(&self.url).unwrap());
        for (name, value) in &self.headers {
            request = request.header(name, value.as_slice());
        }
        if let Some(body) = self.body.clone() {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.unwrap();
        let is_json = headers.get(CONTENT_TYPE).is_some_and(|value| value == "application/json");
        let body = if is_json { serde_json::from_str(&text).expect("a JSON body") } else { Value::Null };
        let answer = Answer { status, headers, body, text };
        answer.check(&self, sent_id.as_deref());
        answer
    }
}

impl Answer {
    #[track_caller]
    fn check(&self, call: &Call, sent_id: Option<&[u8]>) {
        let request_id = self.header("x-request-id");
        assert!(!request_id.is_empty(), "{self:?}");
        if let Some(sent) = sent_id {
            assert_eq!(request_id.as_bytes(), sent, "{self:?}");
        }
        let of_resource = call.method != Method::POST && self.body.get("manifests").is_some();
        match self.status {
            204 => {
                assert!(self.text.is_empty() && !self.headers.contains_key(CONTENT_TYPE), "{self:?}");
                assert_eq!(self.header("set-humanitec-driver-cookie"), "", "{self:?}");
                assert!(self.headers.contains_key("set-humanitec-driver-cookie"), "{self:?}");
            }
            202 | 409 => {
                shapes::assert_matches(&shapes::hint(), &self.body);
                assert!(self.header("retry-after").parse::<u64>().unwrap() >= 1, "{self:?}");
                self.check_cookie();
            }
            200 if of_resource => {
                shapes::assert_matches(&shapes::outputs(), &self.body);
                self.check_cookie();
            }
            200..300 => assert!(!self.text.is_empty(), "{self:?}"),
            _ => {
                shapes::assert_matches(&shapes::error(), &self.body);
                assert_eq!(self.body["details"]["request_id"], request_id, "{self:?}");
                let has_pause = self.headers.contains_key("retry-after");
                assert_eq!(has_pause, self.status == 503, "{self:?}");
                assert_eq!(self.headers.contains_key("allow"), self.status == 405, "{self:?}");
            }
        }
        self.check_secrets();
    }

    #[track_caller]
    fn check_cookie(&self) {
        let cookie = self.header("set-humanitec-driver-cookie");
        assert!(cookie.starts_with("cd1.") && cookie.len() < 10_240, "{self:?}");
        assert!(cookie.bytes().all(|c| c.is_ascii_graphic()), "{self:?}");
    }

    /// Nothing that was planted comes back, and what the outputs keep secret stands nowhere else.
    #[track_caller]
    fn check_secrets(&self) {
        let mut shown = self.body.clone();
        let secrets = shown.pointer_mut("/resource/secrets").map(Value::take).unwrap_or_default();
        let secrets = shown.pointer_mut("/data/secrets").map_or(secrets, Value::take);
        let mut public = format!("{:?}{shown}", self.headers);
        if self.body.is_null() {
            public.push_str(&self.text);
        }
        assert!(!public.contains(CANARY), "{public}");
        for key in ["password", "url"] {
            if let Some(secret) = secrets[key].as_str().filter(|secret| !secret.is_empty()) {
                assert!(!public.contains(secret), "{key} in {public}");
            }
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn cookie(&self) -> &str {
        self.header("set-humanitec-driver-cookie")
    }

    #[track_caller]
    pub fn assert_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{} {}", self.text, self.header("x-request-id"));
        self
    }

    #[track_caller]
    pub fn assert_error(self, status: u16, code: &str) -> Self {
        let answer = self.assert_status(status);
        assert_eq!(answer.body["error"], code, "{}", answer.text);
        answer
    }

    /// Paths of the wrong fields.
    pub fn fields(&self) -> Vec<String> {
        let fields = self.body["details"]["fields"].as_array().into_iter().flatten();
        fields.map(|field| field["path"].as_str().unwrap().to_owned()).collect()
    }

    pub fn secret(&self, key: &str) -> &str {
        self.body["resource"]["secrets"][key].as_str().unwrap()
    }
}
