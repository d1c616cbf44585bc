//! What a product can do.

use std::time::Duration;

use super::{Class, Permission};
use crate::cache::{Engine, Mode, OnDelete, Product};

/// What a product can do. The same for as long as the process lives.
#[derive(Debug, Clone)]
pub struct Capabilities {
    /// Which product.
    pub product: Product,
    /// Engines that it offers, its default first.
    pub engines: &'static [Engine],
    /// Modes that it offers, its default first.
    pub modes: &'static [Mode],
    /// What DELETE can do.
    pub on_delete: &'static [OnDelete],
    /// Who makes the password.
    pub password: PasswordMaker,
    /// Whether an existing cache can be taken over.
    pub adopts: bool,
    /// Whether a cache whose creation failed vanishes by itself, so that only
    /// [`Backend::diagnose`](crate::backend::Backend::diagnose) tells of it. Else it stays as a [`Phase::Shell`](super::Phase::Shell).
    pub failed_creation_vanishes: bool,
    /// Whether the mark that a change carries is only seen when the change is done, and is lost if it fails.
    pub mark_lags: bool,
    /// How long things take when all goes well.
    pub typical: Typical,
    /// Every field that a change can be about, and what a change of it costs at most.
    pub changes: &'static [(&'static str, Class)],
    /// Everything that the driver does for it and that has to be allowed. `policy` prints it, `check` asks for it.
    pub permissions: &'static [Permission],
}

/// Who makes the password of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordMaker {
    /// The driver derives it and hands it to the cloud.
    Driver,
    /// The cloud makes it, and it is read back.
    Cloud,
    /// There is none.
    Nobody,
}

/// How long operations take when all goes well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typical {
    /// From the create call to a cache that answers.
    pub create: Duration,
    /// A change in place.
    pub update: Duration,
    /// From the delete call until it is gone.
    pub delete: Duration,
}
