//! What the program says of the diagnostic archives of samples/archives, as questions that a
//! test asks of the document.

use std::path::PathBuf;

use serde_json::Value;

use super::program::run;
use super::samples;

/// The archive of Expressway-C of a day; each row has its own.
pub(crate) fn archive(day: u32) -> PathBuf {
    samples::path(&format!("archives/diagnostic_log_expc_2026-05-{day:02}_09_01_00.tar.gz"))
}

/// That of Expressway-E, of the same time as that of Expressway-C of 14 May.
pub(crate) fn edge() -> PathBuf {
    samples::path("archives/diagnostic_log_expe_2026-05-14_09_01_00.tar.gz")
}

pub(crate) fn cluster() -> PathBuf {
    samples::path("archives/cluster_2026-05-16.tar")
}

/// The document of one run.
pub(crate) struct Told(pub(crate) Value);

pub(crate) fn told(arguments: &[&str], inputs: &[PathBuf]) -> Told {
    let mut all = vec!["--json".to_owned()];
    all.extend(arguments.iter().map(|word| (*word).to_owned()));
    all.extend(inputs.iter().map(|path| path.to_str().unwrap().to_owned()));
    let done = run(&all);
    assert!(matches!(done.code, Some(0 | 1)) && done.stderr.is_empty(), "{done:?}");
    Told(serde_json::from_str(&done.stdout).unwrap())
}

pub(crate) fn of_day(day: u32) -> Told {
    told(&[], &[archive(day)])
}

pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

impl Told {
    pub(crate) fn verdicts(&self) -> Vec<Verdict<'_>> {
        list(&self.0["verdicts"]).map(Verdict).collect()
    }

    /// The verdict on one server.
    #[track_caller]
    pub(crate) fn verdict(&self, server: &str, port: u16) -> Verdict<'_> {
        let server = format!("{server}:{port}");
        let found =
            self.verdicts().into_iter().find(|verdict| text(&verdict.0["server"]) == server);
        found.unwrap_or_else(|| panic!("no verdict on {server}: {}", self.0["verdicts"]))
    }

    #[track_caller]
    pub(crate) fn health(&self, server: &str, port: u16) -> &str {
        let server = format!("{server}:{port}");
        let leg = list(&self.0["legs"]).find(|leg| text(&leg["server"]) == server);
        text(&leg.unwrap_or_else(|| panic!("no leg to {server}"))["health"])
    }

    /// Sentences and remedies of the findings of a rule.
    pub(crate) fn findings(&self, rule: &str) -> Vec<String> {
        let of = |finding: &&Value| finding["rule"] == rule;
        let said = |finding: &Value| {
            format!("{} {}", text(&finding["sentence"]), text(&finding["remedy"]))
        };
        list(&self.0["findings"]).filter(of).map(said).collect()
    }

    #[track_caller]
    pub(crate) fn finding(&self, rule: &str, words: &[&str]) {
        let found = self.findings(rule);
        let has = |said: &String| words.iter().all(|word| said.contains(word));
        assert!(found.iter().any(has), "{rule} with {words:?}: {found:?}");
    }

    pub(crate) fn log(&self) -> &Value {
        &self.0["expressways"][0]["log"]
    }

    /// Verdicts without what depends on the way an archive is packed.
    pub(crate) fn essence(&self) -> Vec<Value> {
        let bare = |verdict: &Value| {
            let mut bare = verdict.clone();
            bare["input"] = Value::Null;
            bare
        };
        list(&self.0["verdicts"]).map(bare).collect()
    }
}

pub(crate) struct Verdict<'v>(pub(crate) &'v Value);

impl Verdict<'_> {
    /// Cause, who refused, and the two ends.
    #[track_caller]
    pub(crate) fn is(&self, cause: &str, refused_by: &str, ends: (&str, &str)) -> &Self {
        assert_eq!(text(&self.0["cause"]), cause, "{}", self.0);
        assert_eq!(text(&self.0["refused_by"]), refused_by, "{}", self.0);
        assert_eq!((text(&self.0["client_is"]), text(&self.0["server_is"])), ends, "{}", self.0);
        self
    }

    /// Words that the sentence has.
    #[track_caller]
    pub(crate) fn says(&self, words: &[&str]) -> &Self {
        let sentence = text(&self.0["sentence"]);
        assert!(words.iter().all(|word| sentence.contains(word)), "{words:?}: {sentence}");
        self
    }

    /// Words of the remedies, in this order.
    #[track_caller]
    pub(crate) fn mends(&self, words: &[&str]) -> &Self {
        let remedies = list(&self.0["remedies"]).map(text).collect::<Vec<_>>().join("\n");
        let mut rest = remedies.as_str();
        for word in words {
            let at =
                rest.find(word).unwrap_or_else(|| panic!("{word} is not (there) in: {remedies}"));
            rest = &rest[at + word.len()..];
        }
        self
    }

    #[track_caller]
    pub(crate) fn since(&self, words: &[&str]) -> &Self {
        let since = text(&self.0["since"]);
        assert!(words.iter().all(|word| since.contains(word)), "{words:?}: {since:?}");
        self
    }

    /// The log has one line that tells of this failure, with these words.
    #[track_caller]
    pub(crate) fn logged(&self, words: &str) -> &Self {
        let lines: Vec<&str> = list(&self.0["log"]).map(|line| text(&line["text"])).collect();
        assert!(lines.len() == 1 && lines[0].contains(words), "{words:?}: {lines:?}");
        self
    }
}
