//! The imagined cloud that the tests of the server use. It has to keep the contract too, or they prove little.

#[path = "../../support/cloud.rs"]
#[expect(dead_code, unreachable_pub, reason = "the tests of the server use more of it, and from further away")]
mod cloud;
#[path = "../../support/memory.rs"]
#[expect(unreachable_pub, reason = "the tests of the server use it from further away")]
mod memory;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cache_driver::backend::{At, Backend, Class, Credentials, Given, PasswordMaker, Phase};
use cache_driver::cache::Product;
use cache_driver::clock::{Clock, ManualClock};
use cloud::{Cloud, Fault};
use memory::{Memory, OWN_ACCOUNT, REGIONS};
use serde_json::{Value, json};

use crate::harness::{Alteration, Called, Hand, Harness, Trouble, WHY};
use crate::life::CANARY_2;

/// Where it breaks its promise. Each is to be mended in `tests/support/memory.rs`.
const EXCUSED: &[(&str, &str)] = &[
    ("account::it_is_asked_once_and_then_remembered", "it asks every time"),
    ("apply::a_busy_cache_is_busy", "it writes a mark that is there already"),
    ("preflight::missing_permissions_are_found", "its preflight calls nobody"),
    ("resolve::a_size_is_kept_as_it_was_asked_for", "it calls its default size asked for"),
    ("steps::a_shell_leaves_no_snapshot", "it plans a snapshot of a shell"),
    ("steps::interrupting_changes_wait_for_the_window", "it has no window"),
    ("steps::nothing_to_do_is_no_call", "it writes a mark that is there already"),
    ("whole::a_cache_goes_the_whole_way", "it writes a mark that is there already"),
    ("whole::every_mark_is_written_and_read_back", "it writes a mark that is there already"),
    BY_DRIVER,
];

/// The last of them, and only where there is something to rotate.
const BY_DRIVER: (&str, &str) =
    ("whole::a_password_is_rotated_and_settled", "it rotates to a password that is there already");

struct Imagined {
    backend: Memory,
    cloud: Cloud,
    clock: ManualClock,
}

pub(super) fn start(product: Product) -> Arc<dyn Harness> {
    let clock = super::clock();
    let cloud = Cloud::new(Arc::new(clock.clone()));
    Arc::new(Imagined { backend: Memory::new(product, cloud.clone()), cloud, clock })
}

#[async_trait]
impl Harness for Imagined {
    fn backend(&self) -> &dyn Backend {
        &self.backend
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn base(&self) -> Value {
        json!({})
    }

    fn unserved(&self) -> Vec<(Value, &'static str)> {
        vec![(json!({"mode": "serverless"}), "mode"), (json!({"auth": "iam"}), "auth")]
    }

    fn alterations(&self) -> Vec<Alteration> {
        let alteration = |values, field, class| Alteration { values, field, class };
        vec![
            alteration(json!({"replicas": 2}), "replicas", Class::InPlace),
            alteration(json!({"size": "large"}), "memory_gb", Class::Disruptive),
            alteration(json!({"version": "9.0"}), "version", Class::Disruptive),
        ]
    }

    fn fixed(&self) -> Vec<(Value, &'static str)> {
        vec![(json!({"mode": "cluster", "shards": 2}), "shards"), (json!({"high_availability": true}), "replicas")]
    }

    fn locations(&self) -> [&'static str; 2] {
        REGIONS
    }

    fn elsewhere(&self) -> &'static str {
        "eu-north-1"
    }

    fn strangers(&self) -> (Credentials, String) {
        let account = json!({"AccessKeyId": "AKIASTRANGER", "SecretAccessKey": CANARY_2});
        let given = Given::recognise(account.as_object().unwrap()).unwrap();
        (Credentials::Given(given.into()), "account-of-AKIASTRANGER".to_owned())
    }

    fn calls(&self) -> Vec<Called> {
        let log = self.cloud.log().into_iter();
        log.map(|logged| Called { call: logged.call, mutating: logged.mutating }).collect()
    }

    async fn trouble(&self, trouble: Trouble) -> bool {
        let fault = match trouble {
            Trouble::Throttled | Trouble::Down | Trouble::HungUp | Trouble::PageLost => Fault::Unavailable,
            Trouble::AnswerLost => Fault::AnswerLost,
            Trouble::Denied | Trouble::Expired => Fault::Denied,
            Trouble::NoCapacity | Trouble::NoQuota => Fault::NoCapacity,
            Trouble::CreationFails => {
                self.cloud.doom_next(WHY);
                return true;
            }
            // There is nothing in this cloud that could be missing, or that goes wrong later.
            Trouble::ChangeFails | Trouble::PrerequisiteMissing => return false,
        };
        self.cloud.fail("*", 1, fault);
        true
    }

    async fn meddle(&self, at: &At, hand: Hand) -> bool {
        let key = (OWN_ACCOUNT.to_owned(), at.place.location.clone(), at.place.name.to_string());
        let later = self.clock.now().checked_add(Duration::from_mins(5)).unwrap();
        match hand {
            Hand::StripsMark => self.cloud.meddle(&key, |cache| cache.mark = None),
            // Its marks are no text.
            Hand::GarblesMark => return false,
            Hand::OwnBusiness | Hand::UnknownStatus => self.cloud.meddle(&key, |cache| {
                cache.phase = Phase::Busy;
                cache.until = Some(later);
            }),
        }
        true
    }

    async fn snapshots(&self) -> Vec<String> {
        self.cloud.snapshots()
    }

    fn is_imagined(&self) -> bool {
        true
    }

    fn excused(&self) -> &'static [(&'static str, &'static str)] {
        match self.backend.capabilities().password {
            PasswordMaker::Driver => EXCUSED,
            PasswordMaker::Cloud | PasswordMaker::Nobody => &EXCUSED[..EXCUSED.len() - 1],
        }
    }
}
