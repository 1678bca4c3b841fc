//! Loading trust anchors.

use std::path::{Path, PathBuf};

use tlsight::trust::{Store, StoreSemantics};

use super::{Trouble, output};

/// Reads the anchors of all `paths`, in order; `None` when no path was given.
pub(super) fn load(paths: &[PathBuf]) -> Result<Option<Store>, Trouble> {
    if paths.is_empty() {
        return Ok(None);
    }
    let mut store = Store::new(StoreSemantics::OpenSsl);
    for path in paths {
        for file in files(path)? {
            let bytes = std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            store.add_bundle(&file.display().to_string(), &bytes);
        }
    }
    for block in store.unreadable() {
        output::complain(&format!("{}, line {}: {}", block.source, block.line, block.reason));
    }
    if store.anchors().is_empty() {
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(format!(
            "no certificate found in {}; give PEM or DER certificates with --trust",
            names.join(", ")
        ));
    }
    Ok(Some(store))
}

/// The file itself, or the files of a folder in order of their names.
fn files(path: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let trouble = |error: std::io::Error| format!("{}: {error}", path.display());
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files: Vec<PathBuf> = path
        .read_dir()
        .map_err(trouble)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()
        .map_err(trouble)?;
    files.retain(|file| file.is_file());
    files.sort();
    Ok(files)
}
