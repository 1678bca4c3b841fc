//! How a handshake ends when the client has seen the server's certificate.

use super::bench::Bench;
use super::choice::Way;
use super::client::{Caution, is_openssl, openssl_alert};
use super::habits::{Minds, end};
use super::predict::{Case, Shows};
use super::reason::{Predicted, Reason};
use super::state::{ChainWord, Ending, FirstAlert, NameWord};
use super::upkeep::{Asked, asked};
use crate::rules::{Reaction, reaction};
use crate::tls::Role;

/// Outcome and first alert.
pub(super) type End = (Predicted<Ending>, Predicted<Option<FirstAlert>>);

/// How it ends when the server shows a chain that is known.
pub(super) fn ending<'s>(
    way: &Way,
    shows: &Shows,
    verdicts: (&Predicted<ChainWord>, &Predicted<NameWord>),
    case: &Case<'_, 's>,
    caution: &Caution,
    bench: &mut Bench<'s>,
) -> End {
    let (chain, name) = verdicts;
    let same_verdicts =
        chain.value() == case.before.chain.value() && name.value() == case.before.name.value();
    let same_certificate = shows.as_before;
    if way.as_before && same_certificate && same_verdicts && !case.changes_beside() {
        return as_before(case);
    }
    let accepted_here = same_certificate
        && reaction(case.one.connection, Role::Server) == Reaction::Accepted
        && !case.minds_otherwise();
    match client_judges(verdicts, accepted_here, caution) {
        Judgement::Refuses(error, because) => refused_by_client(error, because, case),
        Judgement::Open(reason) => (Predicted::unknown(reason.clone()), Predicted::unknown(reason)),
        Judgement::Accepts(_) if unexplained(case, same_certificate) => {
            let why = "the client refused this certificate for a reason that is not seen";
            (Predicted::unknown(why), Predicted::unknown(why))
        }
        Judgement::Accepts(because) => after_server(case, because, bench),
    }
}

/// Whether the client refused a certificate of which neither chain nor name was at fault.
fn unexplained(case: &Case<'_, '_>, same_certificate: bool) -> bool {
    let refused = matches!(
        reaction(case.one.connection, Role::Server),
        Reaction::Refused(_) | Reaction::Left
    );
    let fault = case.before.chain.value().is_some_and(|chain| !chain.accepted())
        || case.before.name.value() == Some(&NameWord::Differs);
    refused && same_certificate && !fault
}

/// What the client makes of the server's certificate.
enum Judgement {
    Accepts(Vec<Reason>),
    /// The verification error, or the name.
    Refuses(Fault, Vec<Reason>),
    Open(String),
}

/// Why a client refuses.
#[derive(Clone, Copy)]
enum Fault {
    Chain(u32),
    Name,
}

fn client_judges(
    (chain, name): (&Predicted<ChainWord>, &Predicted<NameWord>),
    accepted_here: bool,
    caution: &Caution,
) -> Judgement {
    let mut because = chain.because().to_vec();
    let minds = |minds: &Minds| minds.as_ref().map(|(minds, _)| *minds);
    let reason = |minds: &Minds| minds.as_ref().map(|(_, why)| why.clone());
    match (chain.value(), minds(&caution.chain)) {
        (Some(ChainWord::Accepted), _) => {}
        (_, Some(false)) => because.extend(reason(&caution.chain)),
        (Some(ChainWord::Refused(error)), Some(true)) => {
            because.extend(reason(&caution.chain));
            return Judgement::Refuses(Fault::Chain(error.code), because);
        }
        (Some(ChainWord::Refused(_)), None) => {
            return Judgement::Open(
                "nothing tells whether this client refuses a chain that it cannot verify"
                    .to_owned(),
            );
        }
        (None, _) => return Judgement::Open(chain.reason().unwrap_or_default().to_owned()),
    }
    match (name.value(), minds(&caution.name)) {
        (Some(NameWord::Matches), _) => because.extend_from_slice(name.because()),
        (_, Some(false)) => because.extend(reason(&caution.name)),
        _ if accepted_here => {}
        (Some(NameWord::Differs), Some(true)) => {
            because.extend_from_slice(name.because());
            because.extend(reason(&caution.name));
            return Judgement::Refuses(Fault::Name, because);
        }
        (Some(NameWord::Differs), None) => {
            return Judgement::Open(
                "the certificate does not have the name, and nothing tells whether this client compares names"
                    .to_owned(),
            );
        }
        (None, _) => return Judgement::Open(name.reason().unwrap_or_default().to_owned()),
    }
    Judgement::Accepts(because)
}

/// The client refuses; with which alert depends on the library.
fn refused_by_client(fault: Fault, mut because: Vec<Reason>, case: &Case<'_, '_>) -> End {
    let outcome = Predicted::known(Ending::Refused(Role::Client), because.clone());
    let code = match fault {
        Fault::Chain(error) => openssl_alert(error),
        // The traffic server's callback fails without a reason (218018; measured with
        // traffic server 9.2.9).
        Fault::Name if case.one.leg.is_traffic_server() => 80,
        Fault::Name => 42,
    };
    let alert = |code| Some(FirstAlert { from: Role::Client, code: Some(code) });
    let alert = match is_openssl(case.one) {
        Some(reason) => {
            because.push(reason);
            Predicted::known(alert(code), because)
        }
        None => Predicted::Unknown {
            reason: "the alert depends on the client's library: OpenSSL's, or 46 of Java"
                .to_owned(),
            possible: vec![alert(code), alert(46)],
        },
    };
    (outcome, alert)
}

/// As it ended.
pub(super) fn as_before(case: &Case<'_, '_>) -> End {
    let seen = end(case.one.capture, case.one.connection);
    let because = vec![Reason::seen("nothing changes on this connection", seen)];
    match case.before.outcome.value() {
        Some(ending) => (
            Predicted::known(*ending, because.clone()),
            Predicted::known(case.before.alert, because),
        ),
        None => {
            let why = "it is not known how this handshake ended, or why";
            (Predicted::unknown(why), Predicted::unknown(why))
        }
    }
}

/// The client accepts the server: what remains is what the server makes of the client.
pub(super) fn after_server<'s>(
    case: &Case<'_, 's>,
    mut because: Vec<Reason>,
    bench: &mut Bench<'s>,
) -> End {
    match asked(case, bench) {
        Asked::Passes(reason) => {
            because.extend(reason);
            (Predicted::known(Ending::Completed, because.clone()), Predicted::known(None, because))
        }
        Asked::Refused(alert, reason) => {
            because.extend(reason);
            let alert = Some(FirstAlert { from: Role::Server, code: alert });
            (
                Predicted::known(Ending::Refused(Role::Server), because.clone()),
                Predicted::known(alert, because),
            )
        }
        Asked::Open(why) => (Predicted::unknown(why.clone()), Predicted::unknown(why)),
    }
}
