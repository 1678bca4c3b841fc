//! Loading trust anchors, and all that certificates are judged with.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use tlsight::capture::Format;
use tlsight::expressway::Version;
use tlsight::limits::Limits;
use tlsight::pipeline::Config;
use tlsight::trust::{Store, StoreSemantics};

use super::args::{Keys, Trust};
use super::{Trouble, keylog, known, output};

/// The settings of a run that judges certificates, and decrypts with these keys; `version` is
/// that of the box named with --expressway.
pub(super) fn config(
    args: &Trust,
    version: Option<Version>,
    keys: &Keys,
) -> Result<Config, Trouble> {
    let semantics = args.judging.semantics();
    let config = Config {
        limits: Limits::default(),
        store: load(&args.trust, semantics, "--trust")?,
        peer_store: load(&args.peer_trust, semantics, "--peer-trust")?,
        judging: args.judging.settings(&args.expect_name),
        appliances: known::appliance(&args.known, version)?.into_iter().collect(),
        mapped: args.known.map.clone(),
        ..Config::default()
    };
    keylog::with(config, keys)
}

/// Reads the anchors of all `paths`, in order; `None` when no path was given.
pub(super) fn load(
    paths: &[PathBuf],
    semantics: StoreSemantics,
    flag: &str,
) -> Result<Option<Store>, Trouble> {
    if paths.is_empty() {
        return Ok(None);
    }
    let store = read(paths, semantics)?;
    for block in store.unreadable() {
        output::complain(&format!("{}, line {}: {}", block.source, block.line, block.reason));
    }
    if store.anchors().is_empty() {
        let nothing = nothing_in(paths);
        return Err(format!("{nothing}; give certificates (PEM, DER or PKCS #7) with {flag}"));
    }
    Ok(Some(store))
}

/// All certificates of `paths` in order, and the blocks that hold none.
pub(super) fn read(paths: &[PathBuf], semantics: StoreSemantics) -> Result<Store, Trouble> {
    let mut store = Store::new(semantics);
    for path in paths {
        for file in files(path)? {
            store.add_bundle(&shown(&file), &bytes(&file)?);
        }
    }
    Ok(store)
}

/// The bytes of a file, or for `-` of standard input; trouble names it.
pub(super) fn bytes(file: &Path) -> Result<Vec<u8>, Trouble> {
    let read = if is_stdin(file) {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else if file.is_dir() {
        return Err(format!("{}: it is a folder; name a file in it", shown(file)));
    } else {
        std::fs::read(file)
    };
    read.map_err(|error| format!("{}: {error}", shown(file)))
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// What a file is called in reports and messages.
pub(super) fn shown(file: &Path) -> String {
    if is_stdin(file) { "standard input".to_owned() } else { file.display().to_string() }
}

/// That there is no certificate in files; of a capture, how to get them out of it.
pub(super) fn nothing_in(paths: &[PathBuf]) -> Trouble {
    let capture = paths.iter().find(|path| is_capture(path)).map(|path| {
        format!(" (a capture: `tlsight certs {} -o DIR` writes what it shows)", shown(path))
    });
    format!("no certificate found in {}{}", names(paths), capture.unwrap_or_default())
}

/// Looks at files only: a pipe that was read may never give anything again.
fn is_capture(path: &Path) -> bool {
    const HEAD: usize = 24;
    if !path.is_file() {
        return false;
    }
    let head = File::open(path).and_then(|mut file| {
        let mut head = [0; HEAD];
        file.read_exact(&mut head).map(|()| head)
    });
    head.is_ok_and(|head| Format::sniff(&head).is_some())
}

/// Paths for a message.
fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| shown(path)).collect::<Vec<_>>().join(", ")
}

/// The file itself, or the files of a folder in order of their names.
pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let trouble = |error: io::Error| format!("{}: {error}", path.display());
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files: Vec<PathBuf> = path
        .read_dir()
        .map_err(trouble)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()
        .map_err(trouble)?;
    files.retain(|file| file.is_file());
    files.sort();
    Ok(files)
}
