//! The JSON Schema of the inputs.
