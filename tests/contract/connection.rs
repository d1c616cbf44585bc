//! `Backend::connection`.

use cache_driver::backend::{ConnectionPassword, PasswordMaker};
use cache_driver::cache::{Auth, Mode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::harness::Harness;
use crate::life::{ready, resolved, spec};

pub(crate) async fn it_tells_where_and_how_to_connect(harness: &dyn Harness) {
    let (at, _, seen) = ready(harness, "res-1", &json!({})).await;
    let made = harness.mutations();
    let connection = harness.backend().connection(&at, &seen).await.unwrap();
    assert_eq!(harness.mutations(), made, "asking changes nothing");
    let wanted = resolved(harness, &json!({}));
    assert_eq!((Some(&connection.endpoint), &connection.reader), (seen.endpoint.as_ref(), &seen.reader));
    assert_eq!(Some(connection.tls), wanted.flag("tls"));
    assert_eq!(Some(connection.auth.as_str()), wanted.text("auth"));
    assert_eq!(connection.cluster_mode, spec(harness, &json!({})).mode == Some(Mode::Cluster));
    assert_eq!(Some(connection.engine.as_str()), wanted.text("engine"));
    assert!(connection.engine_version.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit())));
    assert!(connection.memory_gb.is_some_and(|gb| gb > 0.0), "{:?}", connection.memory_gb);
    assert_eq!(connection.memory_gb, wanted.memory_gb);
    let maker = match connection.auth {
        Auth::None => PasswordMaker::Nobody,
        _ => harness.backend().capabilities().password,
    };
    match (maker, connection.password) {
        (PasswordMaker::Driver, ConnectionPassword::Derived) | (PasswordMaker::Nobody, ConnectionPassword::None) => {}
        (PasswordMaker::Cloud, ConnectionPassword::Told(told)) => assert!(!told.expose_secret().is_empty()),
        (maker, password) => panic!("{maker:?} makes it, and it is {password:?}"),
    }
}

pub(crate) async fn without_auth_there_is_no_password(harness: &dyn Harness) {
    let (at, mark, seen) = ready(harness, "res-1", &json!({"auth": "none"})).await;
    assert_eq!(mark.password, None);
    assert_eq!(seen.fields.get("auth"), Some(&Value::from("none")));
    let connection = harness.backend().connection(&at, &seen).await.unwrap();
    assert_eq!(connection.auth, Auth::None);
    assert!(matches!(connection.password, ConnectionPassword::None), "{:?}", connection.password);
    assert_eq!(connection.username, None);
}
