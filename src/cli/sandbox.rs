//! `sandbox`: emulated clouds for the clouds' own SDKs; and the same inside `serve --sandbox` and `demo`.

use std::any::Any;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use clap::Args;

use super::Failed;
use super::start::{Emulated, World};
use crate::backend;
use crate::config::{self, Config, DataPlane as Choice, sandbox_overlay};
use crate::sandbox::aws::AwsSandbox;
use crate::sandbox::data_plane::{self, RealServers};
use crate::sandbox::{DataPlane, NoDataPlane, Running, SandboxOptions};

/// Options of `sandbox`.
#[derive(Debug, Args)]
pub(super) struct Sandbox {
    /// Port of the emulated AWS (ElastiCache, STS and EC2 look-ups at `/`). 0 picks a free one.
    #[arg(long, default_value_t = 0)]
    aws_port: u16,
    /// How many times faster than the real clouds.
    #[arg(long, default_value_t = 60.0)]
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
        let aws = start_aws(&world, self.speed, plane, self.aws_port).await?;
        say!("aws {}", aws.url());
        say!("endpoints: {label}");
        say!("state, faults and calls: {}/_sandbox/state, /faults, /calls; stop with an interrupt", aws.url());
        super::serve::shutdown().await;
        aws.shutdown().await;
        Ok(())
    }
}

/// The emulated clouds that this binary has, with the configuration turned to them.
pub(super) async fn emulate(config: Config, world: &World) -> Result<Emulated, Failed> {
    let (plane, label) = data_plane(config.sandbox.data_plane, world).await?;
    let ca = plane.ca_pem();
    let aws = start_aws(world, config.sandbox.speed.max(1.0), plane, config.sandbox.aws_port).await?;
    let mut key = [0; 32];
    world.random.fill(&mut key);
    let config = sandbox_overlay(config, Some(aws.url()), ca, backend::compiled(), key);
    let guard: Box<dyn Any + Send> = Box::new(aws);
    Ok(Emulated { config, guard, label })
}

async fn start_aws(world: &World, speed: f64, data_plane: Arc<dyn DataPlane>, port: u16) -> Result<Running, Failed> {
    let options = SandboxOptions {
        clock: world.clock.clone(),
        random: world.random.clone(),
        speed,
        data_plane,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
    };
    AwsSandbox::start(options).await.map_err(|error| Failed::run("the emulated AWS could not be started", &error))
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
