//! Where a cache lives.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CacheName, Product, Provider};

/// Everything that is needed to find one cache again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Which product it is.
    pub product: Product,
    /// AWS account id, Google project, Azure subscription. `None` until the cloud has told it.
    pub account: Option<String>,
    /// Region or location, in the cloud's own spelling.
    pub location: String,
    /// Azure resource group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The name at the cloud.
    pub name: CacheName,
}

impl Place {
    /// The cloud.
    #[must_use]
    pub fn provider(&self) -> Provider {
        self.product.provider()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} in {}", self.product, self.name, self.location)?;
        if let Some(group) = &self.group {
            write!(f, ", group {group}")?;
        }
        if let Some(account) = &self.account {
            write!(f, ", account {account}")?;
        }
        Ok(())
    }
}
