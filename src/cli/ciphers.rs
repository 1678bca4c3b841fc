//! `tlsight ciphers`: a cipher string expanded, or the vendor's strings.

use clap::Args;
use tlsight::expressway::ciphers::expand;
use tlsight::report::{Look, ciphers, json};

use super::output::Output;
use super::{Exit, Trouble};

const AFTER_HELP: &str = "\
The order is that of OpenSSL 1.1.1 and 3.0.

Exit status: 0 done, 2 a string that OpenSSL refuses.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Ciphers {
    /// An OpenSSL cipher string, as in Maintenance > Security > Ciphers [default: list
    /// the vendor's strings].
    #[arg(value_name = "STRING", allow_hyphen_values = true)]
    string: Option<String>,

    /// List the strings that the vendor's documents name.
    #[arg(long, conflicts_with = "string")]
    vendor: bool,

    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// Expands the string, or lists those of the vendor.
pub(super) fn run(args: &Ciphers, look: Look) -> Result<Exit, Trouble> {
    let Some(string) = &args.string else { return vendor(args.json, look) };
    let expansion = expand(string);
    if let Some(trouble) = ciphers::refusal_text(&expansion) {
        return Err(trouble);
    }
    if args.json {
        Output::stdout().write_with(|out| json::write_ciphers(string, &expansion, out))?;
    } else {
        Output::stdout().write(&ciphers::render(string, &expansion, look))?;
    }
    Ok(Exit::Clean)
}

fn vendor(as_json: bool, look: Look) -> Result<Exit, Trouble> {
    if as_json {
        Output::stdout().write_with(json::write_known_ciphers)?;
    } else {
        Output::stdout().write(&ciphers::render_known(look))?;
    }
    Ok(Exit::Clean)
}
