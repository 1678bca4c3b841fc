#!/bin/bash
# Fills fuzz/corpus/TARGET from the samples and the recordings of the tests, in the
# form that each target of fuzz_targets/ takes. Adds to what is there; the corpus is
# not part of the repository.
#
#   fuzz/seed.sh
#
# Needs openssl, python3, tshark, tar, gzip, xz and zstd.
set -euo pipefail

fuzz=$(cd "$(dirname "$0")" && pwd)
samples=$fuzz/../samples
recordings=$fuzz/../tests/keylog/recordings
corpus=$fuzz/corpus

main() {
    mkdir -p "$corpus"/{capture,packet_flow,tls,keylog,x509,archive,expressway_text,whole}
    captures
    packets
    connections
    certificates
    archives
    texts_of_archives
    local target
    for target in "$corpus"/*/; do
        echo "$(basename "$target"): $(find "$target" -type f | wc -l) inputs"
    done
}

# Whole files: for the reader of captures, and for the program from end to end.
captures() {
    cp "$samples"/*.pcap* "$recordings"/*.pcapng "$corpus/capture"
    cp "$samples"/*.pcap "$samples"/*.pcapng "$recordings"/*.pcapng "$corpus/whole"
}

# Frames behind their lengths.
packets() {
    local file
    for file in "$samples"/*.pcap; do
        python3 "$fuzz/seeds.py" frames "$file" >"$corpus/packet_flow/$(basename "$file")"
    done
}

# The payload of each connection in pieces, and the same behind its key log.
connections() {
    local file
    for file in "$samples"/*.pcap "$samples"/*.pcapng "$recordings"/*.pcapng; do
        payloads "$file" | python3 "$fuzz/seeds.py" pieces "$corpus/tls/$(basename "$file")"
    done
    for file in "$samples"/*.pcapng "$recordings"/*.pcapng; do
        payloads "$file" | python3 "$fuzz/seeds.py" pieces "$corpus/keylog/$(basename "$file")" --secrets "$file"
    done
}

# payloads CAPTURE: a line for each segment; tshark says no more of a file that is cut
payloads() {
    tshark -r "$1" -Y tcp.len -T fields -e tcp.stream -e tcp.srcport -e tcp.payload 2>/dev/null || true
}

# Certificates as DER and as bundles.
certificates() {
    local bundle number
    for bundle in "$samples"/trust/*.pem "$samples"/chain/*.pem; do
        cp "$bundle" "$corpus/x509"
        for number in $(seq "$(grep -c BEGIN "$bundle")"); do
            awk -v n="$number" '/BEGIN/ {i++} i == n' "$bundle" |
                openssl x509 -outform DER -out "$corpus/x509/$(basename "$bundle" .pem)-$number.der"
        done
    done
}

# Archives as an appliance packs them: captures, plain and compressed, beside a trust list.
# Configuration, status and log of the sample archives
texts_of_archives() {
    local archive name
    for archive in "$samples"/archives/diagnostic_log_*.tar.gz; do
        cp "$archive" "$corpus/archive/"
        tar -tzf "$archive" | grep -E '(xconf|xstat)_dump|loggingsnapshot' | while read -r name; do
            tar -xzOf "$archive" "$name" >"$corpus/expressway_text/${archive##*/}-${name##*/}"
        done
    done
}

archives() {
    tar -C "$samples" -cf "$corpus/archive/mixed.tar" rsa-trusted.pcap root-missing.pcap.{gz,xz,zst} trust/expressway.pem
    tar -C "$samples" --format=v7 -cf "$corpus/archive/oldest.tar" rotated-0.pcap rotated-1.pcap
    tar -C "$samples" --format=posix -cf "$corpus/archive/newest.tar" rotated-0.pcap rotated-1.pcap
    gzip -c "$corpus/archive/mixed.tar" >"$corpus/archive/mixed.tar.gz"
    python3 -m zipfile -c "$corpus/archive/mixed.zip" "$samples"/rsa-trusted.pcap "$samples"/root-missing.pcap.gz
    tar -C "$corpus/archive" -cf "$corpus/archive/zip.tar" mixed.zip
    xz -c "$corpus/archive/oldest.tar" >"$corpus/archive/oldest.tar.xz"
    zstd -qc "$corpus/archive/newest.tar" >"$corpus/archive/newest.tar.zst"
}

main
