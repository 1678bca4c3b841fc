//! The samples and the trust store that each is judged with: the tables of
//! samples/README.md, which are the one place where this is written down. Diagnostic
//! archives have trust stores of their own.

use std::path::{Path, PathBuf};

/// A row of the tables: one capture, of one file or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    /// Its golden files are named after this.
    pub(crate) name: String,
    /// Its files, as paths from the project's folder.
    pub(crate) files: Vec<String>,
    /// The trust store, likewise; none for an archive.
    pub(crate) trust: Option<String>,
    /// Rules that fire, when the row names them. `None`: the row leaves it open.
    pub(crate) rules: Option<Vec<String>>,
}

impl Sample {
    /// Arguments for the program.
    pub(crate) fn args(&self) -> Vec<String> {
        let trust = self.trust.iter().flat_map(|trust| ["--trust".to_owned(), trust.clone()]);
        trust.chain(self.files.iter().cloned()).collect()
    }

    /// The absolute path of its first file.
    pub(crate) fn path(&self) -> PathBuf {
        root().join(&self.files[0])
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.path()).unwrap()
    }
}

/// The project's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A sample's absolute path.
pub(crate) fn path(name: &str) -> PathBuf {
    root().join("samples").join(name)
}

/// Every capture, in the order of samples/README.md.
pub(crate) fn all() -> Vec<Sample> {
    rows().into_iter().filter(|sample| sample.trust.is_some()).collect()
}

/// Every diagnostic archive, likewise.
pub(crate) fn archives() -> Vec<Sample> {
    rows().into_iter().filter(|sample| sample.trust.is_none()).collect()
}

/// Captures and archives.
pub(crate) fn rows() -> Vec<Sample> {
    let readme = std::fs::read_to_string(root().join("samples/README.md")).unwrap();
    let mut samples = Vec::new();
    for line in readme.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        if let [files, _, trust, rules] = cells[..] {
            add_row(&mut samples, files, trust, rules);
        }
    }
    samples
}

/// The row of rotated files is one capture; every other row is one for each file.
fn add_row(samples: &mut Vec<Sample>, files: &str, trust: &str, rules: &str) {
    let trust = quoted(trust).first().map(|name| format!("samples/trust/{name}.pem"));
    let rules = named_rules(rules, samples.last());
    let files = full_names(&quoted(files));
    let sample = |name: &str, files: Vec<String>| Sample {
        name: name.trim_start_matches("archives/").to_owned(),
        files,
        trust: trust.clone(),
        rules: rules.clone(),
    };
    let in_folder = |file: &String| format!("samples/{file}");
    if files[0].starts_with("rotated-") {
        samples.push(sample("rotated.pcap", files.iter().map(in_folder).collect()));
    } else {
        samples.extend(files.iter().map(|file| sample(file, vec![in_folder(file)])));
    }
}

/// The words between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// `a.pcap.gz`, `.zst` stands for `a.pcap.gz` and `a.pcap.zst`.
fn full_names(files: &[String]) -> Vec<String> {
    let stem = files[0].rsplit_once('.').map_or("", |(stem, _)| stem);
    files
        .iter()
        .map(|file| if file.starts_with('.') { format!("{stem}{file}") } else { file.clone() })
        .collect()
}

fn named_rules(text: &str, before: Option<&Sample>) -> Option<Vec<String>> {
    if text == "the same" {
        return before.and_then(|sample| sample.rules.clone());
    }
    if text.contains(", unless ") {
        return None;
    }
    let mut rules = quoted(text);
    assert!(text.starts_with("none") == rules.is_empty(), "rules that cannot be read: {text}");
    rules.sort();
    Some(rules)
}
