//! Segments to stream events: puts each direction of a TCP connection in order.
//!
//! A capture is no TCP receiver. Acknowledgments may come before the data they
//! acknowledge, one direction may be recorded before the other, packets may be
//! missing for good. So a byte that is missing is waited for until the connection ends,
//! or until the limit of held bytes is reached, and only then is it called a gap.
//! Acknowledgments are asked only then: where a stream begins whose SYN is missing, and
//! how far it went.

mod assembler;
mod event;
mod held;
mod tracker;

pub use assembler::Assembler;
pub use event::{GapCause, StreamEvent};
pub use tracker::{Flow, Half, Mark};
