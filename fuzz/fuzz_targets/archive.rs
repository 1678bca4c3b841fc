//! Any bytes as an archive: members are counted, none of a tar is larger than the archive.
#![no_main]

use std::io::{Cursor, Read};

use libfuzzer_sys::fuzz_target;
use tlsight::capture::archive::visit_stream;
use tlsight::limits::Limits;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { archive_members: 16, ..Limits::default() };
    let holds_zip = data.windows(2).any(|two| two == b"PK");
    let mut members = 0;
    let result = visit_stream(Box::new(Cursor::new(data)), &limits, &mut |mut member| {
        members += 1;
        let mut content = Vec::new();
        let read = member.bytes().take(1 << 20).read_to_end(&mut content);
        assert!(holds_zip || content.len() <= data.len());
        read.is_ok()
    });
    drop(result);
    assert!(members <= 16);
});
