//! Where judged connections go while a run lasts.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::report::Judged;
use crate::report::certificates::Collection;
use crate::report::json::{Renderer, Spool};

/// Takes judged connections as they come: capture by capture, by stream number within
/// those that were judged together.
pub trait Sink: Send {
    /// Takes connections of the capture named `file`.
    ///
    /// # Errors
    /// Where they cannot be taken; the run ends then.
    fn take(&mut self, file: &str, judged: &[Judged]) -> io::Result<()>;
}

/// Takes nothing: what the report lists is enough.
impl Sink for () {
    fn take(&mut self, _: &str, _: &[Judged]) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Collection {
    fn take(&mut self, _: &str, judged: &[Judged]) -> io::Result<()> {
        judged.iter().for_each(|judged| self.add(judged));
        Ok(())
    }
}

impl Sink for Spool {
    fn take(&mut self, _: &str, judged: &[Judged]) -> io::Result<()> {
        self.add(judged)
    }
}

/// Connections rendered by one thread at a time.
const BLOCK: usize = 32;

/// Writes each connection as a line of JSON.
pub struct Lines<'o, W> {
    out: &'o mut W,
    renderers: Renderers,
}

/// One renderer for each thread; each remembers what it has rendered. A copy means the
/// same ones.
#[derive(Clone, Default)]
pub struct Renderers(Arc<Mutex<Vec<Renderer>>>);

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
    fn render(&self, file: &str, block: &[Judged]) -> Vec<u8> {
        let shelf = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut renderer = shelf().pop().unwrap_or_default();
        let mut lines = Vec::with_capacity(block.len() << 14);
        block.iter().for_each(|judged| renderer.line(file, judged, &mut lines));
        shelf().push(renderer);
        lines
    }
}

impl<W: Write + Send> Sink for Lines<'_, W> {
    fn take(&mut self, file: &str, judged: &[Judged]) -> io::Result<()> {
        let renderers = &self.renderers;
        let render = |block| renderers.render(file, block);
        let blocks: Vec<Vec<u8>> = judged.par_chunks(BLOCK).map(render).collect();
        blocks.iter().try_for_each(|block| self.out.write_all(block))
    }
}
