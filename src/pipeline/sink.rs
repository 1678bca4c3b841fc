//! Where judged connections go while a run lasts.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use crate::report::certificates::Collection;
use crate::report::json::{Renderer, Spool};
use crate::report::{Judged, Origin};

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

impl Sink for Spool {
    fn take(&mut self, _: &Origin, judged: &[Judged]) -> io::Result<()> {
        self.add(judged)
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

/// One renderer for each thread; each remembers what it has rendered. A copy means the
/// same ones.
#[derive(Clone, Default)]
pub struct Renderers(Arc<Mutex<Shelf>>);

/// What is not in use: renderers, and memory for blocks, which is faster to take again than
/// to ask for anew.
#[derive(Default)]
struct Shelf {
    first: Renderer,
    renderers: Vec<Renderer>,
    blocks: Vec<Vec<u8>>,
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

impl Renderers {
    fn render(&self, origin: &Origin, block: &[Judged]) -> Vec<u8> {
        let mut shelf = self.shelf();
        let mut renderer = shelf.renderers.pop().unwrap_or_else(|| shelf.first.sharing());
        let mut lines = shelf.blocks.pop().unwrap_or_default();
        drop(shelf);
        lines.clear();
        block.iter().for_each(|judged| renderer.line(origin, judged, &mut lines));
        self.shelf().renderers.push(renderer);
        lines
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write> Lines<'_, W> {
    fn write(&mut self, blocks: Vec<Vec<u8>>) -> io::Result<()> {
        blocks.iter().try_for_each(|block| self.out.write_all(block))?;
        let usual = blocks.into_iter().filter(|block| block.capacity() <= USUAL);
        self.renderers.shelf().blocks.extend(usual);
        Ok(())
    }
}

impl<W: Write + Send> Sink for Lines<'_, W> {
    /// Lines are written while the next ones are rendered: the operating system takes a fifth
    /// of the time for them.
    fn take(&mut self, origin: &Origin, judged: &[Judged]) -> io::Result<()> {
        let renderers = self.renderers.clone();
        let render = |block| renderers.render(origin, block);
        let mut ready = Vec::new();
        for group in judged.chunks(BLOCK * BLOCKS * rayon::current_num_threads()) {
            let (written, blocks) = rayon::join(
                || self.write(std::mem::take(&mut ready)),
                || group.par_chunks(BLOCK).map(render).collect(),
            );
            written?;
            ready = blocks;
        }
        self.write(ready)
    }
}
