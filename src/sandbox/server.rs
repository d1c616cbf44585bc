//! What a cache's endpoint is made of.
pub struct ServerSpec {
    pub name: String,
    pub engine: crate::cache::Engine,
    pub password: Option<secrecy::SecretString>,
    pub tls: bool,
    pub cluster: bool,
}
pub struct Listening {
    pub host: String,
    pub port: u16,
}
#[async_trait::async_trait]
pub trait DataPlane: std::fmt::Debug + Send + Sync {
    async fn start(&self, spec: ServerSpec) -> std::io::Result<Listening>; // idempotent per name
    async fn set_passwords(&self, name: &str, passwords: Vec<secrecy::SecretString>) -> std::io::Result<()>; // all of them are valid from now on; none = no AUTH
    async fn stop(&self, name: &str);
    fn ca_pem(&self) -> Option<String>;
}
