#!/bin/bash
# Records TLS 1.3 handshakes of real stacks over loopback, infers from them without
# keys, and prints how often that is right (README.md, "TLS 1.3 without keys").
#
#   tests/inference/run.sh [TLSIGHT] [--part N/M]
#
# TLSIGHT is the program to ask, target/release/tlsight if none is given. --part takes
# every Mth server configuration only. Needs root for tcpdump, and the packages of
# .ci/install; a stack that is missing is left out. Fails when a kind of claim is wrong
# more often than once in 100.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="${HOME:-}/.cargo/bin:$PATH"

tlsight=target/release/tlsight
if [[ $# -gt 0 && $1 != --* ]]; then
    tlsight=$1
    shift
fi

main() {
    [[ -x $tlsight ]] || { echo "$tlsight is not there: cargo build --release" >&2; exit 2; }
    if [[ $(id -u) != 0 ]] || ! command -v tcpdump >/dev/null || ! command -v openssl >/dev/null; then
        echo "not recorded: needs root, tcpdump and openssl" >&2
        exit 0
    fi
    work=$(mktemp -d -t tlsight-inference.XXXXXX)
    # tcpdump gives its rights up and writes as another user.
    chmod 711 "$work"
    trap 'rm -rf "$work"' EXIT
    mkdir "$work/bin"
    build_peers
    python3 tests/inference/record.py "$work" "$@"
    python3 tests/inference/compare.py "$work" "$tlsight"
}

build_peers() {
    local here=tests/inference
    if command -v go >/dev/null; then
        GO111MODULE=off GOCACHE="$work/go" go build -o "$work/bin/peer-go" $here/peer.go
    fi
    if command -v javac >/dev/null; then
        javac -d "$work/bin" $here/Peer.java
    fi
    cargo build --quiet --locked --manifest-path $here/rustls-peer/Cargo.toml --target-dir target/rustls-peer
    cp target/rustls-peer/debug/rustls-peer "$work/bin/"
}

main "$@"
