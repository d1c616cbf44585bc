//! sandbox
pub mod certificate;
pub mod data_plane;
pub mod server;
