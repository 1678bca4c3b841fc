//! Segments to stream events: puts each direction of a TCP connection in order.
//!
//! A capture is no TCP receiver. Acknowledgments may come before the data they
//! acknowledge, one direction may be recorded before the other, packets may be
//! missing for good. So nothing is concluded from acknowledgments: a byte that is
//! missing is waited for until the connection ends, or until the limit of held
//! bytes is reached, and only then is it called a gap.

mod assembler;
mod event;
mod held;
mod tracker;

pub use assembler::Assembler;
pub use event::{GapCause, StreamEvent};
pub use tracker::{Flow, Half, Mark};
