//! Writes a large capture and prints what is in it:
//!
//! ```sh
//! cargo run --release --example generate -- MIX SIZE FILE
//! ```
//!
//! MIX is `bulk`, `handshakes`, `small`, `messy` or `manyflows`; SIZE is `64M`, `1G` or, say,
//! `2000000flows`; the format is told by the end of FILE's name.

#![allow(clippy::print_stdout, reason = "a script reads the counts there")]

mod generator;

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::process::ExitCode;

use generator::{Format, Mix, Size, generate};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            println!("{trouble}\nusage: generate MIX SIZE FILE");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [mix, size, file] = words.as_slice() else { return Err("three words are needed".into()) };
    let (mix, size): (Mix, Size) = (mix.parse()?, size.parse()?);
    let path = PathBuf::from(file);
    let out = File::create(&path).map_err(|error| format!("{file}: {error}"))?;
    let truth = generate(mix, size, Format::of(&path), BufWriter::with_capacity(1 << 20, out))
        .map_err(|error| format!("{file}: {error}"))?;
    print!("{truth}");
    Ok(())
}
