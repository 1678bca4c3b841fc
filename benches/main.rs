//! Benches of every room and of the whole program on generated captures. Each compares
//! what it found with what the generator put in: a fast wrong answer fails.
//!
//! `cargo bench` measures; `cargo bench -- --test` runs each bench once.

#![allow(clippy::unwrap_used, reason = "a bench that cannot be set up must fail")]

mod generator;
mod rooms;

use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(3))
        .configure_from_args();
    rooms::capture::bench(&mut criterion);
    rooms::packet::bench(&mut criterion);
    rooms::flow::bench(&mut criterion);
    rooms::tls::bench(&mut criterion);
    rooms::x509::bench(&mut criterion);
    rooms::trust::bench(&mut criterion);
    rooms::end_to_end::bench(&mut criterion);
    rooms::scan::bench(&mut criterion);
    criterion.final_summary();
}
