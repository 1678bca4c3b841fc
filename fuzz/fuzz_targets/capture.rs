//! Any bytes as a capture file: every frame lies inside its chunk, frame numbers grow
//! by one or more, and the reader comes to its end.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use tlsight::capture::{CaptureReader, Chunk, Input};
use tlsight::limits::Limits;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { record_bytes: 64 * 1024, ..Limits::default() };
    let Ok(input) = Input::from_reader(Box::new(Cursor::new(data))) else { return };
    let Ok(mut reader) = CaptureReader::new(input, &limits) else { return };
    let mut chunk = Chunk::default();
    let mut last = 0;
    while reader.fill(&mut chunk) {
        assert_eq!(chunk.frames().count(), chunk.len());
        for frame in chunk.frames() {
            assert!(frame.number > last);
            last = frame.number;
        }
    }
    assert!(reader.frames() >= last);
});
