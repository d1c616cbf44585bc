//! Azure's regions: callers write `westeurope` or `West Europe`, answers always say `West Europe`.

/// Name and display name.
const LOCATIONS: [(&str, &str); 46] = [
    ("eastus", "East US"),
    ("eastus2", "East US 2"),
    ("centralus", "Central US"),
    ("northcentralus", "North Central US"),
    ("southcentralus", "South Central US"),
    ("westcentralus", "West Central US"),
    ("westus", "West US"),
    ("westus2", "West US 2"),
    ("westus3", "West US 3"),
    ("canadacentral", "Canada Central"),
    ("canadaeast", "Canada East"),
    ("mexicocentral", "Mexico Central"),
    ("brazilsouth", "Brazil South"),
    ("chilecentral", "Chile Central"),
    ("northeurope", "North Europe"),
    ("westeurope", "West Europe"),
    ("uksouth", "UK South"),
    ("ukwest", "UK West"),
    ("francecentral", "France Central"),
    ("francesouth", "France South"),
    ("germanywestcentral", "Germany West Central"),
    ("germanynorth", "Germany North"),
    ("switzerlandnorth", "Switzerland North"),
    ("switzerlandwest", "Switzerland West"),
    ("norwayeast", "Norway East"),
    ("norwaywest", "Norway West"),
    ("swedencentral", "Sweden Central"),
    ("polandcentral", "Poland Central"),
    ("italynorth", "Italy North"),
    ("spaincentral", "Spain Central"),
    ("austriaeast", "Austria East"),
    ("israelcentral", "Israel Central"),
    ("qatarcentral", "Qatar Central"),
    ("uaenorth", "UAE North"),
    ("southafricanorth", "South Africa North"),
    ("centralindia", "Central India"),
    ("southindia", "South India"),
    ("eastasia", "East Asia"),
    ("southeastasia", "Southeast Asia"),
    ("indonesiacentral", "Indonesia Central"),
    ("malaysiawest", "Malaysia West"),
    ("japaneast", "Japan East"),
    ("japanwest", "Japan West"),
    ("koreacentral", "Korea Central"),
    ("australiaeast", "Australia East"),
    ("newzealandnorth", "New Zealand North"),
];

/// A region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Location {
    /// `westeurope`: in host names.
    pub(super) name: &'static str,
    /// `West Europe`: in answers.
    pub(super) display: &'static str,
}

impl Location {
    /// Of what has none, such as a DNS zone.
    pub(super) const NONE: Self = Self { name: "global", display: "global" };
}

/// The region that is meant, without regard to case and spaces.
pub(super) fn find(text: &str) -> Option<Location> {
    let plain: String = text.chars().filter(|letter| *letter != ' ').collect::<String>().to_ascii_lowercase();
    let known = LOCATIONS.iter().find(|(name, _)| *name == plain);
    known.map(|(name, display)| Location { name, display })
}

/// All names, as an error lists them.
pub(super) fn names() -> String {
    LOCATIONS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(",")
}

/// All display names.
pub(super) fn displayed() -> Vec<&'static str> {
    LOCATIONS.iter().map(|(_, display)| *display).collect()
}
