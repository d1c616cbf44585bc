//! Engine versions: `7.2` for people, `REDIS_7_2` for Google.

use std::cmp::Ordering;

use super::Resolving;

/// Resolves `engine_version` to one of the `known` ones, newest first.
pub(in crate::backend::gcp) fn version(it: &mut Resolving<'_>, known: &[&str], pinned: &str) {
    let Some(wanted) = &it.spec.version else {
        it.out.put("engine_version", pinned, None);
        return;
    };
    // Google chooses the last part by itself: whoever asks for 7.2.4 gets 7.2.
    let Some(found) = known.iter().find(|known| wanted.compare(known) == Ordering::Equal) else {
        let expected = format!("one of {} for {}", known.join(", "), it.setting.product);
        it.wrong("version", expected, wanted, None);
        return;
    };
    if !wanted.covers(found) {
        it.out.warnings.push(format!("google offers {found} and chooses the release by itself ({wanted} asked for)"));
    }
    it.out.put("engine_version", *found, it.spec.origin_of("version"));
}

/// `7.2` as `REDIS_7_2`.
pub(in crate::backend::gcp) fn to_google(engine: &str, version: &str) -> String {
    format!("{engine}_{}", version.replace('.', "_").to_ascii_uppercase())
}

/// `REDIS_7_2` as `7.2`, also where nobody has heard of the version.
pub(in crate::backend::gcp) fn from_google(engine: &str, word: &str) -> Option<String> {
    let version = word.strip_prefix(engine)?.strip_prefix('_')?;
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.replace('_', ".").to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_read_back_and_unknown_ones_read() {
        for (engine, version, word) in [
            ("REDIS", "7.2", "REDIS_7_2"),
            ("REDIS", "6.x", "REDIS_6_X"),
            ("MEMCACHE", "1.6.15", "MEMCACHE_1_6_15"),
            ("REDIS", "11.0", "REDIS_11_0"),
        ] {
            assert_eq!(to_google(engine, version), word);
            assert_eq!(from_google(engine, word).as_deref(), Some(version));
        }
        assert_eq!(from_google("REDIS", "REDIS_VERSION_UNSPECIFIED"), None);
        assert_eq!(from_google("REDIS", ""), None);
    }
}
