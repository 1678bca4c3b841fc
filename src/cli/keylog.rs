//! Loading key logs. Of their content only line numbers are ever told.

use std::path::PathBuf;
use std::sync::Arc;

use tlsight::pipeline::Config;
use tlsight::tls::KeyLog;

use super::args::Keys;
use super::{Trouble, output};

/// Adds to the settings of a run what it decrypts with.
pub(super) fn with(config: Config, args: &Keys) -> Result<Config, Trouble> {
    let keys = Arc::new(load(&args.keylog)?);
    Ok(Config { keys, ignore_embedded_keys: args.no_embedded_keys, ..config })
}

/// Reads the key logs of all `paths`.
fn load(paths: &[PathBuf]) -> Result<KeyLog, Trouble> {
    let mut log = KeyLog::default();
    for path in paths {
        let name = path.display();
        let text = std::fs::read(path).map_err(|error| format!("{name}: {error}"))?;
        let junk = log.add(&text);
        if let Some(first) = junk.first {
            let more = if junk.lines == 1 {
                String::new()
            } else {
                format!(" ({} such lines)", junk.lines)
            };
            output::complain(&format!("{name}, line {first}: no line of a key log{more}"));
        }
        if junk.beyond_limit > 0 {
            output::complain(&format!(
                "{name}: too many connections; {} secrets left out",
                junk.beyond_limit
            ));
        }
    }
    if log.is_empty() && !paths.is_empty() {
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(format!(
            "no secret found in {}; --keylog takes files that SSLKEYLOGFILE or `openssl s_client -keylogfile` made",
            names.join(", ")
        ));
    }
    Ok(log)
}
