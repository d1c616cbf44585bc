//! What the emulated `ElastiCache` offers: engine versions, parameter-group families, node types.
//!
//! Sources: the service's "engine versions" and "supported node types" pages and the API model 2015-02-02.

/// One engine version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) engine: &'static str,
    /// As it is read back.
    pub(super) full: &'static str,
    /// As it may be asked for, besides the full form.
    pub(super) short: &'static str,
    pub(super) family: &'static str,
}

const fn version(engine: &'static str, full: &'static str, short: &'static str, family: &'static str) -> Version {
    Version { engine, full, short, family }
}

/// Every version, the oldest of each engine first.
pub(super) const VERSIONS: &[Version] = &[
    version("redis", "5.0.6", "5.0.6", "redis5.0"),
    version("redis", "6.0.5", "6.0", "redis6.x"),
    version("redis", "6.2.6", "6.2", "redis6.x"),
    version("redis", "7.0.7", "7.0", "redis7"),
    version("redis", "7.1.0", "7.1", "redis7"),
    version("valkey", "7.2.6", "7.2", "valkey7"),
    version("valkey", "8.0.1", "8.0", "valkey8"),
    version("valkey", "8.1.0", "8.1", "valkey8"),
    version("valkey", "8.2.0", "8.2", "valkey8"),
    version("valkey", "9.0.0", "9.0", "valkey9"),
    version("valkey", "9.1.0", "9.1", "valkey9"),
];

/// The version that `asked` means for `engine`. Redis 6 is asked for as `6.x` and read back as a full number.
pub(super) fn find_version(engine: &str, asked: &str) -> Option<Version> {
    if engine == "redis" && asked.eq_ignore_ascii_case("6.x") {
        return find_version(engine, "6.2");
    }
    VERSIONS.iter().find(|known| known.engine == engine && (known.full == asked || known.short == asked)).copied()
}

/// What a group gets that asks for no version.
pub(super) fn default_version(engine: &str) -> Option<Version> {
    find_version(engine, if engine == "valkey" { "8.1" } else { "7.1" })
}

/// Numbers of a version for comparison, the engines in their line of succession: any Valkey is newer than any Redis OSS.
pub(super) fn rank(engine: &str, full: &str) -> (bool, Vec<u32>) {
    (engine == "valkey", full.split('.').filter_map(|part| part.parse().ok()).collect())
}

/// Whether a parameter-group family exists.
pub(super) fn is_family(family: &str) -> bool {
    VERSIONS.iter().any(|known| known.family == family)
}

/// Every family, each once.
pub(super) fn families() -> Vec<&'static str> {
    let mut families: Vec<_> = VERSIONS.iter().map(|known| known.family).collect();
    families.dedup();
    families
}

const SERIES: &[(&str, &[&str])] = &[
    ("t2", &["micro", "small", "medium"]),
    ("t3", &["micro", "small", "medium"]),
    ("t4g", &["micro", "small", "medium"]),
    ("m4", &["large", "xlarge", "2xlarge", "4xlarge", "10xlarge"]),
    ("m5", &["large", "xlarge", "2xlarge", "4xlarge", "12xlarge", "24xlarge"]),
    ("m6g", &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"]),
    ("m7g", &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"]),
    ("r4", &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"]),
    ("r5", &["large", "xlarge", "2xlarge", "4xlarge", "12xlarge", "24xlarge"]),
    ("r6g", &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"]),
    ("r7g", &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"]),
    ("r6gd", &["xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"]),
    ("c7gn", &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"]),
];

const SIZES: &[&str] = &[
    "micro", "small", "medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "10xlarge", "12xlarge", "16xlarge",
    "24xlarge",
];

/// Whether a node type is offered.
pub(super) fn is_node_type(name: &str) -> bool {
    size_rank(name).is_some()
}

/// How big a node type is among the others, small first; `None` if it is not offered.
pub(super) fn size_rank(name: &str) -> Option<usize> {
    let (series, size) = name.strip_prefix("cache.")?.split_once('.')?;
    let (_, sizes) = SERIES.iter().find(|(known, _)| *known == series)?;
    sizes.contains(&size).then(|| SIZES.iter().position(|known| *known == size)).flatten()
}

/// Every node type.
pub(super) fn node_types() -> Vec<String> {
    SERIES.iter().flat_map(|(series, sizes)| sizes.iter().map(move |size| format!("cache.{series}.{size}"))).collect()
}

/// The short form of a region in host names: `eu-central-1` is `euc1`.
pub(super) fn region_code(region: &str) -> String {
    let mut code = String::new();
    for (index, part) in region.split('-').enumerate() {
        match part {
            "northeast" => code.push_str("ne"),
            "northwest" => code.push_str("nw"),
            "southeast" => code.push_str("se"),
            "southwest" => code.push_str("sw"),
            part if index == 0 => code.push_str(part),
            part => code.extend(part.chars().next()),
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_by_either_form_and_redis_6_by_its_x() {
        assert_eq!(find_version("valkey", "8.0").unwrap().full, "8.0.1");
        assert_eq!(find_version("valkey", "8.0.1").unwrap().short, "8.0");
        assert_eq!(find_version("redis", "6.x").unwrap().full, "6.2.6");
        assert_eq!(find_version("redis", "8.0"), None);
        assert!(rank("valkey", "7.2.6") > rank("redis", "7.1.0"));
        assert!(rank("redis", "7.1.0") > rank("redis", "7.0.7"));
    }

    #[test]
    fn node_types_are_those_of_the_service() {
        assert!(is_node_type("cache.t4g.micro"));
        assert!(!is_node_type("cache.t4g.large"));
        assert!(!is_node_type("t4g.micro"));
        assert!(node_types().iter().all(|name| is_node_type(name)));
    }

    #[test]
    fn regions_are_shortened_as_in_host_names() {
        assert_eq!(region_code("eu-central-1"), "euc1");
        assert_eq!(region_code("us-east-1"), "use1");
        assert_eq!(region_code("ap-northeast-2"), "apne2");
    }
}
