//! `tlsight trust`: a trust store examined.

use std::path::PathBuf;

use clap::Args;
use tlsight::report::Look;
use tlsight::report::json;
use tlsight::report::store::{self, StoreExamination};
use tlsight::trust::StoreSemantics;

use super::output::Output;
use super::{Exit, Trouble, judging, trust, verify};

const AFTER_HELP: &str = "\
Remarks with ! may break somebody: an expired anchor, two anchors of one subject with
different keys, a block that cannot be read. Those with - are worth knowing.

Exit status: 0 no remark with !, 1 there is one, 2 trouble.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Examine {
    /// Trust anchors: PEM, DER or PKCS #7; a folder stands for the files in it, - for standard
    /// input. The order is kept, because it counts.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    files: Vec<PathBuf>,

    /// Judge validity at this time [default: now].
    #[arg(long, value_name = "RFC3339", value_parser = judging::time)]
    at: Option<i64>,

    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// Examines the store and says what is odd.
pub(super) fn run(args: &Examine, look: Look) -> Result<Exit, Trouble> {
    let store = trust::read(&args.files, StoreSemantics::OpenSsl)?;
    if store.anchors().is_empty() && store.unreadable().is_empty() {
        return Err(trust::nothing_in(&args.files));
    }
    let (time, time_from) = verify::time(args.at);
    let examination = StoreExamination::new(&store, time, time_from);
    if args.json {
        Output::stdout().write_with(|out| json::write_store(&examination, out))?;
    } else {
        Output::stdout().write(&store::render(&examination, look))?;
    }
    Ok(if examination.has_weighty_remark() { Exit::Findings } else { Exit::Clean })
}
