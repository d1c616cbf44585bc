//! An imagined cloud in memory: caches that take their time, by the clock, and faults on request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cache_driver::backend::{BackendError, Fields, Kind, Observed, Ownership, Phase};
use cache_driver::cache::{Cause, Event, Mark, MarkError};
use cache_driver::clock::{Clock, Timestamp};
use secrecy::SecretString;
use tokio::sync::Notify;

/// How a call goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The cloud is throttling or down; nothing happened.
    Unavailable,
    /// The cache is in the middle of something else; nothing happened.
    Busy,
    /// The credentials are not good for it; nothing happened.
    Denied,
    /// The cloud refuses for good, in these words; nothing happened.
    Refused(&'static str),
    /// There is none left of something.
    NoCapacity,
    /// It was done, and the answer got lost.
    AnswerLost,
    /// The backend has a bug.
    Panics,
    /// The call does not end until [`Cloud::let_go`].
    Hangs,
}

/// One call that reached the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its name, `observe` or that of a step.
    pub call: String,
    /// The cache that it was about.
    pub name: String,
    /// The account that it was made with.
    pub account: String,
    /// Whether it can change something.
    pub mutating: bool,
}

/// How long things take.
#[derive(Debug, Clone, Copy)]
pub struct Durations {
    pub create: Duration,
    pub update: Duration,
    pub delete: Duration,
}

impl Default for Durations {
    fn default() -> Self {
        Self { create: Duration::from_mins(10), update: Duration::from_mins(15), delete: Duration::from_mins(4) }
    }
}

/// What a cache is found by: account, location, name.
pub type Key = (String, String, String);

/// One cache.
#[derive(Debug, Clone)]
pub struct Cache {
    pub phase: Phase,
    /// When the phase ends by itself.
    pub until: Option<Timestamp>,
    pub fields: Fields,
    /// What an update is about to bring.
    pub coming: Fields,
    pub mark: Option<Mark>,
    /// Valid passwords, the newest last.
    pub passwords: Vec<SecretString>,
    pub created_at: Timestamp,
    pub final_snapshot: Option<String>,
    /// Why it will never be ready.
    pub doom: Option<String>,
}

#[derive(Debug, Default)]
struct State {
    caches: BTreeMap<Key, Cache>,
    log: Vec<Logged>,
    /// Faults still to come: for which call (`*` is any), and how often.
    faults: Vec<(String, u32, Fault)>,
    events: Vec<(Key, Event)>,
    doom: Option<String>,
    durations: Durations,
    snapshots: Vec<String>,
}

/// The imagined cloud. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Cloud {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
    gate: Arc<Notify>,
}

impl Cloud {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Arc::default(), gate: Arc::default() }
    }

    fn with<T>(&self, act: impl FnOnce(&mut State, Timestamp) -> T) -> T {
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.tick(now);
        act(&mut state, now)
    }

    /// The next `times` calls of this name (`*`: of any) go wrong like this.
    pub fn fail(&self, call: &str, times: u32, fault: Fault) {
        self.with(|state, _| state.faults.push((call.to_owned(), times, fault)));
    }

    /// Every fault that is still to come is taken back, and hanging calls go on.
    pub fn let_go(&self) {
        self.with(|state, _| state.faults.clear());
        self.gate.notify_waiters();
    }

    /// The next cache that is created fails for this reason.
    pub fn doom_next(&self, why: &str) {
        self.with(|state, _| state.doom = Some(why.to_owned()));
    }

    pub fn set_durations(&self, durations: Durations) {
        self.with(|state, _| state.durations = durations);
    }

    /// Every call so far.
    pub fn log(&self) -> Vec<Logged> {
        self.with(|state, _| state.log.clone())
    }

    /// Names of the calls so far that can change something.
    pub fn mutations(&self) -> Vec<String> {
        self.log().into_iter().filter(|logged| logged.mutating).map(|logged| logged.call).collect()
    }

    /// Every cache there is.
    pub fn caches(&self) -> BTreeMap<Key, Cache> {
        self.with(|state, _| state.caches.clone())
    }

    /// Names of the final snapshots that were taken.
    pub fn snapshots(&self) -> Vec<String> {
        self.with(|state, _| state.snapshots.clone())
    }

    /// Puts a cache there behind the driver's back.
    pub fn plant(&self, key: Key, fields: Fields, mark: Option<Mark>) {
        self.with(|state, now| {
            let mut cache = Cache::new(fields, mark, now);
            cache.phase = Phase::Ready;
            state.caches.insert(key, cache);
        });
    }

    /// Changes a cache behind the driver's back.
    pub fn meddle(&self, key: &Key, act: impl FnOnce(&mut Cache)) {
        self.with(|state, _| act(state.caches.get_mut(key).expect("there is such a cache")));
    }

    /// Lets a call reach the cloud: writes it down, and lets it go wrong if it is to.
    /// `Ok(true)`: do it, and then lose the answer.
    pub async fn arrive(&self, call: &'static str, key: &Key, mutating: bool) -> Result<bool, BackendError> {
        let gate = self.gate.notified();
        tokio::pin!(gate);
        gate.as_mut().enable();
        let fault = self.with(|state, _| {
            let (account, _, name) = key.clone();
            state.log.push(Logged { call: call.to_owned(), name, account, mutating });
            state.fault(call)
        });
        let cause = |code: &str, message: &str| Cause {
            code: Some(code.to_owned()),
            message: message.to_owned(),
            request_id: Some("imagined-request".to_owned()),
        };
        match fault {
            None => Ok(false),
            Some(Fault::AnswerLost) => Ok(true),
            Some(Fault::Unavailable) => Err(BackendError::new(Kind::Unavailable, call, "the cloud is not available")),
            Some(Fault::Busy) => Err(BackendError::new(Kind::Busy, call, "the cache is busy")),
            Some(Fault::Denied) => Err(BackendError::new(Kind::Credentials, call, "access denied")
                .cause(cause("AccessDenied", "not authorized to perform this"))),
            Some(Fault::Refused(why)) => {
                Err(BackendError::new(Kind::Refused, call, why).cause(cause("InvalidParameterValue", why)))
            }
            Some(Fault::NoCapacity) => Err(BackendError::new(Kind::Capacity, call, "there is no capacity left")),
            Some(Fault::Panics) => panic!("an imagined bug in {call}"),
            Some(Fault::Hangs) => {
                gate.await;
                Ok(false)
            }
        }
    }

    pub fn observe(&self, key: &Key) -> Observed {
        self.with(|state, _| match state.caches.get(key) {
            Some(cache) => cache.observed(key),
            None => Observed::absent(key.0.clone()),
        })
    }

    pub fn newest_password(&self, key: &Key) -> Option<SecretString> {
        self.with(|state, _| state.caches.get(key)?.passwords.last().cloned())
    }

    pub fn create(&self, key: &Key, fields: Fields, mark: Option<Mark>, password: Option<SecretString>) {
        self.with(|state, now| {
            if state.caches.contains_key(key) {
                return;
            }
            let mut cache = Cache::new(fields, mark, now);
            cache.until = Some(later(now, state.durations.create));
            cache.passwords.extend(password);
            cache.doom = state.doom.take();
            state.caches.insert(key.clone(), cache);
            state.note(key, now, "the cache is being created");
        });
    }

    pub fn update(&self, key: &Key, fields: Fields, mark: Option<Mark>, password: Option<SecretString>) -> Accepted {
        self.change(key, |cache, now, durations| {
            cache.phase = Phase::Changing;
            cache.until = Some(later(now, durations.update));
            cache.coming.extend(fields);
            cache.mark = mark.or_else(|| cache.mark.take());
            cache.passwords.extend(password);
        })
    }

    pub fn write_mark(&self, key: &Key, mark: Option<Mark>) -> Accepted {
        self.change(key, |cache, _, _| cache.mark = mark.or_else(|| cache.mark.take()))
    }

    pub fn keep_newest_password(&self, key: &Key, mark: Option<Mark>) -> Accepted {
        self.change(key, |cache, _, _| {
            let old = cache.passwords.len().saturating_sub(1);
            cache.passwords.drain(..old);
            cache.mark = mark.or_else(|| cache.mark.take());
        })
    }

    /// What can be done only to a cache that does nothing else.
    fn change(&self, key: &Key, act: impl FnOnce(&mut Cache, Timestamp, Durations)) -> Accepted {
        self.with(|state, now| {
            let durations = state.durations;
            match state.caches.get_mut(key) {
                None => Accepted::Absent,
                Some(cache) if cache.phase != Phase::Ready => Accepted::Busy,
                Some(cache) => {
                    act(cache, now, durations);
                    Accepted::Done
                }
            }
        })
    }

    pub fn delete(&self, key: &Key, final_snapshot: Option<String>) -> Accepted {
        self.with(|state, now| {
            let until = later(now, state.durations.delete);
            let Some(cache) = state.caches.get_mut(key) else { return Accepted::Absent };
            match cache.phase {
                Phase::Deleting => return Accepted::Done,
                Phase::Creating | Phase::Changing | Phase::Busy => return Accepted::Busy,
                _ => {}
            }
            cache.phase = Phase::Deleting;
            cache.until = Some(until);
            cache.final_snapshot = final_snapshot;
            state.note(key, now, "the cache is being deleted");
            Accepted::Done
        })
    }

    pub fn events(&self, key: &Key, since: Timestamp) -> (Option<String>, Vec<Event>) {
        self.with(|state, _| {
            let of_key = state.events.iter().rev().filter(|(of, event)| of == key && event.at >= since);
            let cause = state.caches.get(key).filter(|cache| cache.phase == Phase::Shell).and_then(|c| c.doom.clone());
            (cause, of_key.map(|(_, event)| event.clone()).collect())
        })
    }
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    Done,
    Absent,
    Busy,
}

impl Cache {
    fn new(fields: Fields, mark: Option<Mark>, now: Timestamp) -> Self {
        Self {
            phase: Phase::Creating,
            until: None,
            fields,
            coming: Fields::new(),
            mark,
            passwords: Vec::new(),
            created_at: now,
            final_snapshot: None,
            doom: None,
        }
    }

    fn observed(&self, (account, location, name): &Key) -> Observed {
        let port = 6379;
        let alive = matches!(self.phase, Phase::Ready | Phase::Changing | Phase::Busy | Phase::Failed);
        let host = format!("{name}.{location}.cache.example");
        let ownership = match &self.mark {
            Some(mark) => Ownership::Marked(Box::new(mark.clone())),
            None => Ownership::Foreign(MarkError::Foreign),
        };
        Observed {
            phase: self.phase,
            status: self.phase.as_str().to_owned(),
            ownership: Some(ownership),
            fields: self.fields.clone(),
            account: account.clone(),
            resource_id: Some(format!("imagined:{account}:{location}:{name}")),
            created_at: Some(self.created_at),
            endpoint: alive.then_some(cache_driver::backend::Endpoint { host, port }),
            reader: None,
            pending: self.coming.keys().cloned().collect(),
            parts: vec![("cache".to_owned(), name.clone())],
            missing: Vec::new(),
        }
    }
}

impl State {
    /// What the time has brought.
    fn tick(&mut self, now: Timestamp) {
        let due: Vec<Key> = self
            .caches
            .iter()
            .filter(|(_, cache)| cache.until.is_some_and(|until| until <= now))
            .map(|(key, _)| key.clone())
            .collect();
        for key in due {
            let Some(cache) = self.caches.get_mut(&key) else { continue };
            cache.until = None;
            let word = match cache.phase {
                Phase::Creating if cache.doom.is_some() => {
                    cache.phase = Phase::Shell;
                    "the creation failed"
                }
                Phase::Deleting => {
                    let gone = self.caches.remove(&key);
                    self.snapshots.extend(gone.and_then(|cache| cache.final_snapshot));
                    "the cache was deleted"
                }
                _ => {
                    let coming = std::mem::take(&mut cache.coming);
                    cache.fields.extend(coming);
                    cache.phase = Phase::Ready;
                    "the cache is ready"
                }
            };
            self.note(&key, now, word);
        }
    }

    fn note(&mut self, key: &Key, at: Timestamp, message: &str) {
        self.events.push((key.clone(), Event { at, message: message.to_owned() }));
    }

    fn fault(&mut self, call: &str) -> Option<Fault> {
        let at = self.faults.iter().position(|(of, times, _)| (of == call || of == "*") && *times > 0)?;
        let (_, times, fault) = &mut self.faults[at];
        *times -= 1;
        Some(fault.clone())
    }
}

fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).expect("tests end before time does")
}
