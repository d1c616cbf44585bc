//! Clouds, their products, and what a cache can be.

/// A word that is none of those that are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{got}` is not a known {what}; known: {}", known.join(", "))]
pub struct UnknownWord {
    /// What kind of word it should have been.
    pub what: &'static str,
    /// The word that came.
    pub got: String,
    /// Every word that is known.
    pub known: Vec<&'static str>,
}

/// An enum whose variants have one written form each, used in JSON, config, paths and messages alike.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// Every variant, in the order in which docs list them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// Every written form, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word,)+];

            /// Its written form.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl ::utoipa::PartialSchema for $name {
            fn schema() -> ::utoipa::openapi::RefOr<::utoipa::openapi::schema::Schema> {
                ::utoipa::openapi::ObjectBuilder::new()
                    .schema_type(::utoipa::openapi::schema::Type::String)
                    .enum_values(Some(Self::WORDS.iter().copied()))
                    .into()
            }
        }

        impl ::utoipa::ToSchema for $name {}

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::cache::UnknownWord;

            fn from_str(word: &str) -> Result<Self, $crate::cache::UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::cache::UnknownWord { what: $what, got: word.to_owned(), known: vec![$($word,)+] }),
                }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// A cloud. All three are always here, whatever is compiled in.
    Provider, "provider" {
        /// Amazon Web Services.
        Aws = "aws",
        /// Google Cloud.
        Gcp = "gcp",
        /// Microsoft Azure.
        Azure = "azure",
    }
}

words! {
    /// One managed offering of one cloud.
    Product, "product" {
        /// ElastiCache replication group (Redis OSS and Valkey).
        AwsReplicationGroup = "aws/replication-group",
        /// ElastiCache Serverless.
        AwsServerless = "aws/serverless",
        /// ElastiCache for Memcached.
        AwsMemcached = "aws/memcached",
        /// Memorystore for Redis.
        GcpRedis = "gcp/redis",
        /// Memorystore for Valkey.
        GcpValkey = "gcp/valkey",
        /// Memorystore for Redis Cluster.
        GcpRedisCluster = "gcp/redis-cluster",
        /// Memorystore for Memcached.
        GcpMemcached = "gcp/memcached",
        /// Azure Managed Redis.
        AzureManagedRedis = "azure/managed-redis",
        /// Azure Cache for Redis.
        AzureClassicRedis = "azure/classic-redis",
    }
}

impl Product {
    /// The cloud that offers it.
    #[must_use]
    pub const fn provider(self) -> Provider {
        match self {
            Self::AwsReplicationGroup | Self::AwsServerless | Self::AwsMemcached => Provider::Aws,
            Self::GcpRedis | Self::GcpValkey | Self::GcpRedisCluster | Self::GcpMemcached => Provider::Gcp,
            Self::AzureManagedRedis | Self::AzureClassicRedis => Provider::Azure,
        }
    }

    /// The engines that it runs.
    #[must_use]
    pub const fn engines(self) -> &'static [Engine] {
        match self {
            Self::AwsReplicationGroup => &[Engine::Valkey, Engine::Redis],
            Self::AwsServerless => &[Engine::Valkey, Engine::Redis, Engine::Memcached],
            Self::GcpValkey => &[Engine::Valkey],
            Self::GcpRedis | Self::GcpRedisCluster | Self::AzureManagedRedis | Self::AzureClassicRedis => {
                &[Engine::Redis]
            }
            Self::AwsMemcached | Self::GcpMemcached => &[Engine::Memcached],
        }
    }

    /// The modes that it offers.
    #[must_use]
    pub const fn modes(self) -> &'static [Mode] {
        match self {
            Self::AwsServerless => &[Mode::Serverless],
            Self::AwsMemcached | Self::GcpMemcached | Self::GcpRedis => &[Mode::Standard],
            Self::GcpRedisCluster => &[Mode::Cluster],
            Self::AwsReplicationGroup | Self::GcpValkey | Self::AzureManagedRedis | Self::AzureClassicRedis => {
                &[Mode::Standard, Mode::Cluster]
            }
        }
    }
}

words! {
    /// The server software that clients talk to.
    Engine, "engine" {
        /// Redis OSS (or, on Azure Managed Redis, Redis Enterprise).
        Redis = "redis",
        /// Valkey.
        Valkey = "valkey",
        /// Memcached.
        Memcached = "memcached",
    }
}

words! {
    /// How keys are spread, and thereby which clients can talk to it.
    Mode, "mode" {
        /// One primary, any client.
        Standard = "standard",
        /// Several shards; the client must speak the cluster protocol.
        Cluster = "cluster",
        /// Capacity follows use; no nodes to choose.
        Serverless = "serverless",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_named_after_its_provider() {
        for product in Product::ALL {
            let (provider, _) = product.as_str().split_once('/').unwrap();
            assert_eq!(provider, product.provider().as_str());
        }
    }

    #[test]
    fn every_word_reads_back_and_an_unknown_one_lists_them_all() {
        for product in Product::ALL {
            assert_eq!(product.as_str().parse(), Ok(*product));
        }
        let unknown = "elasticache".parse::<Product>().unwrap_err();
        assert_eq!(unknown.known.len(), Product::ALL.len());
    }
}
