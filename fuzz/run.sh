#!/bin/bash
# Seeds and runs every fuzz target, one after the other, and fails when one finds
# something: a panic, more than 1 GiB of memory, or an input that takes 25 seconds.
#
#   fuzz/run.sh SECONDS [TARGET...]
#
# Needs cargo-fuzz and what seed.sh needs. What was found lies in fuzz/artifacts, the
# last words of each target in fuzz/artifacts/TARGET.log.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:?seconds for each target}
targets=("${@:2}")
[[ ${#targets[@]} -gt 0 ]] || targets=(capture packet_flow tls keylog x509 archive expressway_text whole)

main() {
    ./seed.sh
    # libFuzzer needs flags of a nightly compiler; the sanitizer none, the code has no `unsafe`.
    RUSTC_BOOTSTRAP=1 cargo fuzz build --sanitizer none
    local target failed=()
    for target in "${targets[@]}"; do
        run "$target" || failed+=("$target")
    done
    [[ ${#failed[@]} == 0 ]] || { echo "found something: ${failed[*]}" >&2; exit 1; }
}

run() {
    local target=$1 log=artifacts/$1.log status=0
    mkdir -p "artifacts/$target"
    "$(binary "$target")" -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=25 -max_len=65536 \
        -print_final_stats=1 -artifact_prefix="artifacts/$target/" "corpus/$target" >"$log" 2>&1 || status=$?
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions, exit status $status"
    return "$status"
}

binary() {
    local found
    found=$(compgen -G "target/*/release/$1")
    echo "${found%%$'\n'*}"
}

main
