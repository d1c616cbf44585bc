//! Rules for single values, as the service applies them.

use std::collections::BTreeMap;

use super::catalog;
use super::error::AwsError;
use super::params::Params;
use super::store::Region;

/// Tags that one resource may have.
const TAGS: usize = 50;
/// Characters of a description.
const DESCRIPTION: usize = 255;

/// A name: 1 to `longest` letters, digits and hyphens, a letter first, no hyphen last, no two in a row.
pub(super) fn name(parameter: &str, name: &str, longest: usize) -> Result<(), AwsError> {
    let legal = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !name.contains("--")
        && !name.ends_with('-')
        && name.len() <= longest;
    if legal {
        return Ok(());
    }
    Err(AwsError::value(format!(
        "The parameter {parameter} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII \
         letters, digits, and hyphens; must not end with a hyphen or contain two consecutive hyphens; and must have 1 to \
         {longest} characters."
    )))
}

pub(super) fn description(parameter: &str, text: &str) -> Result<(), AwsError> {
    if text.chars().count() > DESCRIPTION {
        return Err(AwsError::value(format!(
            "The parameter {parameter} must be at most {DESCRIPTION} characters long."
        )));
    }
    Ok(())
}

pub(super) fn node_type(name: &str) -> Result<(), AwsError> {
    if catalog::is_node_type(name) {
        return Ok(());
    }
    Err(AwsError::value(format!("The parameter CacheNodeType has the invalid value {name}.")))
}

/// 16 to 128 characters of the alphabet that the service allows.
pub(super) fn auth_token(token: &str) -> Result<(), AwsError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!&#$^<>-".contains(&byte);
    if (16..=128).contains(&token.len()) && token.bytes().all(allowed) {
        return Ok(());
    }
    Err(AwsError::value(
        "Invalid AuthToken provided. It must have 16 to 128 characters: letters, digits and ! & # $ ^ < > - only.",
    ))
}

/// Shape and existence of security groups.
pub(super) fn security_groups(region: &Region, ids: &[String]) -> Result<(), AwsError> {
    for id in ids {
        if !is_resource_id(id, "sg-") || region.removed.contains(id) {
            return Err(AwsError::value(format!("Some security group Ids are invalid or do not exist: [{id}].")));
        }
    }
    Ok(())
}

/// Shape and existence of subnets.
pub(super) fn subnets(region: &Region, ids: &[String]) -> Result<(), AwsError> {
    let wrong: Vec<&str> = ids
        .iter()
        .filter(|id| !is_resource_id(id, "subnet-") || region.removed.contains(*id))
        .map(String::as_str)
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(AwsError::value(format!("Some input subnets in :[{}] are invalid.", wrong.join(", "))))
}

/// `prefix` and 8 or 17 hexadecimal digits.
pub(super) fn is_resource_id(id: &str, prefix: &str) -> bool {
    id.strip_prefix(prefix).is_some_and(|digits| {
        matches!(digits.len(), 8 | 17) && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// A key ARN, alias ARN, key id or alias.
pub(super) fn kms_key(key: &str) -> Result<(), AwsError> {
    let is_key_id = |id: &str| {
        let uuid = id.strip_prefix("mrk-").unwrap_or(id);
        uuid.len() >= 32 && uuid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
    };
    let local = |name: &str| name.strip_prefix("key/").is_some_and(is_key_id) || name.starts_with("alias/");
    let parts: Vec<&str> = key.splitn(6, ':').collect();
    let legal = match parts.as_slice() {
        ["arn", partition, "kms", region, account, name] => {
            partition.starts_with("aws") && !region.is_empty() && account.len() == 12 && local(name)
        }
        _ => is_key_id(key) || key.starts_with("alias/"),
    };
    if legal {
        Ok(())
    } else {
        Err(AwsError::new("InvalidKMSKeyFault", 400, format!("The KMS key {key} is not valid.")))
    }
}

/// The tags of a create call.
pub(super) fn tags(params: &Params) -> Result<BTreeMap<String, String>, AwsError> {
    let mut tags = BTreeMap::new();
    for tag in params.structures("Tags") {
        let key = tag.get("Key").cloned().unwrap_or_default();
        let value = tag.get("Value").cloned().unwrap_or_default();
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(AwsError::value("Tag keys have 1 to 128 characters, tag values at most 256."));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(AwsError::value(format!("The tag key {key} is reserved: aws: prefixed keys cannot be used.")));
        }
        if tags.insert(key.clone(), value).is_some() {
            return Err(AwsError::value(format!("The tag key {key} is given more than once.")));
        }
    }
    tag_count(&tags)?;
    Ok(tags)
}

/// No resource may have more tags than the service allows.
pub(super) fn tag_count(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    if tags.len() > TAGS {
        let message = format!("The request would leave the resource with more than {TAGS} tags.");
        return Err(AwsError::new("TagQuotaPerResourceExceeded", 400, message));
    }
    Ok(())
}

/// What can be wrong with an S3 snapshot address.
pub(super) fn snapshot_arns(arns: &[String]) -> Result<(), AwsError> {
    for arn in arns {
        let object = arn.strip_prefix("arn:aws:s3:::").and_then(|path| path.split_once('/'));
        if !object.is_some_and(|(bucket, key)| !bucket.is_empty() && key.to_ascii_lowercase().ends_with(".rdb")) {
            return Err(AwsError::value(format!("The snapshot ARN {arn} does not name an .rdb object in S3.")));
        }
    }
    Ok(())
}

/// One of a few words.
pub(super) fn one_of(parameter: &str, value: &str, known: &[&str]) -> Result<(), AwsError> {
    if known.contains(&value) {
        return Ok(());
    }
    Err(AwsError::value(format!("Invalid value {value} for {parameter}; it must be one of {}.", known.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_services_rules() {
        for legal in ["a", "cache-1", "Cache-abc", &"a".repeat(40)] {
            assert!(name("ReplicationGroupId", legal, 40).is_ok(), "{legal}");
        }
        for illegal in ["", "1cache", "-a", "a--b", "a-", "a_b", "a.b", &"a".repeat(41)] {
            assert!(name("ReplicationGroupId", illegal, 40).is_err(), "{illegal}");
        }
    }

    #[test]
    fn tokens_have_the_right_length_and_alphabet() {
        assert!(auth_token("abcdefgh12345678").is_ok());
        assert!(auth_token("abcdefgh!&#$^<>-").is_ok());
        assert!(auth_token("short").is_err());
        assert!(auth_token("abcdefgh1234567@").is_err());
        assert!(auth_token(&"a".repeat(129)).is_err());
    }

    #[test]
    fn keys_and_ids_have_their_shapes() {
        assert!(kms_key("arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab").is_ok());
        assert!(kms_key("alias/cache").is_ok());
        assert!(kms_key("my key").is_err());
        assert!(is_resource_id("sg-0123456789abcdef0", "sg-"));
        assert!(!is_resource_id("sg-xyz", "sg-"));
        assert!(!is_resource_id("subnet-01234567", "sg-"));
    }
}
