//! Answers and errors on the wire.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};

use serde_json::json;

use super::actions::Service;
use super::error::AwsError;
use super::xml::Xml;
use crate::sandbox::running::HangUp;

/// What KMS speaks.
const JSON: &str = "application/x-amz-json-1.1";

/// A successful answer with `result` as the content of its result element.
pub(super) fn success(service: Service, action: &str, request_id: &str, result: &[u8]) -> Response<Body> {
    if service == Service::Kms {
        return respond_as(StatusCode::OK, request_id, result.to_vec(), JSON);
    }
    let mut xml = Xml::new();
    xml.root(&format!("{action}Response"), service.namespace(), |xml| {
        if service == Service::Ec2 {
            // EC2 has its own protocol: no result element, lower-case names.
            xml.leaf("requestId", request_id);
            xml.raw(result);
            return;
        }
        // An operation without output (DeleteCacheSubnetGroup) has no result element, not an empty one.
        if !result.is_empty() {
            xml.element(&format!("{action}Result"), |xml| xml.raw(result));
        }
        xml.element("ResponseMetadata", |xml| xml.leaf("RequestId", request_id));
    });
    respond(StatusCode::OK, request_id, xml.into_bytes())
}

/// An error answer.
pub(super) fn failure(service: Service, error: &AwsError, request_id: &str) -> Response<Body> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if service == Service::Kms {
        let body = json!({ "__type": error.code, "message": error.message }).to_string();
        return respond_as(status, request_id, body.into_bytes(), JSON);
    }
    let mut xml = Xml::new();
    if service == Service::Ec2 {
        xml.element("Response", |xml| {
            xml.element("Errors", |xml| xml.element("Error", |xml| code_and_message(xml, error)));
            xml.leaf("RequestID", request_id);
        });
    } else {
        xml.root("ErrorResponse", service.namespace(), |xml| {
            xml.element("Error", |xml| {
                xml.leaf("Type", if error.status >= 500 { "Receiver" } else { "Sender" });
                code_and_message(xml, error);
            });
            xml.leaf("RequestId", request_id);
        });
    }
    respond(status, request_id, xml.into_bytes())
}

fn code_and_message(xml: &mut Xml, error: &AwsError) {
    xml.leaf("Code", &error.code);
    xml.leaf("Message", &error.message);
}

/// No answer at all: the listener closes the connection.
pub(super) fn hang_up() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(HangUp);
    response
}

fn respond(status: StatusCode, request_id: &str, body: Vec<u8>) -> Response<Body> {
    respond_as(status, request_id, body, "text/xml")
}

fn respond_as(status: StatusCode, request_id: &str, body: Vec<u8>, kind: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", value);
    }
    response
}
