//! The resource types that are served, and how answers spell them.

/// A resource type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A Managed Redis cluster.
    Cluster,
    Database,
    /// Who may use a Managed Redis database with an Entra token.
    Assignment,
    /// Azure Cache for Redis.
    Classic,
    ClassicPolicy,
    ClassicAssignment,
    FirewallRule,
    PatchSchedule,
    PrivateEndpoint,
    DnsZoneGroup,
    /// These three are not stored: every well-formed one exists until it is removed.
    VirtualNetwork,
    Subnet,
    DnsZone,
}

impl Kind {
    const ALL: [Self; 13] = [
        Self::Cluster,
        Self::Database,
        Self::Assignment,
        Self::Classic,
        Self::ClassicPolicy,
        Self::ClassicAssignment,
        Self::FirewallRule,
        Self::PatchSchedule,
        Self::PrivateEndpoint,
        Self::DnsZoneGroup,
        Self::VirtualNetwork,
        Self::Subnet,
        Self::DnsZone,
    ];

    /// The kind of a namespace and types, compared as ARM does: without regard to case.
    pub(super) fn find(namespace: &str, types: &[&str]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| {
            let known = kind.types();
            kind.namespace().eq_ignore_ascii_case(namespace)
                && known.len() == types.len()
                && known.iter().zip(types).all(|(known, given)| known.eq_ignore_ascii_case(given))
        })
    }

    pub(super) const fn namespace(self) -> &'static str {
        match self {
            Self::PrivateEndpoint | Self::DnsZoneGroup | Self::VirtualNetwork | Self::Subnet | Self::DnsZone => {
                "Microsoft.Network"
            }
            _ => "Microsoft.Cache",
        }
    }

    /// The types from the outermost to its own, as answers spell them. Classic caches are asked for as `redis` and answer `Redis`.
    pub(super) const fn types(self) -> &'static [&'static str] {
        match self {
            Self::Cluster => &["redisEnterprise"],
            Self::Database => &["redisEnterprise", "databases"],
            Self::Assignment => &["redisEnterprise", "databases", "accessPolicyAssignments"],
            Self::Classic => &["Redis"],
            Self::ClassicPolicy => &["Redis", "accessPolicies"],
            Self::ClassicAssignment => &["Redis", "accessPolicyAssignments"],
            Self::FirewallRule => &["Redis", "firewallRules"],
            Self::PatchSchedule => &["Redis", "patchSchedules"],
            Self::PrivateEndpoint => &["privateEndpoints"],
            Self::DnsZoneGroup => &["privateEndpoints", "privateDnsZoneGroups"],
            Self::VirtualNetwork => &["virtualNetworks"],
            Self::Subnet => &["virtualNetworks", "subnets"],
            Self::DnsZone => &["privateDnsZones"],
        }
    }

    /// What calls and faults name it by.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Classic => "redis",
            _ => self.types().last().copied().unwrap_or_default(),
        }
    }

    pub(super) fn parent(self) -> Option<Self> {
        let types = self.types();
        Self::find(self.namespace(), &types[..types.len() - 1])
    }

    /// `Microsoft.Cache/redisEnterprise/databases`.
    pub(super) fn full_type(self) -> String {
        match self {
            Self::PatchSchedule => "Microsoft.Cache/Redis/PatchSchedules".to_owned(),
            _ => format!("{}/{}", self.namespace(), self.types().join("/")),
        }
    }

    /// A classic cache or a part of one.
    pub(super) fn is_classic(self) -> bool {
        self == Self::Classic || self.parent() == Some(Self::Classic)
    }
}
