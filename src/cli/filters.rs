//! Which connections and findings are told: the filters that `tlsight` and `tlsight scan`
//! share.

use std::net::IpAddr;

use clap::{Args, ValueEnum};
use tlsight::report::Wanted;
use tlsight::rules::Severity;
use tlsight::time::Timestamp;

use super::explain::RuleId;

/// Of several values of one filter any will do; of several filters all must be met.
#[derive(Clone, Debug, Args)]
pub(crate) struct Filters {
    /// Only connections with this port at either end. May be repeated.
    #[arg(long, help_heading = "Filters", value_name = "PORT")]
    port: Vec<u16>,

    /// Only connections with this address at either end. May be repeated.
    #[arg(long, help_heading = "Filters", value_name = "IP", value_parser = address)]
    host: Vec<IpAddr>,

    /// Only connections whose client asked for this server name; * stands for any
    /// characters. May be repeated.
    #[arg(long, help_heading = "Filters", value_name = "NAME")]
    sni: Vec<String>,

    /// Only findings of this rule, and connections with one. May be repeated.
    #[arg(long, help_heading = "Filters", value_name = "ID", value_parser = RuleId,
          hide_possible_values = true)]
    rule: Vec<&'static str>,

    /// Only findings of this severity or worse, and connections with one.
    #[arg(long, help_heading = "Filters", value_name = "SEVERITY")]
    severity: Option<Least>,

    /// Only connections that began at this time or later.
    #[arg(long, help_heading = "Filters", value_name = "RFC3339", value_parser = time)]
    since: Option<Timestamp>,

    /// Only connections that began before this time.
    #[arg(long, help_heading = "Filters", value_name = "RFC3339", value_parser = time)]
    until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Least {
    Error,
    Warning,
    Info,
}

impl Filters {
    /// What is wanted of a report.
    ///
    /// # Errors
    /// When nothing can be: the span of time is empty.
    pub(super) fn wanted(&self) -> Result<Wanted, String> {
        if let (Some(since), Some(until)) = (self.since, self.until)
            && since >= until
        {
            return Err(format!("no time lies between --since {since} and --until {until}"));
        }
        Ok(Wanted {
            ports: self.port.clone(),
            hosts: self.host.clone(),
            names: self.sni.clone(),
            rules: self.rule.clone(),
            severity: self.severity.map(|least| match least {
                Least::Error => Severity::Error,
                Least::Warning => Severity::Warning,
                Least::Info => Severity::Info,
            }),
            since: self.since,
            until: self.until,
        })
    }
}

fn address(text: &str) -> Result<IpAddr, String> {
    let bare = text.trim_matches(['[', ']']);
    bare.parse().map_err(|_| "not an IP address; names are for --sni".to_owned())
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text)
        .ok_or_else(|| "not a time of RFC 3339, such as 2026-11-21T20:22:09Z".to_owned())
}
