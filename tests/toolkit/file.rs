//! Writes captures: pcap and pcapng, either byte order, any resolution.

/// A packet record.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) nanos: i64,
    /// Interface of a pcapng file.
    pub(crate) interface: u32,
    pub(crate) data: Vec<u8>,
    /// Bytes on the wire, when more than `data`.
    pub(crate) original: Option<usize>,
}

impl Frame {
    pub(crate) fn new(nanos: i64, data: Vec<u8>) -> Self {
        Self { nanos, interface: 0, data, original: None }
    }

    /// Cut to a snapshot length.
    pub(crate) fn cut(mut self, snaplen: usize) -> Self {
        self.original = Some(self.data.len());
        self.data.truncate(snaplen);
        self
    }

    fn lengths(&self) -> [u32; 2] {
        let original = self.original.unwrap_or(self.data.len()).max(self.data.len());
        [self.data.len(), original].map(|length| u32::try_from(length).unwrap())
    }
}

/// How a pcap file is written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Style {
    pub(crate) big_endian: bool,
    pub(crate) nanoseconds: bool,
    /// The records of Kuznetzov's patch.
    pub(crate) modified: bool,
}

struct Writer {
    bytes: Vec<u8>,
    big_endian: bool,
}

impl Writer {
    fn u16(&mut self, value: u16) {
        let bytes = if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        self.bytes.extend(bytes);
    }

    fn u32(&mut self, value: u32) {
        let bytes = if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        self.bytes.extend(bytes);
    }

    /// A pcapng block around `body`.
    fn block(&mut self, kind: u32, body: &[u8]) {
        let padded = body.len().next_multiple_of(4);
        let length = u32::try_from(padded + 12).unwrap();
        self.u32(kind);
        self.u32(length);
        self.bytes.extend(body);
        self.bytes.resize(self.bytes.len() + padded - body.len(), 0);
        self.u32(length);
    }
}

/// A pcap file.
pub(crate) fn pcap(link: u16, frames: &[Frame], style: Style) -> Vec<u8> {
    let mut out = Writer { bytes: Vec::new(), big_endian: style.big_endian };
    out.u32(match style {
        Style { nanoseconds: true, .. } => 0xa1b2_3c4d,
        Style { modified: true, .. } => 0xa1b2_cd34,
        _ => 0xa1b2_c3d4,
    });
    out.u16(2);
    out.u16(4);
    for value in [0, 0, 262_144, u32::from(link)] {
        out.u32(value);
    }
    let unit = if style.nanoseconds { 1 } else { 1_000 };
    for frame in frames {
        out.u32(u32::try_from(frame.nanos / 1_000_000_000).unwrap());
        out.u32(u32::try_from(frame.nanos % 1_000_000_000 / unit).unwrap());
        frame.lengths().into_iter().for_each(|length| out.u32(length));
        if style.modified {
            [0; 2].into_iter().for_each(|zero| out.u32(zero));
        }
        out.bytes.extend(&frame.data);
    }
    out.bytes
}

/// Offsets at which a pcap file ends with a whole record, the file header first.
pub(crate) fn record_ends(pcap: &[u8]) -> Vec<usize> {
    let mut ends = vec![24];
    let mut at = 24;
    while let Some(captured) = pcap.get(at + 8..at + 12) {
        at += 16 + usize::try_from(u32::from_le_bytes(captured.try_into().unwrap())).unwrap();
        ends.push(at);
    }
    ends
}

/// One section of a pcapng file with nanosecond interfaces of these link types.
pub(crate) fn pcapng(links: &[u16], frames: &[Frame], big_endian: bool) -> Vec<u8> {
    let mut out = Writer { bytes: Vec::new(), big_endian };
    section(&mut out, links);
    for frame in frames {
        let nanos = u64::try_from(frame.nanos).unwrap();
        let mut body = Writer { bytes: Vec::new(), big_endian };
        body.u32(frame.interface);
        body.u32(u32::try_from(nanos >> 32).unwrap());
        body.u32(u32::try_from(nanos & 0xffff_ffff).unwrap());
        frame.lengths().into_iter().for_each(|length| body.u32(length));
        body.bytes.extend(&frame.data);
        out.block(6, &body.bytes);
    }
    out.bytes
}

/// The same in simple packet blocks, which have no time, or in the obsolete packet
/// blocks.
pub(crate) fn pcapng_of(link: u16, frames: &[Frame], kind: u32) -> Vec<u8> {
    let mut out = Writer { bytes: Vec::new(), big_endian: false };
    section(&mut out, &[link]);
    for frame in frames {
        let mut body = Writer { bytes: Vec::new(), big_endian: false };
        let [captured, original] = frame.lengths();
        if kind == 2 {
            let nanos = u64::try_from(frame.nanos).unwrap();
            body.u32(0);
            body.u32(u32::try_from(nanos >> 32).unwrap());
            body.u32(u32::try_from(nanos & 0xffff_ffff).unwrap());
            body.u32(captured);
        }
        body.u32(original);
        body.bytes.extend(&frame.data);
        out.block(kind, &body.bytes);
    }
    out.bytes
}

fn section(out: &mut Writer, links: &[u16]) {
    let big_endian = out.big_endian;
    let mut body = Writer { bytes: Vec::new(), big_endian };
    body.u32(0x1a2b_3c4d);
    body.u16(1);
    body.u16(0);
    body.u32(u32::MAX);
    body.u32(u32::MAX);
    out.block(0x0a0d_0d0a, &body.bytes);
    for link in links {
        let mut body = Writer { bytes: Vec::new(), big_endian };
        body.u16(*link);
        body.u16(0);
        body.u32(262_144);
        // if_tsresol: 10^-9 seconds.
        body.u16(9);
        body.u16(1);
        body.bytes.extend([9, 0, 0, 0]);
        body.u32(0);
        out.block(1, &body.bytes);
    }
}

/// Any bytes as a gzip file.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// Any bytes as a zstd file.
pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}
