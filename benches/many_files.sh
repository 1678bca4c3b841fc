#!/bin/bash
# One `tlsight scan` over a tree of small captures beside tshark, started once for each
# file, as a table in Markdown; and what starting `tlsight` for one small capture costs:
#
#   benches/many_files.sh [FILES]      2000 by default
#
# The captures are copies of those in samples/. Starting tshark takes so long that only
# 100 of the files are given to it. Each row is the best of three runs.
set -euo pipefail
cd "$(dirname "$0")/.."

files=${1:-2000}
tlsight=$PWD/target/release/tlsight
trust=$PWD/samples/trust/expressway.pem
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

main() {
    cargo build --release --locked --quiet --bin tlsight
    plant
    echo "| program | files | s | files/s | peak RSS, MB |"
    echo "|---|---|---|---|---|"
    for threads in 1 2; do
        row "tlsight scan, threads: $threads" "$files" \
            "$tlsight" scan --jsonl --threads "$threads" --trust "$trust" "$folder/tree"
    done
    row "tlsight, once per file" 100 each "$tlsight" --jsonl --trust "$trust"
    if command -v tshark >/dev/null; then
        row "tshark, once per file" 100 each tshark -n -Y tls.handshake.type==2 -T fields \
            -e tls.handshake.type -r
    fi
    check
}

# A tree of small captures.
plant() {
    local kinds=(samples/*.pcap) index
    for ((index = 0; index < files; index++)); do
        local place="$folder/tree/$((index % 20))"
        mkdir -p "$place"
        cp "${kinds[index % ${#kinds[@]}]}" "$place/$(printf %06d "$index").pcap"
    done
    find "$folder/tree" -type f | sort >"$folder/all"
    head -n 100 "$folder/all" >"$folder/some"
}

# each PROGRAM...: runs it for each of 100 files
each() {
    local file
    # status 1 of tlsight means findings
    while read -r file; do "$@" "$file" || true; done <"$folder/some"
}
export -f each

# row NAME FILES COMMAND...: the best of three runs
row() {
    local name=$1 count=$2
    shift 2
    for _ in 1 2 3; do
        folder=$folder /usr/bin/time -o "$folder/time" -f "%e %M" \
            bash -c '"$@"' row "$@" >"$folder/out" 2>/dev/null || true
        tail -n 1 "$folder/time" >>"$folder/times"
    done
    sort -n "$folder/times" | head -n 1 | awk -v name="$name" -v count="$count" '{
        printf "| %s | %d | %.2f | %.0f | %.0f |\n", name, count, $1, count / $1, $2 / 1024
    }'
    rm "$folder/times"
}

# A fast wrong answer fails: the scan and the files one by one come to the same lines.
check() {
    "$tlsight" scan --jsonl --trust "$trust" --files-from "$folder/some" |
        grep -v '"type":' >"$folder/scanned" || true
    each "$tlsight" --jsonl --trust "$trust" >"$folder/alone"
    cmp "$folder/scanned" "$folder/alone"
    echo
    echo "The $(wc -l <"$folder/alone") connections of 100 files are the same, scanned and one by one."
}

main
