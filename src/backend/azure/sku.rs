//! SKUs of both products.

/// SKUs of Managed Redis, api-version 2025-07-01. Azure adds some over time: `listSkusForScaling` tells what a cache can
/// become.
pub(super) const MANAGED: [(&str, &str, &[u32]); 4] = [
    ("Balanced", "B", &[0, 1, 3, 5, 10, 20, 50, 100, 150, 250, 350, 500, 700, 1000]),
    ("MemoryOptimized", "M", &[10, 20, 50, 100, 150, 250, 350, 500, 700, 1000, 1500, 2000]),
    ("ComputeOptimized", "X", &[3, 5, 10, 20, 50, 100, 150, 250, 350, 500, 700]),
    ("FlashOptimized", "A", &[250, 500, 700, 1000, 1500, 2000, 4500]),
];

/// SKUs of Azure Cache for Redis, api-version 2024-11-01.
const CLASSIC: [(&str, &str, &[u32]); 3] = [
    ("Basic", "C", &[0, 1, 2, 3, 4, 5, 6]),
    ("Standard", "C", &[0, 1, 2, 3, 4, 5, 6]),
    ("Premium", "P", &[1, 2, 3, 4]),
];

/// The number up to which a SKU of Managed Redis holds no more than 25 GB, which is the most without clustering.
const UNCLUSTERED: u32 = 20;

/// The parts of a SKU: tier, letter, number.
pub(super) fn parts(sku: &str) -> Option<(&str, &str, u32)> {
    let (tier, size) = sku.split_once('_')?;
    let (letter, number) = size.split_at_checked(1)?;
    Some((tier, letter, number.parse().ok()?))
}

/// Whether Managed Redis has it.
pub(super) fn is_managed(sku: &str) -> bool {
    is_among(&MANAGED, sku)
}

/// Whether Azure Cache for Redis has it.
pub(super) fn is_classic(sku: &str) -> bool {
    is_among(&CLASSIC, sku)
}

/// Whether it was one of Azure Cache for Redis Enterprise, of which none are made since 2026-04-01.
pub(super) fn is_retired(sku: &str) -> bool {
    sku.starts_with("Enterprise_") || sku.starts_with("EnterpriseFlash_")
}

fn is_among(known: &[(&str, &str, &[u32])], sku: &str) -> bool {
    let Some((tier, letter, number)) = parts(sku) else { return false };
    known.iter().any(|(t, l, numbers)| (*t, *l) == (tier, letter) && numbers.contains(&number))
}

/// Every SKU of Managed Redis, for messages.
pub(super) fn managed() -> String {
    listed(&MANAGED)
}

/// Every SKU of Azure Cache for Redis, for messages.
pub(super) fn classic() -> String {
    listed(&CLASSIC)
}

fn listed(known: &[(&str, &str, &[u32])]) -> String {
    let all = known
        .iter()
        .flat_map(|(tier, letter, numbers)| numbers.iter().map(move |number| format!("{tier}_{letter}{number}")));
    all.collect::<Vec<_>>().join(", ")
}

/// Whether it is small enough to do without clustering.
pub(super) fn fits_unclustered(sku: &str) -> bool {
    parts(sku).is_some_and(|(_, _, number)| number <= UNCLUSTERED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skus_are_known_by_product() {
        for sku in ["Balanced_B0", "MemoryOptimized_M2000", "ComputeOptimized_X3", "FlashOptimized_A250"] {
            assert!(is_managed(sku) && !is_classic(sku) && !is_retired(sku), "{sku}");
            assert!(managed().contains(sku));
        }
        for sku in ["Basic_C0", "Standard_C6", "Premium_P4"] {
            assert!(is_classic(sku) && !is_managed(sku), "{sku}");
        }
        for sku in ["Enterprise_E10", "EnterpriseFlash_F300", "Balanced_B2", "Premium_C1", "Basic_C7", "B1", ""] {
            assert!(!is_managed(sku) && !is_classic(sku), "{sku}");
        }
        assert!(is_retired("Enterprise_E10") && is_retired("EnterpriseFlash_F300"));
        assert!(fits_unclustered("Balanced_B20") && !fits_unclustered("Balanced_B50"));
    }
}
