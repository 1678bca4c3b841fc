#!/bin/bash
# tlsight beside tshark, ssldump and a plain cat on the same generated captures, as a
# table in Markdown:
#
#   benches/side_by_side.sh [SIZE]      64M by default
#
# Programs that are not installed are left out. CPU seconds are those of the program
# itself and say more than wall time where others use the machine as well. Found is the
# number of connections (tlsight) or messages (tshark, ssldump) with a ServerHello.
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
    row "$1" cat "$2" none cat "$2"
    for threads in 1 2; do
        row "$1" "tlsight, threads: $threads" "$2" count_tlsight \
            "$tlsight" --threads "$threads" --trust "$trust" --jsonl "$2"
    done
    if command -v tshark >/dev/null; then
        # without this preference it loses what comes out of order
        row "$1" tshark "$2" count_tshark tshark -n -o tcp.reassemble_out_of_order:TRUE -r "$2" \
            -Y tls.handshake.type==2 -T fields -e tls.handshake.type
    fi
    if command -v ssldump >/dev/null; then
        row "$1" ssldump "$2" count_ssldump ssldump -n -A -r "$2"
    fi
}

# row MIX PROGRAM FILE COUNT COMMAND...
row() {
    # status 1 of tlsight means findings
    /usr/bin/time -o "$folder/time" -f "%U %S %e %M" "${@:5}" >"$folder/out" 2>/dev/null || true
    local bytes found=""
    bytes=$(stat -c %s "$3")
    if [[ $4 != none ]]; then
        found="$("$4" <"$folder/out") / $(sed -n 's/^server_hellos=//p' "$folder/truth")"
    fi
    tail -n 1 "$folder/time" | awk -v bytes="$bytes" -v mix="$1" -v name="$2" -v found="$found" '{
        cpu = $1 + $2
        rate = cpu > 0 ? sprintf("%.0f", bytes / 1e6 / cpu) : "-"
        printf "| %s | %s | %.2f | %.2f | %s | %.0f | %s |\n", mix, name, cpu, $3, rate, $4 / 1024, found
    }'
}

count_tlsight() { grep -c '"server_hello":{' || true; }
count_tshark() { tr ',' '\n' | grep -cx 2 || true; }
count_ssldump() { grep -c '^ *ServerHello$' || true; }

main
