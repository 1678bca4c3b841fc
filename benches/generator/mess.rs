//! What networks do to segments, as far as it takes nothing away from the handshake.

use super::Dice;
use super::conversation::{Segment, pieces};
use super::template::{is_bare, is_fixed};

/// Content type of application data (RFC 8446, 5.1).
const APPLICATION_DATA: u8 = 23;
/// Bytes of a full segment of data behind the handshake; no handshake segment of the
/// samples is cut to this length.
const DATA: usize = 1_400;

/// Splits, repeats, reorders and drops segments. Every byte of the handshake is still
/// there, and no reply stands before what it answers.
pub(super) fn make(segments: Vec<Segment>, dice: &mut Dice) -> Vec<Segment> {
    let split = dice.one_in(2).then(|| if dice.one_in(64) { 1 } else { 20 + dice.below(600) });
    let mut out: Vec<Segment> = Vec::new();
    for segment in segments {
        if may_be_lost(&segment) && dice.one_in(16) {
            continue;
        }
        // Data behind the handshake stays whole, so that its loss can be told.
        let cut = split.filter(|_| !is_data(&segment)).unwrap_or(usize::MAX);
        for piece in pieces(&segment, cut) {
            let again = !piece.payload.is_empty() && dice.one_in(16);
            out.push(piece.clone());
            if again {
                out.push(piece);
            }
        }
    }
    reorder(&mut out, dice);
    out
}

/// Swaps neighbours of one burst of one side.
fn reorder(segments: &mut [Segment], dice: &mut Dice) {
    for at in 1..segments.len() {
        let (one, other) = (&segments[at - 1], &segments[at]);
        let movable = one.client == other.client && !is_fixed(one) && !is_fixed(other);
        if movable && dice.one_in(6) {
            segments.swap(at - 1, at);
        }
    }
}

fn is_data(segment: &Segment) -> bool {
    segment.payload.len() == DATA
        && matches!(segment.payload.first(), Some(&(APPLICATION_DATA | 0xa5)))
}

fn may_be_lost(segment: &Segment) -> bool {
    is_bare(segment) || is_data(segment)
}
