//! One capture through the packet leg: windows of chunks, then shards of flows.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::config::{Config, Source};
use super::decoded::{DecodedChunk, Decoding};
use super::group::{Group, SHARDS, Sharing};
use super::names::LookedUp;
use super::shard::{Finished, Shard, Turn, With};
use super::window::{Room, Window};
use crate::capture::{CaptureError, CaptureReader, Input, archive};
use crate::connection::{LedgerClass, Missed, Observed};
use crate::limits::Limits;
use crate::packet::{Datagram, Decoded, Defragmenter, Segment, Skipped};
use crate::report::{CaptureReport, LimitHit};
use crate::tls::KeyLog;

/// TLS connections with their stream numbers. Boxed: sorting moves them about.
pub(super) type Several = Vec<(u64, Box<Observed>)>;

/// Takes connections that are over while the capture is read; may look at the names that were
/// looked up so far; gives whether to go on reading.
pub(super) type Take<'e> = &'e mut (dyn FnMut(Several, &mut LookedUp) -> bool + Send);

/// What came of one capture.
pub(super) struct Outcome {
    /// Its part of the report.
    pub(super) capture: CaptureReport,
    /// Connections that came to no TLS though a service was wanted, with their stream numbers.
    pub(super) missed: Vec<(u64, Missed)>,
    /// Names that hosts looked up.
    pub(super) names: LookedUp,
}

/// Reads one capture, and hands its TLS connections to `take` as they are over.
pub(super) fn run(source: Source, config: &Config, take: Take<'_>) -> Outcome {
    let mut engine = Engine::new(config, take);
    engine.source(source);
    engine.finish()
}

fn open(path: &Path, limits: &Limits) -> Result<CaptureReader<'static>, CaptureError> {
    CaptureReader::new(Input::open(path)?, limits)
}

struct Engine<'l, 'e> {
    take: Take<'e>,
    limits: &'l Limits,
    /// Secrets given, and those found in the capture so far.
    keys: Arc<KeyLog>,
    ignore_embedded_keys: bool,
    shards: Vec<Shard>,
    decoding: Decoding,
    defragmenter: Defragmenter,
    rooms: [Room; 2],
    capture: CaptureReport,
    missed: Vec<(u64, Missed)>,
    /// Handshakes of which not all was read.
    large: u64,
    /// Nobody wants more.
    stopped: bool,
    /// Last whole frames of files that are cut.
    cuts: Vec<u64>,
    names: LookedUp,
    /// Frames before this window, and before the one before it.
    window_began: u64,
    settled: u64,
}

impl<'l, 'e> Engine<'l, 'e> {
    fn new(config: &'l Config, take: Take<'e>) -> Self {
        let limits = &config.limits;
        let threads = rayon::current_num_threads();
        let windows = if threads > 1 { limits.windows_ahead.max(1) } else { 1 };
        let sharing = Sharing::among(threads);
        Self {
            take,
            limits,
            keys: Arc::clone(&config.keys),
            ignore_embedded_keys: config.ignore_embedded_keys,
            shards: (0..SHARDS).map(|_| Shard::new()).collect(),
            decoding: Decoding { encapsulations: limits.encapsulations, sharing },
            defragmenter: Defragmenter::new(limits.fragmented_datagrams),
            rooms: std::array::from_fn(|_| Room::of(windows)),
            capture: CaptureReport::default(),
            missed: Vec::new(),
            large: 0,
            stopped: false,
            cuts: Vec::new(),
            names: LookedUp::default(),
            window_began: 0,
            settled: 0,
        }
    }

    /// Reads a source; what lies beside a capture does not matter here.
    fn source(&mut self, source: Source) {
        self.capture.container = source.container();
        match source {
            Source::Files(paths) => {
                for path in paths {
                    let name = path.display().to_string();
                    self.file(&name, open(&path, self.limits));
                }
            }
            Source::Members { archive, members, .. } => self.members(&archive, &members),
            Source::Beside { capture: Some(capture), .. } => self.source(*capture),
            Source::Beside { appliance, capture: None } => {
                self.capture.name = appliance.archive.clone();
            }
            Source::Trouble { name, error } => {
                self.capture.name = Some(name.clone());
                self.capture.errors.push(format!("{name}: {error}"));
            }
            Source::Stream { name, bytes } => {
                let reader = Input::from_reader(bytes)
                    .and_then(|input| CaptureReader::new(input, self.limits));
                self.file(&name, reader);
            }
        }
    }

    /// Reads one file behind the ones before it.
    fn file(&mut self, name: &str, reader: Result<CaptureReader<'_>, CaptureError>) {
        match reader {
            Ok(reader) => self.read(name, reader),
            Err(error) => {
                let unreadable = super::unreadable(name, &error);
                self.capture.files.extend(unreadable.files);
                self.capture.errors.extend(unreadable.errors);
            }
        }
    }

    /// Reads members of an archive in the order of `members`. Each pass over the
    /// archive goes on as long as the next member lies behind the last one.
    fn members(&mut self, archive: &Path, members: &[(usize, String)]) {
        let mut rest = members;
        while let Some(((first, name), _)) = rest.split_first() {
            let ascending = rest.windows(2).take_while(|pair| pair[0].0 < pair[1].0).count() + 1;
            let (run, behind) = rest.split_at(ascending);
            let before = self.capture.files.len();
            let names: HashMap<usize, &String> = run.iter().map(|(at, name)| (*at, name)).collect();
            let limits = self.limits;
            let read = archive::visit(archive, limits, &mut |member| {
                if let Some(name) = names.get(&member.index) {
                    self.file(name, member.input().and_then(|i| CaptureReader::new(i, limits)));
                }
                self.capture.files.len() - before < run.len()
            });
            if let Err(error) = read {
                let trouble = super::unreadable(&archive.display().to_string(), &error);
                let known = |error: &String| self.capture.errors.contains(error);
                let new: Vec<String> =
                    trouble.errors.into_iter().filter(|error| !known(error)).collect();
                self.capture.errors.extend(new);
                // What cannot be read of the archive may be something else.
                if self.capture.files.len() - before < run.len() {
                    return;
                }
            }
            debug_assert!(names.contains_key(first), "{name} is in its own run");
            rest = behind;
        }
    }

    fn read(&mut self, name: &str, mut reader: CaptureReader<'_>) {
        let frames_before = self.capture.frames;
        reader.number_from(frames_before);
        if self.capture.format.is_empty() {
            let packed = reader.compression().map(|packed| format!(" ({})", packed.name()));
            self.capture.format =
                format!("{}{}", reader.format().name(), packed.unwrap_or_default());
        }
        reader.keep_secrets(!self.ignore_embedded_keys);
        let decoding = self.decoding;
        if let Some(mut blocks) = reader.blocks() {
            let mut frames = frames_before;
            self.windows(|room| {
                let windows = Window::of_blocks(&mut blocks, room, frames, decoding)?;
                frames += windows.iter().map(Window::frames).sum::<u64>();
                Some(windows)
            });
            reader.go_on_behind(&blocks, frames - frames_before);
        }
        self.windows(|room| Window::of_stream(&mut reader, room, decoding));
        // Secrets may stand behind the last packet.
        self.add_keys(reader.take_secrets());
        let file = self.capture.files.len();
        let (problems, untold) = reader.problems();
        self.capture.problems.extend(problems.iter().map(|problem| (file, problem.clone())));
        self.capture.untold_problems += untold;
        self.cuts.extend(reader.cut_behind());
        self.capture.frames = reader.frames();
        self.capture.bytes += reader.offset();
        self.capture.files.push((name.to_owned(), reader.frames() - frames_before));
    }

    /// Handles the windows that `read` gives: some while the next ones are read, or with one
    /// thread each as soon as it is there, while its bytes are near.
    fn windows(&mut self, mut read: impl for<'c> FnMut(&'c mut Room) -> Option<Vec<Window<'c>>>) {
        let [mut one, mut other] = std::mem::take(&mut self.rooms);
        let together = rayon::current_num_threads() > 1;
        let mut windows = read(&mut one);
        while let Some(these) = windows.take().filter(|_| !self.stopped) {
            if !together {
                self.several(these);
                windows = read(&mut one);
                continue;
            }
            let next = self.several_while(these, || read(&mut other));
            windows = next.and_then(|next| self.several_while(next, || read(&mut one)));
        }
        self.rooms = [one, other];
    }

    /// Handles windows while `read` reads the next ones.
    fn several_while<'c>(
        &mut self,
        windows: Vec<Window<'_>>,
        read: impl FnOnce() -> Option<Vec<Window<'c>>>,
    ) -> Option<Vec<Window<'c>>> {
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| self.several(windows));
            read()
        })
    }

    fn several(&mut self, windows: Vec<Window<'_>>) {
        windows.into_iter().for_each(|window| self.window(window));
    }

    /// Secrets that stand in the capture: some programs write them before the
    /// packets, some as soon as they know them.
    fn add_keys(&mut self, secrets: Vec<Vec<u8>>) {
        if secrets.is_empty() {
            return;
        }
        let keys = Arc::make_mut(&mut self.keys);
        keys.expect_more();
        for text in secrets {
            keys.add(&text);
        }
    }

    /// Reassembles the flows of decoded chunks, the shards in parallel.
    fn window(&mut self, Window { decoded, secrets }: Window<'_>) {
        self.add_keys(secrets);
        if decoded.is_empty() || self.stopped {
            return;
        }
        let began = decoded.first().map_or(self.window_began, DecodedChunk::frames_before);
        self.settled = std::mem::replace(&mut self.window_began, began);
        let datagrams = self.join_fragments(&decoded);
        let joined = self.decode_datagrams(&datagrams);
        // Shadowed: now it also borrows from the datagrams.
        let mut decoded = decoded;
        if !joined.is_empty() {
            decoded.iter_mut().for_each(|chunk| chunk.add_joined(&joined));
        }
        self.count_skipped(&mut decoded);
        for answer in decoded.iter_mut().flat_map(|chunk| chunk.answers.drain(..)) {
            self.names.add(answer, self.limits.looked_up_names);
        }
        let with = With { limits: self.limits, keys: &self.keys };
        let groups = self.shards.par_chunks_mut(self.decoding.sharing.together()).enumerate();
        groups.with_max_len(1).for_each(|(index, shards)| {
            let mut group = Group::new(index, shards, with);
            decoded.iter().for_each(|chunk| chunk.give(&mut group));
        });
        self.number_streams();
        self.relieve();
        self.hand_on();
    }

    /// Concludes flows when they use more memory than they may, or too many are closed. This
    /// is decided between windows and over all shards, so that it does not depend on threads.
    fn relieve(&mut self) {
        let mut bytes: usize = self.shards.iter().map(|shard| shard.bytes).sum();
        let mut closed: usize = self.shards.iter().map(|shard| shard.closed).sum();
        let too_large = bytes > self.limits.flow_bytes;
        if !too_large && closed <= self.limits.closed_flows {
            return;
        }
        let mut turns: Vec<(Turn, usize)> =
            self.shards.iter().flat_map(|shard| shard.turns(too_large)).collect();
        turns.sort_unstable_by_key(|(turn, _)| *turn);
        // Looking for turns costs as much as what it frees, so flows that were closed a while
        // ago go in large numbers; others stay while they can.
        let Limits { flow_bytes, closed_flows, .. } = *self.limits;
        let over = turns.iter().take_while(|(turn, weight)| {
            let settled = !turn.is_open() && turn.last_frame() <= self.settled;
            let room = flow_bytes / 4 * if settled { 1 } else { 3 };
            let goes = too_large && bytes > room || settled && closed > closed_flows / 4;
            bytes = bytes.saturating_sub(*weight);
            closed = closed.saturating_sub(1);
            goes
        });
        let Some(upto) = over.last().map(|(turn, _)| *turn) else { return };
        let with = With { limits: self.limits, keys: &self.keys };
        self.shards.par_iter_mut().for_each(|shard| shard.relieve(upto, with));
    }

    /// Hands on the connections that are over.
    fn hand_on(&mut self) {
        let mut several = self.collect_finished();
        for (_, observed) in &mut several {
            if self.cuts.contains(&observed.last.frame) {
                observed.cut_off();
            }
        }
        self.stopped |= !(self.take)(several, &mut self.names);
    }

    fn join_fragments(&mut self, decoded: &[DecodedChunk<'_>]) -> Vec<Datagram> {
        decoded
            .iter()
            .flat_map(|chunk| &chunk.fragments)
            .filter_map(|fragment| self.defragmenter.push(fragment))
            .collect()
    }

    fn decode_datagrams<'d>(&mut self, datagrams: &'d [Datagram]) -> Vec<Segment<'d>> {
        let mut segments = Vec::new();
        for datagram in datagrams {
            match datagram.decode(self.limits.encapsulations) {
                Decoded::Tcp(segment) => segments.push(segment),
                Decoded::Skipped(reason) => *self.capture.skipped.entry(reason).or_default() += 1,
                Decoded::Dns(answer) => {
                    self.names.add(answer, self.limits.looked_up_names);
                    *self.capture.skipped.entry(Skipped::NotTcp).or_default() += 1;
                }
                // A fragment of a datagram that was itself fragmented further out.
                Decoded::Fragment(_) => {
                    *self.capture.skipped.entry(Skipped::TooDeep).or_default() += 1;
                }
            }
        }
        segments
    }

    fn count_skipped(&mut self, decoded: &mut [DecodedChunk<'_>]) {
        for chunk in decoded {
            for (reason, count) in std::mem::take(&mut chunk.skipped) {
                *self.capture.skipped.entry(reason).or_default() += count;
            }
        }
    }

    /// Numbers the flows that began in this window by their first frames, as
    /// Wireshark does.
    fn number_streams(&mut self) {
        let before = self.capture.tcp_connections;
        let mut born: Vec<u64> = self.shards.iter().flat_map(Shard::born).collect();
        if born.is_empty() {
            return;
        }
        born.sort_unstable();
        self.shards.par_iter_mut().for_each(|shard| {
            shard.number(|first| born.binary_search(&first).ok().map(|at| before + at as u64));
        });
        self.capture.tcp_connections += born.len() as u64;
    }

    /// Takes what is over from the shards, and counts it; gives the TLS connections.
    fn collect_finished(&mut self) -> Several {
        let mut several = Several::new();
        for shard in &mut self.shards {
            for Finished { stream, result, missed, .. } in std::mem::take(&mut shard.finished) {
                let stream = stream.unwrap_or_default();
                self.missed.extend(missed.map(|missed| (stream, *missed)));
                let class = match result {
                    Ok(observed) => {
                        let class = observed.ledger;
                        self.large += u64::from(observed.handshake.limit_hit);
                        several.push((stream, observed));
                        class
                    }
                    Err(class) => {
                        let told = matches!(class, LedgerClass::NotTls | LedgerClass::NoPayload);
                        self.capture.unidentified += u64::from(!told);
                        class
                    }
                };
                *self.capture.ledger.entry(class).or_default() += 1;
            }
        }
        several
    }

    fn finish(mut self) -> Outcome {
        let with = With { limits: self.limits, keys: &self.keys };
        self.shards.par_iter_mut().for_each(|shard| shard.finish_all(with));
        self.hand_on();
        self.missed.sort_by_key(|(stream, _)| *stream);
        self.note_limits();
        Outcome { capture: self.capture, missed: self.missed, names: self.names }
    }

    fn note_limits(&mut self) {
        let evicted = self.shards.iter().map(|shard| shard.evicted).sum();
        let hits = [
            LimitHit {
                limit: "flow_bytes",
                times: evicted,
                effect: "connections silent for long were taken for over",
            },
            LimitHit {
                limit: "looked_up_names",
                times: self.names.left_out(),
                effect: "names that hosts looked up in the DNS were not kept",
            },
            LimitHit {
                limit: "fragmented_datagrams",
                times: self.defragmenter.given_up(),
                effect: "IP datagrams in fragments were dropped",
            },
            LimitHit {
                limit: "handshake_bytes",
                times: self.large,
                effect: "the rest of these handshakes was not read",
            },
        ];
        self.capture.limits_hit = hits.into_iter().filter(|hit| hit.times > 0).collect();
    }
}
