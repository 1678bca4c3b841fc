//! (family under construction)

use super::rule::Rule;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[];
