//! The command `tlsight`: arguments and exit codes; everything else is the library.

mod cli;

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A handshake is some hundred small allocations. With the allocator of glibc 2.36 the same
/// captures took this much more CPU time: a quarter of a GiB of handshakes 50 %, 2 million
/// half-open connections 45 %, tiny packets of very many flows 20 %.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
