//! What is going on with a resource.

use crate::cache::product::words;

words! {
    /// An operation, in the words of the Driver API's progress hint.
    Operation, "operation" {
        /// The cache is being made.
        Creating = "creating",
        /// The cache is being changed.
        Updating = "updating",
        /// The cache is being removed.
        Deleting = "deleting",
    }
}
