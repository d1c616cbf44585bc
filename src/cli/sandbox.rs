//! `sandbox`: emulated clouds for the clouds' own SDKs; and the same inside `serve --sandbox` and `demo`.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use clap::Args;

use super::Failed;
use super::start::{Emulated, World};
use crate::backend;
use crate::cache::Provider;
use crate::config::{self, Config, DataPlane as Choice, Emulators, sandbox_overlay};
use crate::sandbox::aws::AwsSandbox;
use crate::sandbox::azure::AzureSandbox;
use crate::sandbox::data_plane::{self, RealServers};
use crate::sandbox::gcp::GcpSandbox;
use crate::sandbox::{DataPlane, NoDataPlane, Running, SandboxOptions};

/// Options of `sandbox`.
#[derive(Debug, Args)]
pub(super) struct Sandbox {
    /// Port of the emulated AWS (ElastiCache, STS and EC2 look-ups at `/`). 0 picks a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    aws_port: u16,
    /// Port of the emulated Google Cloud (`/redis`, `/memorystore`, `/memcache`, tokens at `/token`). 0 picks a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    gcp_port: u16,
    /// Port of the emulated Azure (Resource Manager, and Entra's tokens). 0 picks a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    azure_port: u16,
    /// How many times faster than the real clouds.
    #[arg(long, value_name = "TIMES", default_value_t = 60.0)]
    speed: f64,
    /// Have real servers answer on the endpoints. Without it caches get the host names that the cloud would give.
    #[arg(long)]
    data_plane: bool,
}

impl Sandbox {
    pub(super) async fn run(self) -> Result<(), Failed> {
        if !(self.speed.is_finite() && self.speed > 0.0) {
            return Err(Failed::Config("error: --speed must be a number above 0".to_owned()));
        }
        let world = World::real();
        let choice = if self.data_plane { Choice::Auto } else { Choice::None };
        let (plane, label) = data_plane(choice, &world).await?;
        let ports =
            [(Provider::Aws, self.aws_port), (Provider::Gcp, self.gcp_port), (Provider::Azure, self.azure_port)];
        let mut running = Vec::new();
        for (provider, port) in ports {
            let cloud = start(provider, &world, self.speed, plane.clone(), port).await?;
            say!("{provider} {}", cloud.url());
            running.push(cloud);
        }
        say!("endpoints: {label}");
        say!("each has /_sandbox/state, /_sandbox/faults and /_sandbox/calls; stop with an interrupt");
        super::serve::shutdown().await;
        for cloud in running {
            cloud.shutdown().await;
        }
        Ok(())
    }
}

/// The emulated clouds that this binary has, with the configuration turned to them.
pub(super) async fn emulate(config: Config, world: &World) -> Result<(Config, Emulated), Failed> {
    let (plane, label) = data_plane(config.sandbox.data_plane, world).await?;
    let ca = plane.ca_pem();
    let mut emulators = Emulators::default();
    let mut running = Vec::new();
    for provider in backend::compiled() {
        let (port, url) = match provider {
            Provider::Aws => (config.sandbox.aws_port, &mut emulators.aws),
            Provider::Gcp => (config.sandbox.gcp_port, &mut emulators.gcp),
            Provider::Azure => (config.sandbox.azure_port, &mut emulators.azure),
        };
        let cloud = start(*provider, world, config.sandbox.speed.max(1.0), plane.clone(), port).await?;
        *url = Some(cloud.url());
        running.push(cloud);
    }
    let mut key = [0; 32];
    world.random.fill(&mut key);
    let config = sandbox_overlay(config, emulators, ca, backend::compiled(), key);
    Ok((config, Emulated { label, _running: Box::new(running) }))
}

async fn start(
    provider: Provider,
    world: &World,
    speed: f64,
    data_plane: Arc<dyn DataPlane>,
    port: u16,
) -> Result<Running, Failed> {
    let options = SandboxOptions {
        clock: world.clock.clone(),
        random: world.random.clone(),
        speed,
        data_plane,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
    };
    let started = match provider {
        Provider::Aws => AwsSandbox::start(options).await,
        Provider::Gcp => GcpSandbox::start(options).await,
        Provider::Azure => AzureSandbox::start(options).await,
    };
    started.map_err(|error| Failed::run(&format!("the emulated {provider} could not be started"), &error))
}

/// What answers on the endpoints, and its name.
async fn data_plane(choice: Choice, world: &World) -> Result<(Arc<dyn DataPlane>, String), Failed> {
    let found = match choice {
        Choice::None => {
            return Ok((Arc::new(NoDataPlane), "nothing; host names as the cloud would give them".to_owned()));
        }
        Choice::Small => None,
        Choice::Auto => RealServers::find(config::process_path().as_deref()),
    };
    let chosen = data_plane::choose(found, world.clock.clone(), world.random.clone()).await;
    let chosen = chosen.map_err(|error| Failed::run("no server for the endpoints could be prepared", &error))?;
    let label = chosen.to_string();
    Ok((chosen.plane, label))
}
