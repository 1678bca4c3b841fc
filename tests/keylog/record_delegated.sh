#!/bin/bash
# Records, on the loopback interface, a handshake of TLS 1.3 in which a server on NSS
# (delegating_server.c) signs with a delegated credential (RFC 9345) that tstclnt of NSS
# accepts; the secrets are put into the file.
#
#   tests/keylog/record_delegated.sh FOLDER
#
# makes FOLDER/nss-delegated-credential.pcapng. Needs cc, pkg-config, libnss3-dev,
# libnss3-tools, openssl, tcpdump, tshark and editcap, and the right to capture.
set -euo pipefail

folder=$(mkdir -p "$1" && cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d -t delegated.XXXXXX)
trap 'rm -rf "$work"' EXIT
port=47145

main() {
    cd "$work"
    # shellcheck disable=SC2046 # options are words
    cc -Wall "$here/delegating_server.c" -o server $(pkg-config --cflags --libs nss)
    make_databases
    record
    add_random
    editcap -F pcapng --inject-secrets tls,keys recorded.pcap "$folder/nss-delegated-credential.pcapng"
}

# The certificate says that its key may sign credentials (DelegationUsage: RFC 9345, 4.2).
make_databases() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out certificate.pem \
        -days 3650 -subj /CN=tls.example.org -addext subjectAltName=DNS:tls.example.org \
        -addext keyUsage=critical,digitalSignature -addext basicConstraints=critical,CA:false \
        -addext 1.3.6.1.4.1.44363.44=DER:05:00 2>log
    openssl pkcs12 -export -in certificate.pem -inkey key.pem -name server -out server.p12 -passout pass:
    certutil -N -d sql:. --empty-password
    pk12util -i server.p12 -d sql:. -W "" >>log
    mkdir client
    certutil -N -d sql:client --empty-password
    certutil -A -n server -t CP,, -i certificate.pem -d sql:client
}

record() {
    tcpdump -i lo -U --immediate-mode -s 0 -w recorded.pcap tcp port "$port" 2>recorder &
    local recorder=$!
    until grep -q '^tcpdump: listening' recorder; do sleep 0.05; done
    ./server "$port" &
    sleep 1
    { echo hello; sleep 1; } |
        timeout 3 tstclnt -h 127.0.0.1 -a tls.example.org -p "$port" -d sql:client -V tls1.3:tls1.3 -B >>log 2>&1 || true
    sleep 0.4
    kill -INT "$recorder"
    wait
    grep -q 'Received a Delegated Credential' log
}

# Makes a key log of the secrets, with the random of the ClientHello.
add_random() {
    local random
    random=$(tshark -r recorded.pcap -d "tcp.port==$port,tls" -Y tls.handshake.type==1 -T fields \
        -e tls.handshake.random 2>/dev/null | tr -d ':')
    awk -v random="$random" '{print $1, random, $2}' secrets >keys
}

main
