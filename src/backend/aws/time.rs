//! Times, as the SDK and as the driver write them.

use aws_smithy_types::DateTime;
use jiff::Timestamp;

pub(super) fn from_aws(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_second(time.secs()).ok()
}

pub(super) fn to_aws(time: Timestamp) -> DateTime {
    DateTime::from_secs(time.as_second())
}
