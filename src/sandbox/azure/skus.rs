//! What can be bought.

/// Managed Redis SKUs with the whole gigabytes that they offer (the smallest has half a one).
pub(super) const MANAGED: [(&str, u32); 44] = [
    ("Balanced_B0", 1),
    ("Balanced_B1", 1),
    ("Balanced_B3", 3),
    ("Balanced_B5", 6),
    ("Balanced_B10", 12),
    ("Balanced_B20", 24),
    ("Balanced_B50", 60),
    ("Balanced_B100", 120),
    ("Balanced_B150", 180),
    ("Balanced_B250", 240),
    ("Balanced_B350", 360),
    ("Balanced_B500", 480),
    ("Balanced_B700", 720),
    ("Balanced_B1000", 960),
    ("MemoryOptimized_M10", 12),
    ("MemoryOptimized_M20", 24),
    ("MemoryOptimized_M50", 60),
    ("MemoryOptimized_M100", 120),
    ("MemoryOptimized_M150", 180),
    ("MemoryOptimized_M250", 240),
    ("MemoryOptimized_M350", 360),
    ("MemoryOptimized_M500", 480),
    ("MemoryOptimized_M700", 720),
    ("MemoryOptimized_M1000", 960),
    ("MemoryOptimized_M1500", 1440),
    ("MemoryOptimized_M2000", 1920),
    ("ComputeOptimized_X3", 3),
    ("ComputeOptimized_X5", 6),
    ("ComputeOptimized_X10", 12),
    ("ComputeOptimized_X20", 24),
    ("ComputeOptimized_X50", 60),
    ("ComputeOptimized_X100", 120),
    ("ComputeOptimized_X150", 180),
    ("ComputeOptimized_X250", 240),
    ("ComputeOptimized_X350", 360),
    ("ComputeOptimized_X500", 480),
    ("ComputeOptimized_X700", 720),
    ("FlashOptimized_A250", 250),
    ("FlashOptimized_A500", 500),
    ("FlashOptimized_A700", 720),
    ("FlashOptimized_A1000", 1000),
    ("FlashOptimized_A1500", 1500),
    ("FlashOptimized_A2000", 2000),
    ("FlashOptimized_A4500", 4500),
];

/// The gigabytes of a Managed Redis SKU.
pub(super) fn managed(name: &str) -> Option<u32> {
    MANAGED.iter().find(|(known, _)| *known == name).map(|(_, gigabytes)| *gigabytes)
}

/// Sold until April 2026; nobody can make one any more.
pub(super) fn is_retired(name: &str) -> bool {
    name.starts_with("Enterprise_") || name.starts_with("EnterpriseFlash_")
}

/// What a classic size brings: reserved megabytes and most clients, both as text, as the service writes them.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClassicSize {
    pub(super) reserved: u32,
    pub(super) clients: u32,
}

/// The size of a family (`C` or `P`) and capacity.
pub(super) fn classic(family: &str, capacity: u64) -> Option<ClassicSize> {
    let (reserved, clients) = match (family, capacity) {
        ("C", 0) => (30, 256),
        ("C", 1) => (125, 1000),
        ("C", 2) => (299, 2000),
        ("C", 3) => (642, 5000),
        ("C", 4) => (1392, 10_000),
        ("C", 5) => (2785, 15_000),
        ("C", 6) => (5675, 20_000),
        ("P", 1) => (642, 7500),
        ("P", 2) => (1392, 15_000),
        ("P", 3) => (2785, 30_000),
        ("P", 4) => (5675, 40_000),
        _ => return None,
    };
    Some(ClassicSize { reserved, clients })
}
