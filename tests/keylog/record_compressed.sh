#!/bin/bash
# Records, on the loopback interface, handshakes of TLS 1.3 on rustls in which both
# sides show their certificates compressed (RFC 8879), one for each algorithm, with
# the secrets in the file.
#
#   tests/keylog/record_compressed.sh FOLDER
#
# makes FOLDER/rustls13-compressed-ALGORITHM.pcapng. Needs cargo, openssl, tcpdump and
# editcap, and the right to capture.
set -euo pipefail

folder=$(mkdir -p "$1" && cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d -t compressed.XXXXXX)
trap 'rm -rf "$work"' EXIT
port=47143

main() {
    cargo build --quiet --locked --manifest-path "$here/compressing-peer/Cargo.toml" --target-dir "$work/target"
    cd "$work"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem \
        -days 30 -subj "/CN=Key log ca" 2>log
    certificate server tls.example.org
    certificate client client.example.org
    local algorithm
    for algorithm in zlib brotli zstd; do record "$algorithm"; done
}

# certificate NAME HOST
certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -days 30 -CA ca.pem -CAkey ca.key \
        -subj "/O=Example/OU=Certificates that are compressed/CN=$2" -addext "subjectAltName = DNS:$2" \
        -addext "basicConstraints = critical, CA:false" 2>>log
    cat ca.pem >>"$1.pem"
}

record() {
    local name=rustls13-compressed-$1 recorder
    tcpdump -i lo -U --immediate-mode -s 0 -w "$name.pcap" tcp port "$port" 2>recorder &
    recorder=$!
    until grep -q '^tcpdump: listening' recorder; do sleep 0.05; done
    SSLKEYLOGFILE=$name.keys target/debug/compressing-peer "$port" "$1" ca.pem server.pem server.key client.pem client.key
    sleep 0.4
    kill -INT "$recorder"
    wait "$recorder" || true
    editcap -F pcapng --inject-secrets "tls,$name.keys" "$name.pcap" "$folder/$name.pcapng"
}

main
