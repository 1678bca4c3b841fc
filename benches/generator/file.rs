//! Writes pcap and pcapng, with times in nanoseconds.

use std::io::{self, Write};
use std::path::Path;

const ETHERNET: u16 = 1;
const SNAPLEN: u32 = 262_144;
const SECOND: i64 = 1_000_000_000;

/// The two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Pcap,
    Pcapng,
}

impl Format {
    /// By the end of a file's name.
    pub(crate) fn of(path: &Path) -> Self {
        if path.extension().is_some_and(|end| end == "pcapng") { Self::Pcapng } else { Self::Pcap }
    }
}

pub(super) struct Writer<W> {
    out: W,
    format: Format,
    record: Vec<u8>,
    written: u64,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(out: W, format: Format) -> io::Result<Self> {
        let mut writer = Self { out, format, record: Vec::new(), written: 0 };
        match format {
            Format::Pcap => writer.pcap_header(),
            Format::Pcapng => writer.pcapng_header(),
        }
        writer.flush_record()?;
        Ok(writer)
    }

    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.out.flush()?;
        Ok(self.written)
    }

    pub(super) fn frame(&mut self, nanos: i64, data: &[u8]) -> io::Result<()> {
        let length = u32::try_from(data.len()).unwrap();
        match self.format {
            Format::Pcap => {
                let time = [nanos / SECOND, nanos % SECOND].map(|t| u32::try_from(t).unwrap());
                self.words(&[time[0], time[1], length, length]);
                self.record.extend_from_slice(data);
            }
            Format::Pcapng => {
                let nanos = u64::try_from(nanos).unwrap();
                let (high, low) = (nanos >> 32, nanos & 0xffff_ffff);
                let time = [high, low].map(|half| u32::try_from(half).unwrap());
                let padded = length.next_multiple_of(4);
                let total = padded + 32;
                self.words(&[6, total, 0, time[0], time[1], length, length]);
                self.record.extend_from_slice(data);
                self.record.extend(&[0; 3][..usize::try_from(padded - length).unwrap()]);
                self.words(&[total]);
            }
        }
        self.flush_record()
    }

    fn pcap_header(&mut self) {
        self.words(&[0xa1b2_3c4d, 0x0004_0002, 0, 0, SNAPLEN, u32::from(ETHERNET)]);
    }

    /// A section and one interface, whose times are in nanoseconds (option 9).
    fn pcapng_header(&mut self) {
        self.words(&[0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28]);
        self.words(&[1, 32, u32::from(ETHERNET), SNAPLEN, 0x0001_0009, 9, 0, 32]);
    }

    fn words(&mut self, words: &[u32]) {
        self.record.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    }

    fn flush_record(&mut self) -> io::Result<()> {
        self.out.write_all(&self.record)?;
        self.written += u64::try_from(self.record.len()).unwrap();
        self.record.clear();
        Ok(())
    }
}
