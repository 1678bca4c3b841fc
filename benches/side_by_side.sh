#!/bin/bash
# tlsight beside tshark, ssldump and a plain cat on the same generated captures, as a
# table in Markdown:
#
#   benches/side_by_side.sh [SIZE]      64M by default
#
# Programs that are not installed are left out. CPU seconds are those of the program
# itself and say more than wall time where others use the machine as well: cat and tlsight
# run five times, in turn, and the run in the middle by CPU seconds counts; the others take
# minutes and run once. cat writes to /dev/null, the others to a file. Found is the number of
# connections (tlsight) or messages (tshark, ssldump) with a ServerHello.
set -euo pipefail
cd "$(dirname "$0")/.."

size=${1:-64M}
tlsight=$PWD/target/release/tlsight
generate=$PWD/target/release/examples/generate
trust=$PWD/samples/trust/expressway.pem
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

main() {
    cargo build --release --locked --quiet --bin tlsight --example generate
    echo "| mix | program | CPU s | wall s | MB/s of CPU | peak RSS, MB | found / expected |"
    echo "|---|---|---|---|---|---|---|"
    for mix in bulk handshakes small messy; do
        "$generate" "$mix" "$size" "$folder/$mix.pcap" >"$folder/truth"
        compare "$mix" "$folder/$mix.pcap"
        rm "$folder/$mix.pcap"
    done
}

# compare MIX FILE: one row for each program
compare() {
    # what was just written is slower to read for the first time
    cat "$2" >/dev/null
    rm -f "$folder"/time.*
    for _ in 1 2 3 4 5; do
        timed cat cat "$2"
        for threads in 1 2; do
            timed "tlsight, threads: $threads" \
                "$tlsight" --threads "$threads" --trust "$trust" --jsonl "$2"
        done
    done
    row "$1" cat "$2" ""
    for threads in 1 2; do
        row "$1" "tlsight, threads: $threads" "$2" count_tlsight
    done
    if command -v tshark >/dev/null; then
        # without this preference it loses what comes out of order
        timed tshark tshark -n -o tcp.reassemble_out_of_order:TRUE -r "$2" \
            -Y tls.handshake.type==2 -T fields -e tls.handshake.type
        row "$1" tshark "$2" count_tshark
    fi
    if command -v ssldump >/dev/null; then
        timed ssldump ssldump -n -A -r "$2"
        row "$1" ssldump "$2" count_ssldump
    fi
}

# timed PROGRAM COMMAND...: adds a line to the times of the program, and keeps its output
timed() {
    # status 1 of tlsight means findings
    local out=$folder/out.$1
    [[ $1 != cat ]] || out=/dev/null
    /usr/bin/time -o "$folder/time" -f "%U %S %e %M" "${@:2}" >"$out" 2>/dev/null || true
    tail -n 1 "$folder/time" >>"$folder/time.$1"
}

# row MIX PROGRAM FILE COUNT
row() {
    local bytes found=""
    bytes=$(stat -c %s "$3")
    if [[ -n $4 ]]; then
        found="$("$4" <"$folder/out.$2") / $(sed -n 's/^server_hellos=//p' "$folder/truth")"
        rm "$folder/out.$2"
    fi
    awk '{ print $1 + $2, $3, $4 }' "$folder/time.$2" | sort -n |
        awk -v bytes="$bytes" -v mix="$1" -v name="$2" -v found="$found" '
            { cpu[NR] = $1; wall[NR] = $2; rss[NR] = $3 }
            END {
                middle = int((NR + 1) / 2)
                rate = cpu[middle] > 0 ? sprintf("%.0f", bytes / 1e6 / cpu[middle]) : "-"
                printf "| %s | %s | %.2f | %.2f | %s | %.0f | %s |\n",
                    mix, name, cpu[middle], wall[middle], rate, rss[middle] / 1024, found
            }'
}

count_tlsight() { grep -c '"server_hello":{' || true; }
count_tshark() { tr ',' '\n' | grep -cx 2 || true; }
count_ssldump() { grep -c '^ *ServerHello$' || true; }

main
