//! Flags without effect. Whoever gives one believes that the policy holds something else than it does.

use super::{Form, Policy};
use crate::backend::{Feature, Registry};
use crate::cache::Provider;
use crate::cli::Failed;

/// A flag that was given, and what it needs to have an effect.
#[derive(Debug)]
pub(super) struct Flag {
    name: &'static str,
    needs: Needs,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Needs {
    /// The cloud that it is for.
    Cloud,
    /// That, and a feature.
    Feature(Feature),
    /// That, and a form.
    Form(Form),
}

/// Those that were given.
pub(super) fn given<const N: usize>(flags: [(&'static str, bool, Needs); N]) -> Vec<Flag> {
    flags.into_iter().filter(|(_, given, _)| *given).map(|(name, _, needs)| Flag { name, needs }).collect()
}

impl Policy {
    /// Refuses the first flag that would have no effect.
    pub(super) fn check_flags(&self, features: &[Feature]) -> Result<(), Failed> {
        let all = [
            (Provider::Aws, self.aws.given()),
            (Provider::Gcp, self.gcp.given()),
            (Provider::Azure, self.azure.given()),
        ];
        let here = self.provider;
        for (cloud, flags) in all {
            for Flag { name, needs } in flags {
                let lacks = match needs {
                    _ if cloud != here => format!("is for {cloud}, and has no effect on what {here} gets"),
                    Needs::Feature(feature) if !features.contains(&feature) => {
                        format!("has no effect without --with {feature}")
                    }
                    Needs::Form(form) if self.output != Some(form) => {
                        format!("has no effect without --output {}", form.word())
                    }
                    _ => continue,
                };
                return Err(Failed::Config(format!("error: {name} {lacks}")));
            }
        }
        Ok(())
    }
}

/// Refuses a feature for which a cloud needs no permission.
pub(super) fn check_feature(registry: &Registry, cloud: Provider, feature: Feature) -> Result<(), Failed> {
    let has = |cloud: Provider, feature: Feature| {
        let backends = registry.all().map(|backend| backend.capabilities());
        let mut permissions = backends.filter(|one| one.product.provider() == cloud).flat_map(|one| one.permissions);
        permissions.any(|permission| permission.feature == Some(feature))
    };
    if has(cloud, feature) {
        return Ok(());
    }
    let clouds = Provider::ALL.iter().copied().filter(|one| has(*one, feature)).map(Provider::as_str);
    let clouds: Vec<&str> = clouds.collect();
    let of = if clouds.is_empty() { String::new() } else { format!(" is for {}, and", clouds.join(", ")) };
    let known: Vec<&str> = Feature::ALL.iter().filter(|one| has(cloud, **one)).map(|one| one.as_str()).collect();
    Err(Failed::Config(format!(
        "error: --with: {feature}{of} has no effect on what {cloud} gets; {cloud} has: {}, all, none",
        known.join(", ")
    )))
}
