//! Where judged connections go while a run lasts.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use crate::report::certificates::Collection;
use crate::report::json::{Entries, Growing, Renderer};
use crate::report::{Judged, Origin, Report};

/// Takes judged connections as they come: capture by capture, by stream number within
/// those that were judged together.
pub trait Sink: Send {
    /// Takes connections of the capture that lies at `origin`.
    ///
    /// # Errors
    /// Where they cannot be taken; the run ends then.
    fn take(&mut self, origin: &Origin, judged: &[Judged]) -> io::Result<()>;
}

/// Takes nothing: what the report lists is enough.
impl Sink for () {
    fn take(&mut self, _: &Origin, _: &[Judged]) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Collection {
    fn take(&mut self, _: &Origin, judged: &[Judged]) -> io::Result<()> {
        judged.iter().for_each(|judged| self.add(judged));
        Ok(())
    }
}

/// Connections rendered by one thread at a time.
const BLOCK: usize = 32;
/// Blocks in memory before they are written, for each thread: so that no thread waits long
/// for another, and the memory is taken again while it is near.
const BLOCKS: usize = 2;
/// Bytes of a block that is worth keeping: a line has 14 KB, one made to be long many more.
const USUAL: usize = 2 << 20;

/// Writes each connection as a line of JSON.
pub struct Lines<'o, W> {
    out: &'o mut W,
    renderers: Renderers,
}

/// Writes connections into a JSON document, in which what the whole run comes to stands
/// behind them.
pub struct Document<'o, W> {
    growing: Growing<'o, W>,
    renderers: Renderers<Entries>,
}

/// What connections are rendered into, several at a time.
pub trait Rendered: Default + Send {
    /// Adds connections of the capture that lies at `origin`.
    fn add(&mut self, origin: &Origin, judged: &[Judged], renderer: &mut Renderer);
    /// Forgets them, but keeps the memory for others.
    fn clear(&mut self);
    /// The bytes of memory that it takes.
    fn memory(&self) -> usize;
}

/// Lines.
impl Rendered for Vec<u8> {
    fn add(&mut self, origin: &Origin, judged: &[Judged], renderer: &mut Renderer) {
        judged.iter().for_each(|judged| renderer.line(origin, judged, self));
    }

    fn clear(&mut self) {
        self.clear();
    }

    fn memory(&self) -> usize {
        self.capacity()
    }
}

impl Rendered for Entries {
    fn add(&mut self, _: &Origin, judged: &[Judged], renderer: &mut Renderer) {
        judged.iter().for_each(|judged| renderer.entry(judged, self));
    }

    fn clear(&mut self) {
        self.clear();
    }

    fn memory(&self) -> usize {
        self.memory()
    }
}

/// One renderer for each thread; each remembers what it has rendered. A copy means the
/// same ones.
#[derive(Clone, Default)]
pub struct Renderers<B = Vec<u8>>(Arc<Mutex<Shelf<B>>>);

/// What is not in use: renderers, and memory for blocks, which is faster to take again than
/// to ask for anew.
#[derive(Default)]
struct Shelf<B> {
    first: Renderer,
    renderers: Vec<Renderer>,
    blocks: Vec<B>,
}

impl<'o, W: Write> Lines<'o, W> {
    /// Writes to `out`.
    pub fn new(out: &'o mut W) -> Self {
        Self::with(out, Renderers::default())
    }

    /// Writes to `out` by `renderers`, which have rendered connections before.
    pub const fn with(out: &'o mut W, renderers: Renderers) -> Self {
        Self { out, renderers }
    }
}

impl<'o, W: Write> Document<'o, W> {
    /// Begins it.
    ///
    /// # Errors
    /// What the writer says.
    pub fn begin(out: &'o mut W) -> io::Result<Self> {
        Ok(Self { growing: Growing::begin(out)?, renderers: Renderers::default() })
    }

    /// Ends it with what the run came to.
    ///
    /// # Errors
    /// What the writer says, and where a temporary file cannot be read or written.
    pub fn end(self, report: &Report) -> io::Result<()> {
        self.growing.end(report)
    }
}

impl<B: Rendered> Renderers<B> {
    /// Renders connections block by block, and has them written in order while the next ones
    /// are rendered: the operating system takes a fifth of the time of lines for that.
    fn each(
        &self,
        (origin, judged): (&Origin, &[Judged]),
        mut write: impl FnMut(&B) -> io::Result<()> + Send,
    ) -> io::Result<()> {
        let mut ready = Vec::new();
        for group in judged.chunks(BLOCK * BLOCKS * rayon::current_num_threads()) {
            let (written, blocks) = rayon::join(
                || self.write(std::mem::take(&mut ready), &mut write),
                || {
                    group
                        .par_chunks(BLOCK)
                        .with_max_len(1)
                        .map(|block| self.render(origin, block))
                        .collect()
                },
            );
            written?;
            ready = blocks;
        }
        self.write(ready, &mut write)
    }

    fn render(&self, origin: &Origin, judged: &[Judged]) -> B {
        let mut shelf = self.shelf();
        let mut renderer = shelf.renderers.pop().unwrap_or_else(|| shelf.first.sharing());
        let mut block = shelf.blocks.pop().unwrap_or_default();
        drop(shelf);
        block.clear();
        block.add(origin, judged, &mut renderer);
        self.shelf().renderers.push(renderer);
        block
    }

    fn write(
        &self,
        blocks: Vec<B>,
        write: &mut impl FnMut(&B) -> io::Result<()>,
    ) -> io::Result<()> {
        blocks.iter().try_for_each(write)?;
        let usual = blocks.into_iter().filter(|block| block.memory() <= USUAL);
        self.shelf().blocks.extend(usual);
        Ok(())
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf<B>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write + Send> Sink for Lines<'_, W> {
    fn take(&mut self, origin: &Origin, judged: &[Judged]) -> io::Result<()> {
        self.renderers.each((origin, judged), |lines| self.out.write_all(lines))
    }
}

impl<W: Write + Send> Sink for Document<'_, W> {
    fn take(&mut self, origin: &Origin, judged: &[Judged]) -> io::Result<()> {
        self.renderers.each((origin, judged), |entries| self.growing.add(entries))
    }
}
