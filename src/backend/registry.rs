//! Which backends there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Backend;
use crate::cache::{Product, Provider};

/// The providers that this binary was built with.
#[must_use]
pub fn compiled() -> &'static [Provider] {
    super::COMPILED
}

/// The backends that are compiled in and enabled.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    backends: BTreeMap<Product, Arc<dyn Backend>>,
}

/// Why there is no backend: three different reasons, each with what there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// The provider is not part of this binary.
    #[error("provider `{provider}` is not compiled into this binary; it has: {}", list(compiled))]
    NotCompiled {
        /// The one that was asked for.
        provider: Provider,
        /// Those that are.
        compiled: Vec<Provider>,
    },
    /// The provider is not switched on in the config.
    #[error("provider `{provider}` is not enabled; enabled: {}", list(enabled))]
    NotEnabled {
        /// The one that was asked for.
        provider: Provider,
        /// Those that are.
        enabled: Vec<Provider>,
    },
    /// The provider is there, and does not offer this product in this version of the driver.
    #[error("product `{product}` is not offered by this driver; offered: {}", list(offered))]
    NoSuchProduct {
        /// The one that was asked for.
        product: Product,
        /// Those that are.
        offered: Vec<Product>,
    },
}

fn list<T: ToString>(items: &[T]) -> String {
    if items.is_empty() { "none".to_owned() } else { items.iter().map(T::to_string).collect::<Vec<_>>().join(", ") }
}

impl Registry {
    /// A registry of these backends. A later one takes the place of an earlier one of the same product.
    #[must_use]
    pub fn new(backends: impl IntoIterator<Item = Arc<dyn Backend>>) -> Self {
        Self { backends: backends.into_iter().map(|b| (b.capabilities().product, b)).collect() }
    }

    /// The backend of a product.
    pub fn get(&self, product: Product) -> Result<&Arc<dyn Backend>, Unavailable> {
        self.provider(product.provider())?;
        self.backends.get(&product).ok_or_else(|| Unavailable::NoSuchProduct { product, offered: self.products() })
    }

    /// Whether a provider can be used.
    pub fn provider(&self, provider: Provider) -> Result<(), Unavailable> {
        if self.providers().contains(&provider) {
            Ok(())
        } else if compiled().contains(&provider) {
            Err(Unavailable::NotEnabled { provider, enabled: self.providers() })
        } else {
            Err(Unavailable::NotCompiled { provider, compiled: compiled().to_vec() })
        }
    }

    /// The providers with at least one backend.
    #[must_use]
    pub fn providers(&self) -> Vec<Provider> {
        Provider::ALL.iter().copied().filter(|p| self.backends.keys().any(|product| product.provider() == *p)).collect()
    }

    /// The products with a backend.
    #[must_use]
    pub fn products(&self) -> Vec<Product> {
        self.backends.keys().copied().collect()
    }

    /// Every backend.
    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn Backend>> {
        self.backends.values()
    }
}
