//! `tlsight` reads packet captures and says why a TLS handshake failed: which
//! certificate was shown, which cipher suite and signature algorithm led to it,
//! which trust anchor is missing, who refused whom, and what to do about it. It is
//! made for engineers who look into Cisco Expressway Mobile and Remote Access (MRA),
//! and is a plain, honest TLS handshake reader for any capture.
//!
//! This page is the manual of the house: what the rooms are, what passes between
//! them, and what holds everywhere.
//!
//! # The picture
//!
//! ```text
//! bytes of the capture                       bytes of certificates
//!       capture      files -> Frame                 x509     DER -> Certificate
//!          |                                           |
//!       packet       Frame -> Segment               trust    Certificates + anchors -> PathValidation
//!          |                                           |
//!        flow        Segment -> StreamEvent            |
//!          |                                           |
//!         tls        StreamEvent -> Handshake          |
//!          \____________________   ____________________/
//!                              connection     what was seen of one TCP connection, joined
//!                                  |
//!                              expressway     archive, settings, log; who is who: Leg, Appliance
//!                                  |
//!                                rules        Connection -> Finding, Verdict
//!                                  |
//!                              foresight      Connection + Change -> Prediction
//!                                  |
//!                                report       Report -> table, JSON, one handshake in full
//!                                  |
//!                               pipeline      runs the rooms; the only place with threads
//!                                  |
//!                              cli, main      arguments, exit codes (in the binary)
//! ```
//!
//! Data goes down; imports go up: a room may name rooms above it, never one below,
//! and `tests/house.rs` says so when one does. The packet leg never hears of
//! certificates, the certificate leg never hears of packets; they meet in one noun,
//! [`connection::Connection`]. Under both legs lie the floor stones: [`wire`] (a
//! reader that cannot run past its end, text made safe to print), [`time`] and
//! [`limits`].
//!
//! # What passes between rooms
//!
//! | from | to | type | says |
//! |---|---|---|---|
//! | capture | packet | [`capture::Frame`] | number as Wireshark counts it, time, link type, lengths, data |
//! | packet | flow | [`packet::Segment`] | the two ends, direction, sequence number, control bits, payload |
//! | flow | tls | [`flow::StreamEvent`] | bytes in order with their frame, or a gap with its size and cause |
//! | tls | connection | [`tls::Handshake`] | everything both sides did, in order, with frame numbers |
//! | x509 | trust | [`x509::Certificate`] | parsed once per distinct DER |
//! | trust | connection | [`trust::PathValidation`] | the path, or the failure in OpenSSL's words with depth |
//! | connection | rules | [`connection::Connection`] | everything seen, nothing judged |
//! | expressway | rules | [`expressway::Leg`], [`expressway::Appliance`] | who the ends are; what an archive tells of one box |
//! | rules | report | [`rules::Finding`], [`rules::Verdict`] | severity, sentence with values, evidence, remedy |
//! | foresight | report | [`foresight::Outlook`] | what a change does to each connection, known or not, with what it rests on |
//! | pipeline | report | [`report::Report`] | one value; every renderer reads only this |
//!
//! # What holds everywhere
//!
//! - **Facts and judgements are separate.** Decoders record; "weak", "missing" and
//!   "wrong" are said in [`rules`] only.
//! - **Conclusions are marked.** What the lengths of encrypted records tell under TLS
//!   1.3 is a [`connection::Inference`] with its confidence and reason, beside the
//!   facts, never among them.
//! - **Every fact knows its frame**, and stream and frame numbers equal Wireshark's
//!   for a single file, because the engineer's next step is to open it there.
//! - **Same bytes out** for any number of threads and any size of buffer.
//! - **No clock.** Certificates are judged at the time of the capture. Files, threads
//!   and the environment are touched in [`capture`] (opening), [`pipeline`] and the
//!   command line only.
//! - **Nothing is silent.** Every TCP connection ends in exactly one class of the
//!   ledger ([`connection::LedgerClass`]); what was not judged says why
//!   ([`connection::NotJudged`]); a limit that was reached is in the report.
//! - **Hostile input is the normal case.** No `unsafe`, no panic, no memory that grows
//!   with what a stranger's length field claims: the bounds of a run stand in
//!   [`limits::Limits`] with their reasons, those of one room beside their use. Text from
//!   the wire reaches a terminal through [`wire::text`] only.
//! - **Memory does not grow with the capture.** Flows have a budget of bytes; past it
//!   those that are closed are concluded, then the silent ones. TLS connections are held
//!   to be judged together; past [`limits::Limits::held_connections`] those that are there
//!   are judged with what is known, handed to the [`pipeline::Sink`], and forgotten but for
//!   a few that the report lists. Which flows and which connections is decided between
//!   windows of the capture, never by threads.
//! - **Three words for trouble**: an error (the program could not do what was asked),
//!   an anomaly (the bytes disagreed with a protocol: recorded, and read on), a
//!   finding (a rule's judgement).
//!
//! The libraries of the field each work in one room and do not leak out of it:
//! `pcap-parser`, `tar` and `zip` in [`capture`], `etherparse` in [`packet`], `tls-parser` in
//! [`tls`], `x509-parser` in [`x509`], `quick-xml` in [`expressway`], `aws-lc-rs` where
//! signatures and digests are computed, `csv` in [`report`], `rayon` in [`pipeline`] and in
//! the program, which sets how many threads there are. Where one of them loses data, the
//! missing piece is written beside its use, with the reason.
//!
//! # At the speed of reading
//!
//! A capture passes through [`pipeline`] window by window, each in two phases. In the first,
//! chunks are read and every frame is looked at by the thread that read it, while its bytes
//! are near; of a usual frame a few numbers are kept, in a list for each group of flows. In the
//! second, flows are put in order and read, each group by one thread and in the order of the
//! file, so that threads cannot change a result; the next windows are read at the same time,
//! which also gives packed files a second thread. Blocks of a large classic pcap file are read
//! at the same time ([`capture::Blocks`]: where one begins is guessed, and proven before it
//! counts); pcapng, packed files and streams are read record by record and pass through the same
//! phases.
//! Certificates, chains, names and what is written of them are worked out once and known
//! again by their bytes.
//!
//! # Many files
//!
//! [`pipeline::scan`] walks trees and makes a report of its own of every file, many at a
//! time and in order; a [`pipeline::Session`] remembers certificates and answers from file
//! to file; [`report::fleet`] adds the reports up. What of a report is wanted is decided in
//! one place, [`report::Wanted`], before anything is written or counted.
//!
//! # Where to make a change
//!
//! - A new rule: one value in the file of its family in `src/rules/`; the registry,
//!   `tlsight rules`, `tlsight explain` and the tests over all rules follow from it.
//! - A new link layer or tunnel: `src/packet/link.rs`, `wireless.rs` or `tunnel.rs`.
//! - A new line of Expressway's log: the file of its program in `src/expressway/log/`,
//!   and the words it is found by in `reader.rs` there.
//! - A new member of a diagnostic archive: `src/expressway/bundle.rs`.
//! - Who a host is, by ports and names: `src/expressway/deployment.rs`.
//! - A cipher string that a new document of the vendor names: one value in
//!   `src/expressway/known_cipher_lists.rs`.
//! - How another product chooses its certificate: one row in `src/foresight/products.rs`.
//! - Another change for `tlsight whatif`: a variant in `src/foresight/change.rs`.
//! - A new name of a protocol number: the dated table in `src/tls/names/data/`.
//! - Something else that `tlsight diff` shall compare: one aspect and its fact in
//!   `src/report/diff/`; the text, the document and the tests over all samples follow.
//! - A new field of the JSON document: `src/report/json/`, and docs/json.md.
//!
//! # As a library
//!
//! ```
//! use tlsight::pipeline::{Config, analyze, source_from_file};
//!
//! let source = source_from_file("samples/tls13-trusted.pcap".into());
//! let report = analyze(vec![source], &Config::default());
//! let connection = &report.connections[0].connection;
//! assert_eq!(connection.outcome.word(), "completed");
//! assert!(connection.handshake.is_tls13());
//! ```

pub mod capture;
pub mod connection;
pub mod expressway;
pub mod flow;
pub mod foresight;
pub mod limits;
pub mod packet;
pub mod pipeline;
pub mod report;
pub mod rules;
pub mod time;
pub mod tls;
pub mod trust;
pub mod wire;
pub mod x509;
