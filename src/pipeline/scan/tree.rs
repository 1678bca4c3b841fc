//! Which files there are: what the user named, and what lies in and below folders.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::Unit;

/// Folders inside folders that are walked; a path of more than 4,096 bytes cannot be
/// opened anyway.
const DEPTH: usize = 256;
/// Longest line of a list of files, in bytes: no system takes a longer path.
const LINE: u64 = 64 * 1024;

/// The paths that a run is about, in order.
pub enum Inputs {
    /// Those of the command line.
    Paths(std::vec::IntoIter<PathBuf>),
    /// A list, one path per line, that is read as the run goes on.
    List(Box<dyn BufRead + Send>),
}

impl Iterator for Inputs {
    type Item = io::Result<PathBuf>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Paths(paths) => paths.next().map(Ok),
            Self::List(lines) => next_line(lines.as_mut()).transpose(),
        }
    }
}

/// The next line that is not empty.
fn next_line(lines: &mut dyn BufRead) -> io::Result<Option<PathBuf>> {
    loop {
        let mut line = Vec::new();
        let count = io::Read::take(&mut *lines, LINE).read_until(b'\n', &mut line)?;
        if count as u64 == LINE {
            return Err(io::Error::other(format!("a line of more than {LINE} bytes is no path")));
        }
        if count == 0 {
            return Ok(None);
        }
        while line.last().is_some_and(|last| matches!(last, b'\n' | b'\r')) {
            line.pop();
        }
        if !line.is_empty() {
            return Ok(Some(path_of(line)));
        }
    }
}

#[cfg(unix)]
fn path_of(line: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(line).into()
}

#[cfg(not(unix))]
fn path_of(line: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&line).into_owned().into()
}

/// The files that the inputs stand for, one after the other: those of a folder in order
/// of their names, with folders in between. A link inside a folder is not followed, as
/// it may lead back. What cannot be looked at is a file with trouble.
pub struct Walk {
    inputs: Inputs,
    /// The folders we are in, each with what is left of it.
    folders: Vec<(PathBuf, std::vec::IntoIter<OsString>)>,
}

impl Walk {
    /// Walks `inputs`.
    #[must_use]
    pub const fn new(inputs: Inputs) -> Self {
        Self { inputs, folders: Vec::new() }
    }

    /// The next file in the folders we are in.
    fn below(&mut self) -> Option<Unit> {
        while let Some((folder, names)) = self.folders.last_mut() {
            let Some(name) = names.next() else {
                self.folders.pop();
                continue;
            };
            let path = folder.join(name);
            let found = match path.symlink_metadata() {
                Err(error) => Some(Unit::unreadable(path, &error)),
                Ok(about) if about.is_dir() => self.enter(path),
                Ok(about) => about.is_file().then(|| unit(path, false, &about)),
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Goes into a folder; what hinders that is trouble with the folder.
    fn enter(&mut self, folder: PathBuf) -> Option<Unit> {
        if self.folders.len() >= DEPTH {
            let error = format!("lies below more than {DEPTH} folders");
            return Some(Unit::unreadable(folder, &error));
        }
        match names(&folder) {
            Ok(names) => {
                self.folders.push((folder, names.into_iter()));
                None
            }
            Err(error) => Some(Unit::unreadable(folder, &error)),
        }
    }

    fn named(&mut self, path: PathBuf) -> Option<Unit> {
        match fs::metadata(&path) {
            Err(error) => Some(Unit::unreadable(path, &error)),
            Ok(about) if about.is_dir() => self.enter(path),
            Ok(about) if about.is_file() => Some(unit(path, true, &about)),
            Ok(_) => Some(Unit::unreadable(path, &"neither a file nor a folder")),
        }
    }
}

impl Iterator for Walk {
    type Item = Unit;

    fn next(&mut self) -> Option<Unit> {
        loop {
            if let Some(unit) = self.below() {
                return Some(unit);
            }
            let found = match self.inputs.next()? {
                Ok(path) => self.named(path),
                Err(error) => {
                    // What comes behind a list that cannot be read is not known.
                    self.inputs = Inputs::Paths(Vec::new().into_iter());
                    Some(Unit::unreadable("the list of files".into(), &error))
                }
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

/// The names in a folder, in order.
fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names: Vec<OsString> = folder
        .read_dir()?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<_>>()?;
    names.sort_unstable();
    Ok(names)
}

fn unit(path: PathBuf, named: bool, about: &Metadata) -> Unit {
    let changed = about.modified().ok().map_or(0, |time| match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_nanos()).unwrap_or(i64::MAX),
    });
    Unit { path, named, size: about.len(), changed, trouble: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(inputs: Vec<PathBuf>, root: &Path) -> Vec<String> {
        let shown = |unit: Unit| {
            let path = unit.path.strip_prefix(root).unwrap().display().to_string();
            if unit.trouble.is_some() { format!("! {path}") } else { path }
        };
        Walk::new(Inputs::Paths(inputs.into_iter())).map(shown).collect()
    }

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for path in ["b/2", "b/10", "a", "c", "b/deep/x"] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        root
    }

    #[test]
    fn folders_are_walked_in_order_of_names() {
        let root = tree();
        let all = found(vec![root.path().into()], root.path());
        assert_eq!(all, ["a", "b/10", "b/2", "b/deep/x", "c"]);
        let some = found(vec![root.path().join("c"), root.path().join("b")], root.path());
        assert_eq!(some, ["c", "b/10", "b/2", "b/deep/x"]);
    }

    #[test]
    fn what_is_not_there_is_trouble_and_the_walk_goes_on() {
        let root = tree();
        let inputs = vec![root.path().join("none"), root.path().join("a")];
        assert_eq!(found(inputs, root.path()), ["! none", "a"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_inside_a_folder_lead_nowhere() {
        let root = tree();
        std::os::unix::fs::symlink("..", root.path().join("b/back")).unwrap();
        std::os::unix::fs::symlink("a", root.path().join("alias")).unwrap();
        let all = found(vec![root.path().into()], root.path());
        assert_eq!(all, ["a", "b/10", "b/2", "b/deep/x", "c"]);
        assert_eq!(found(vec![root.path().join("alias")], root.path()), ["alias"], "named");
    }

    #[test]
    fn a_list_has_a_path_on_each_line() {
        let list = |text: &str| Inputs::List(Box::new(io::Cursor::new(text.to_owned())));
        let paths: Vec<PathBuf> = list("a b\n\nc\r\nlast").map(Result::unwrap).collect();
        assert_eq!(paths, ["a b", "c", "last"].map(PathBuf::from));
        let endless = "x".repeat(70_000);
        let mut walk = Walk::new(list(&endless));
        assert!(walk.next().unwrap().trouble.is_some() && walk.next().is_none());
    }
}
