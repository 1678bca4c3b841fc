//! Floor stones for everything that touches strangers' bytes: a reader that
//! cannot run past its end, and text made safe to print.

pub mod reader;
pub mod text;

pub use reader::Reader;
