//! What a handshake would become after a change, foretold from what was observed.
//!
//! A [`Peer`] is the model of a server, built only from what was seen of it; a [`Change`]
//! is what an engineer thinks of; [`foresee`] puts them together. Where things can go more
//! than one way, every way is followed to its end, and a value is known where all ways
//! agree; else it is said what is missing. Each value names the observations that it rests
//! on. What products are known to do stands in one table with its sources
//! ([`products::behaviours`]).

mod bench;
mod change;
mod choice;
mod client;
mod confirm;
mod ending;
mod facts;
mod habits;
mod negotiation;
mod notes;
mod offer;
mod order;
mod outlook;
mod peer;
mod predict;
pub mod products;
mod ranking;
mod reason;
mod remedies;
mod scene;
mod standing;
mod state;
mod tls13;
mod upgrade;
mod upkeep;

pub use change::{Change, RSA_FIRST_SIGNATURES, Whose};
pub use confirm::TRUST_AFTER;
pub use negotiation::{Answer, Chosen, Negotiation};
pub use notes::Note;
pub use offer::{Kind, Offer, kind_name};
pub use order::Order;
pub use outlook::{Fate, Foreseen, Outlook, foresee};
pub use peer::{Authority, ClientShown, Peer, Shown, peers};
pub use predict::Prediction;
pub use ranking::{Failing, Prospect, Ranked, SideEffect, rank};
pub use reason::{Predicted, Reason, Seen};
pub use scene::{Observed, Plan, Scene, ServerProduct};
pub use standing::Standing;
pub use state::{Before, ChainWord, Ending, FirstAlert, NameWord};
