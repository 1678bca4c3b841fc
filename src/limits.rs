//! The bounds of a run, named, with their defaults and the reasons for them.
//!
//! A capture is a stranger's file: whatever it says of lengths and counts, memory
//! and time stay within these. Reaching one is recorded in the report
//! (`limits_hit`), never silent. What bounds one room only (how deep its files nest, how much
//! it remembers to be faster) is a constant beside its use.

/// Bytes of a cipher string that are read. The names of all suites together are 5 kB
/// long; what is longer than three times that is no setting, and each of its terms costs
/// a walk over the table. Not one of [`Limits`], because it is no bound of a run.
pub const CIPHER_STRING_BYTES: usize = 16 * 1024;

/// The bounds of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest single packet record or block, in bytes. libpcap and Wireshark stop
    /// at 262,144 per packet; metadata blocks of pcapng may be larger.
    pub record_bytes: usize,
    /// Windows of packets, of 1 MiB each, that several threads read while they reassemble as many
    /// before; then all wait for one another. Over a GiB, two threads took 5 % longer with 3 than
    /// with 4, and no less with 6.
    pub windows_ahead: usize,
    /// Bytes held per direction while an earlier segment is missing. Two full
    /// receive windows without window scaling.
    pub pending_bytes: usize,
    /// Segments held per direction while an earlier one is missing, so that
    /// one-byte segments cannot cost more than their bytes.
    pub pending_segments: usize,
    /// Bytes of memory for the TCP connections that are watched, about. Past it those
    /// that were closed are concluded, then those that have been silent longest. A silent
    /// connection takes 568 bytes, a handshake with certificates 2 to 15 kB (those in `samples/`;
    /// 6.5 kB in the middle): room for some 29,000 of the one or 2,500 of the other at the same time.
    pub flow_bytes: usize,
    /// TCP connections that were closed and are watched on, for what comes late. Past it
    /// those that have been silent for longest are concluded. Watching them costs time more
    /// than memory: what is in no cache any more has to be fetched to be concluded (twice as
    /// many: a tenth more for a capture of many small flows; half as many: no less).
    pub closed_flows: usize,
    /// TLS connections of a run that are held to be judged together. What comes behind
    /// is judged with what is known until then.
    pub held_connections: usize,
    /// TLS connections that a report lists when there are more than are held together.
    pub listed_connections: usize,
    /// Handshake bytes kept per direction: certificate lists of several hundred
    /// kilobytes exist; RFC 8446 allows 16 MiB per message.
    pub handshake_bytes: usize,
    /// Handshake messages kept per direction; renegotiating clients repeat them.
    pub handshake_messages: usize,
    /// Encrypted records whose lengths are kept per direction: enough to tell the
    /// flights of TLS 1.3 apart.
    pub encrypted_records: usize,
    /// Encrypted records kept per direction where a key log may open them: a
    /// certificate list of 100 kB in records of 512 bytes, and what follows it.
    pub kept_records: usize,
    /// Bytes of a direction searched for a first TLS record (STARTTLS, proxies).
    pub search_bytes: usize,
    /// Certificates looked at per list.
    pub certificates: usize,
    /// Layers of encapsulation followed in one packet.
    pub encapsulations: usize,
    /// Datagrams put together from fragments at the same time.
    pub fragmented_datagrams: usize,
    /// Members of an archive looked at.
    pub archive_members: usize,
    /// Archives inside an archive: those of a cluster's peers are sent as one.
    pub archive_nesting: usize,
    /// Bytes of an archive once unpacked; a diagnostic archive holds 20 captures of
    /// 20 MB for each of a few interfaces.
    pub archive_bytes: u64,
    /// Bytes of a zip archive that lies in another archive: it is copied to disk to be read.
    pub spooled_bytes: u64,
    /// Hosts of which an archive may hold files; a cluster has at most six peers.
    pub archive_hosts: usize,
    /// Bytes read of the text members (trust list, certificates, configuration, status)
    /// of one host; real ones have a few megabytes together.
    pub archive_text_bytes: u64,
    /// Names of DNS answers remembered, each for one host and address.
    pub looked_up_names: usize,
    /// Settings, or status values, kept of one dump: 1,000 zones of 100 settings each and
    /// as much again for everything else.
    pub settings: usize,
    /// Bytes kept of one setting; the longest documented value has 2,048.
    pub setting_bytes: usize,
    /// Bytes of a log line that are read. SIP messages are logged whole; what says
    /// something about TLS stands in front.
    pub log_line_bytes: usize,
    /// Log lines kept with what they say: so many of failures, and so many of ordinary
    /// requests and stages, which must not push failures out.
    pub log_lines: usize,
    /// Problems and anomalies told one by one; the rest are counted.
    pub notes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record_bytes: 16 * 1024 * 1024,
            windows_ahead: 4,
            pending_bytes: 256 * 1024,
            pending_segments: 4096,
            flow_bytes: 16 << 20,
            closed_flows: 4096,
            held_connections: 2048,
            listed_connections: 1000,
            handshake_bytes: 2 * 1024 * 1024,
            handshake_messages: 128,
            encrypted_records: 16,
            kept_records: 256,
            search_bytes: 64 * 1024,
            certificates: 100,
            encapsulations: 8,
            fragmented_datagrams: 1024,
            archive_members: 10_000,
            archive_nesting: 2,
            archive_bytes: 64 << 30,
            spooled_bytes: 1 << 30,
            archive_hosts: 16,
            archive_text_bytes: 32 * 1024 * 1024,
            looked_up_names: 65_536,
            settings: 200_000,
            setting_bytes: 4096,
            log_line_bytes: 64 * 1024,
            log_lines: 50_000,
            notes: 32,
        }
    }
}
