//! Who is not to be called.

/// To be written.
pub struct SuppressionRow;
/// To be written.
pub struct Suppressions;
