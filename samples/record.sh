#!/bin/bash
# Records the captures of this directory afresh, with real TLS programs between
# two Linux network namespaces that look like a small MRA deployment:
#
#   tlsight-expc   Expressway-C  expc.example.org 10.30.5.20, 2001:db8:30:5::20
#   tlsight-uc     everyone else: CUCM publisher  cucmpub.example.org 10.30.7.11, 2001:db8:30:7::11
#                                 CUCM subscriber cucmsub.example.org 10.30.7.12
#                                 IM&P            imp.example.org     10.30.7.13
#                                 DNS             10.30.5.10
#                                 Expressway-E    expe.example.org    192.0.2.30
#
# All captures are taken on Expressway-C, as an engineer would take them there.
# Keys and certificates are made anew each time, so captures and trust stores
# belong together and are recorded all at once. Some captures show none of the
# certificates that the trust stores are for; those can be recorded by themselves. What
# only the diagnostic archives need is a set of its own, with keys of its own; so are the
# pairs before and after a remedy:
#
#   sudo samples/record.sh
#   sudo samples/record.sh record_raw_public_keys
#   sudo samples/record.sh archives
#   sudo samples/record.sh remedies
#
# Needs Debian 12 and the packages named in samples/README.md. Installs nothing.
set -euo pipefail

samples=$(cd "$(dirname "$0")" && pwd)
target=$samples
work=$(mktemp -d -t tlsight-record.XXXXXX)
pki=$work/pki
stores=$samples/trust
pids=()
recorder=
EXPC=(ip netns exec tlsight-expc)
UC=(ip netns exec tlsight-uc)

# What an Expressway upgraded to X14.2 sends: ECDHE-ECDSA before ECDHE-RSA.
ecdsa_first='EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL:!aDH'
# The same after the remedy "prefer RSA".
rsa_first="ECDHE-RSA-AES256-GCM-SHA384:$ecdsa_first"
# The signature algorithms of SIP; RSA comes first unless TlsSignatureAlgoPrefRsa is Off.
rsa_signatures=rsa_pss_rsae_sha512:rsa_pss_rsae_sha384:rsa_pss_rsae_sha256
ecdsa_signatures=ecdsa_secp521r1_sha512:ecdsa_secp384r1_sha384:ecdsa_secp256r1_sha256

# --- stage -----------------------------------------------------------------

main() {
    trap clean_up EXIT
    check_programs
    # one by itself leaves the trust stores that belong to the others alone
    [[ $# == 0 ]] || stores=$work/trust
    [[ ${1:-} != archives ]] || target=$samples/archives/recorded
    [[ ${1:-} != remedies ]] || set_apart
    make_pki
    make_trust_stores
    make_network
    case ${1:-} in
        '') set -- $(scenarios record) ;;
        archives)
            make_archive_pki
            set -- $(scenarios archive)
            ;;
        remedies) set -- $(scenarios remedy) ;;
    esac
    local scenario
    for scenario in "$@"; do
        echo "recording $scenario" >&2
        "$scenario"
        stop_servers
    done
}

# scenarios PREFIX: every function whose name begins with it, in the order of this file
scenarios() {
    sed -n "s/^\($1_[a-z0-9_]*\)() {\$/\1/p" "$samples/record.sh"
}

check_programs() {
    local program missing=()
    [[ $(id -u) == 0 ]] || { echo "network namespaces need root" >&2; exit 2; }
    for program in openssl ip ss ethtool tcpdump dumpcap editcap dnsmasq haproxy traffic_server \
        gnutls-cli gnutls-serv prosody sshd ssh tinyproxy java keytool python3 curl gzip zstd xz; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
    [[ ${#missing[@]} == 0 ]] || { echo "not found: ${missing[*]} (see samples/README.md)" >&2; exit 2; }
}

clean_up() {
    stop_servers
    [[ -z $recorder ]] || kill "$recorder" 2>/dev/null || true
    ip netns del tlsight-expc 2>/dev/null || true
    ip netns del tlsight-uc 2>/dev/null || true
    rm -rf /etc/netns/tlsight-expc "$work"
}

# Addresses, without offloads, so that the captures hold what was on the wire.
make_network() {
    ip netns add tlsight-expc
    ip netns add tlsight-uc
    ip -n tlsight-expc link add eth0 address 02:00:0a:1e:05:14 type veth \
        peer name eth0 address 02:00:0a:1e:07:0b netns tlsight-uc
    local side address
    for side in tlsight-expc tlsight-uc; do
        ip netns exec "$side" ethtool -K eth0 tx off rx off tso off gso off gro off >/dev/null
        ip -n "$side" link set lo up
        ip -n "$side" link set eth0 up
    done
    ip -n tlsight-expc address add 10.30.5.20/16 dev eth0
    ip -n tlsight-expc address add 2001:db8:30:5::20/48 dev eth0 nodad
    ip -n tlsight-expc route add 192.0.2.0/24 dev eth0
    for address in 10.30.7.11/16 10.30.7.12/16 10.30.7.13/16 10.30.5.10/16 192.0.2.30/32; do
        ip -n tlsight-uc address add "$address" dev eth0
    done
    ip -n tlsight-uc address add 2001:db8:30:7::11/48 dev eth0 nodad
    mkdir -p /etc/netns/tlsight-expc
    printf 'nameserver 10.30.5.10\nsearch example.org\n' >/etc/netns/tlsight-expc/resolv.conf
}

# --- certificates ----------------------------------------------------------

make_pki() {
    mkdir -p "$pki"
    cat >"$pki/ca.cnf" <<END
[ca]
default_ca = any
[any]
database = $pki/index
serial = $pki/serial
new_certs_dir = $pki
policy = any_name
unique_subject = no
default_md = sha256
[any_name]
domainComponent = optional
organizationName = optional
commonName = supplied
END
    local name
    for name in root issuing expired-root voice-root tomcat tomcat-old expe expc imp; do
        openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$pki/$name.key"
    done
    for name in ec-root tomcat-ec tomcat-ec-sub sub-ec; do
        openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$pki/$name.key"
    done

    # CAs: the enterprise's (root and intermediate), one for EC, one for the Expressways
    certificate root /O=Example/CN='Example Root CA' root 5a01000000000000000a "$(ca_extensions)"
    certificate issuing /O=Example/CN='Example Issuing CA 1' root 5a0100000000000000b1 "$(ca_extensions)"
    certificate ec-root /O=Example/CN='Example EC Root CA' ec-root 5a02000000000000000e "$(ca_extensions)"
    certificate voice-root /O=Example/CN='Example Voice Root CA' voice-root 5a03000000000000000c "$(ca_extensions)"

    # CUCM: one multi-server Tomcat certificate, and per node an EC one, self-signed as by default
    local nodes=cucmpub.example.org,cucmsub.example.org,imp.example.org
    certificate tomcat /O=Example/CN=cucmpub-ms.example.org issuing 56ff6c7100000000000d "$(extensions "$nodes")"
    certificate tomcat-ec /O=Example/CN=cucmpub-EC.example.org tomcat-ec 6d1c4f0a93be52d708e1f4a27c35b981 \
        "$(self_signed_extensions cucmpub.example.org)"
    certificate tomcat-ec-sub /O=Example/CN=cucmsub-EC.example.org tomcat-ec-sub 4be20d97f15c83a6612fd0483e7ab715 \
        "$(self_signed_extensions cucmsub.example.org)"
    certificate sub-ec /O=Example/CN=cucmsub-EC.example.org ec-root 2f0000000000000038 "$(extensions cucmsub.example.org)"
    certificate imp /O=Example/CN=imp.example.org issuing 56ff6c710000000000a7 "$(extensions imp.example.org)"
    chain tomcat issuing
    chain imp issuing

    # The same Tomcat key with dates that do not fit
    cp "$pki/tomcat.key" "$pki/tomcat-expired.key"
    cp "$pki/tomcat.key" "$pki/tomcat-future.key"
    certificate tomcat-expired /O=Example/CN=cucmpub-ms.example.org issuing 56ff6c710000000000e0 \
        "$(extensions "$nodes")" 20240101000000Z 20250101000000Z
    certificate tomcat-future /O=Example/CN=cucmpub-ms.example.org issuing 56ff6c710000000000f0 \
        "$(extensions "$nodes")" 20420101000000Z 20430101000000Z
    chain tomcat-expired issuing
    chain tomcat-future issuing

    # Expressways: signed by a CA of their own
    certificate expc /O=Example/CN=expc.example.org voice-root 7e100000000000000c20 "$(extensions expc.example.org)"
    certificate expe /O=Example/CN=expe.example.org voice-root 7e100000000000000e30 \
        "$(extensions expe.example.org,example.org)"
    chain expc
    chain expe
}

# certificate NAME SUBJECT ISSUER SERIAL EXTENSIONS [START END]; its own issuer: self-signed
certificate() {
    local name=$1 subject=$2 issuer=$3 serial=$4 extensions=$5
    local start=${6:-20240101000000Z} end=${7:-20440101000000Z} by=(-cert "$pki/$3.crt")
    [[ $issuer != "$name" ]] || by=(-selfsign)
    : >"$pki/index"
    echo "$serial" >"$pki/serial"
    echo "$extensions" >"$pki/extensions"
    openssl req -new -key "$pki/$name.key" -subj "$subject" -out "$pki/$name.csr"
    openssl ca -batch -notext -config "$pki/ca.cnf" -preserveDN -keyfile "$pki/$issuer.key" "${by[@]}" \
        -startdate "$start" -enddate "$end" -extfile "$pki/extensions" \
        -in "$pki/$name.csr" -out "$pki/$name.crt" 2>>"$work/log"
}

ca_extensions() {
    echo 'basicConstraints = critical, CA:true'
    echo 'keyUsage = critical, keyCertSign, cRLSign'
    echo 'subjectKeyIdentifier = hash'
    echo 'authorityKeyIdentifier = keyid'
}

# extensions DNS-NAME,...
extensions() {
    echo 'keyUsage = digitalSignature, keyEncipherment'
    echo 'extendedKeyUsage = serverAuth, clientAuth'
    echo "subjectAltName = DNS:${1//,/,DNS:}"
    echo 'subjectKeyIdentifier = hash'
    echo 'authorityKeyIdentifier = keyid'
}

# What CUCM puts into a certificate it signs itself
self_signed_extensions() {
    echo 'keyUsage = digitalSignature, keyAgreement, keyCertSign'
    echo 'extendedKeyUsage = serverAuth, clientAuth'
    echo "subjectAltName = DNS:$1"
    echo 'subjectKeyIdentifier = hash'
    echo 'basicConstraints = critical, CA:true, pathlen:0'
}

# chain NAME [ISSUER...]: NAME.chain is what its owner sends, NAME.pem the same with the key
chain() {
    local name=$1 issuer
    for issuer in "$@"; do cat "$pki/$issuer.crt"; done >"$pki/$name.chain"
    cat "$pki/$name.chain" "$pki/$name.key" >"$pki/$name.pem"
}

make_trust_stores() {
    rm -rf "$stores"
    mkdir -p "$stores"
    trust_store expressway root voice-root
    trust_store expressway-with-ecdsa root voice-root tomcat-ec tomcat-ec-sub ec-root
    trust_store expressway-without-root voice-root
    trust_store cucm root issuing
    trust_store cucm-with-expressway root issuing voice-root
}

# trust_store NAME CERTIFICATE...: PEM with a line before each that says whose it is
trust_store() {
    local name=$1 certificate
    for certificate in "${@:2}"; do
        openssl x509 -in "$pki/$certificate.crt" -noout -subject -nameopt RFC2253 | sed 's/^subject=/# /'
        cat "$pki/$certificate.crt"
    done >"$stores/$name.pem"
}

trust() { echo "$stores/$1.pem"; }

# --- recording -------------------------------------------------------------

# capture FILE [TCPDUMP OPTIONS AND FILTER]: from now on, until the end of `finish`
capture() {
    local file=$1 options=("${@:2}")
    [[ ${#options[@]} -gt 0 ]] || options=(-i eth0 tcp)
    : >"$work/recorder"
    "${EXPC[@]}" tcpdump -Z root -n -s 0 -U --immediate-mode -w "$work/$file" "${options[@]}" 2>"$work/recorder" &
    recorder=$!
    until grep -q '^tcpdump: listening' "$work/recorder"; do sleep 0.05; done
}

# dump FILE DUMPCAP-OPTIONS: the same with dumpcap, for what tcpdump cannot write
dump() {
    : >"$work/recorder"
    "${EXPC[@]}" dumpcap -q -i eth0 -f tcp -w "$work/$1" "${@:2}" 2>"$work/recorder" &
    recorder=$!
    until grep -q '^File: ' "$work/recorder"; do sleep 0.05; done
}

# finish [FILE]: stops recording and puts the capture where it belongs
finish() {
    sleep 0.4
    kill -INT "$recorder"
    wait "$recorder" || true
    recorder=
    [[ $# == 0 ]] || cp "$work/$1" "$target/$1"
}

# background COMMAND...: a program that `stop_servers` ends
background() {
    "$@" >>"$work/log" 2>&1 </dev/null &
    pids+=($!)
}

stop_servers() {
    local pid
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    pids=()
}

# listening NAMESPACE PORT: waits until somebody does
listening() {
    local tries=0
    until [[ -n $(ip netns exec "$1" ss -Hltn "sport = :$2") ]]; do
        (( ++tries < 200 )) || { echo "nobody listens on port $2" >&2; cat "$work/log" >&2; exit 1; }
        sleep 0.05
    done
}

# --- programs --------------------------------------------------------------

# openssl_server ADDRESS:PORT OPTIONS...: openssl s_server as a web server
openssl_server() {
    mkdir -p "$work/www/cucm-uds"
    echo '<versionInformation version="15.0.1"/>' >"$work/www/cucm-uds/version"
    cd "$work/www"
    background "${UC[@]}" openssl s_server -quiet -WWW -accept "$1" "${@:2}"
    cd "$samples"
    listening tlsight-uc "${1##*:}"
}

# The Tomcat of CUCM with its RSA certificate and the intermediate
tomcat() {
    openssl_server "$1" -cert "$pki/tomcat.crt" -key "$pki/tomcat.key" -cert_chain "$pki/issuing.crt" "${@:2}"
}

# openssl_client ADDRESS:PORT OPTIONS...: asks with openssl s_client, which ends the handshake if
# verification fails. It may fail: that is what most captures are for.
openssl_client() {
    printf 'GET /cucm-uds/version HTTP/1.0\r\n\r\n' |
        "${EXPC[@]}" timeout 5 openssl s_client -quiet -verify_return_error -connect "$@" >>"$work/log" 2>&1 || true
}

# As Expressway-C does to CUCM: TLS 1.2, ECDSA first
expressway_client() {
    openssl_client "$1" -tls1_2 -cipher "$ecdsa_first" -servername cucmpub.example.org -CAfile "$(trust expressway)" "${@:2}"
}

# start_traffic_server TRUST-STORE [CIPHERS [POLICY]]: Apache Traffic Server, which Expressway-C has inside, verifying
# everything unless the policy says DISABLED
start_traffic_server() {
    local ats=$work/ats host port
    rm -rf "$ats"
    mkdir -p "$ats"/{etc,var,log,run,cache}
    cp /etc/trafficserver/*.* "$ats/etc"
    cat >"$ats/runroot.yaml" <<END
prefix: $ats
exec_prefix: /usr
bindir: /usr/bin
sbindir: /usr/sbin
sysconfdir: $ats/etc
datadir: $ats/cache
includedir: /usr/include
libdir: /usr/lib
libexecdir: /usr/lib/trafficserver/modules
localstatedir: $ats/var
runtimedir: $ats/run
logdir: $ats/log
cachedir: $ats/cache
END
    echo "$ats/cache 256M" >"$ats/etc/storage.config"
    for host in cucmpub.example.org cucmpub cucmsub.example.org imp.example.org 10.30.7.11; do
        for port in 8443 6971 6972; do
            echo "map http://127.0.0.1:8088/$host/$port/ https://$host:$port/"
        done
    done >"$ats/etc/remap.config"
    cat >"$ats/etc/records.config" <<END
CONFIG proxy.config.http.server_ports STRING 8088:ip-in=127.0.0.1
CONFIG proxy.config.admin.user_id STRING #-1
CONFIG proxy.config.crash_log_helper STRING NULL
CONFIG proxy.config.http.cache.http INT 0
CONFIG proxy.config.http.keep_alive_enabled_out INT 0
CONFIG proxy.config.http.connect_attempts_max_retries INT 0
CONFIG proxy.config.http.connect_attempts_max_retries_dead_server INT 0
CONFIG proxy.config.ssl.client.verify.server.policy STRING ${3:-ENFORCED}
CONFIG proxy.config.ssl.client.verify.server.properties STRING ALL
CONFIG proxy.config.ssl.client.TLSv1_3 INT 0
CONFIG proxy.config.ssl.client.cipher_suite STRING ${2:-$ecdsa_first}
CONFIG proxy.config.ssl.client.CA.cert.path STRING $stores
CONFIG proxy.config.ssl.client.CA.cert.filename STRING $1.pem
CONFIG proxy.config.ssl.client.cert.path STRING $pki
CONFIG proxy.config.ssl.client.cert.filename STRING expc.pem
END
    background "${EXPC[@]}" traffic_server --run-root="$ats/runroot.yaml"
    listening tlsight-expc 8088
    sleep 1
}

# through_traffic_server HOST/PORT/PATH: what the MRA client asks for
through_traffic_server() {
    "${EXPC[@]}" curl -s -m 10 -o /dev/null "http://127.0.0.1:8088/$1" || true
}

name_server() {
    background "${UC[@]}" dnsmasq -k --user=root --no-hosts --no-resolv --conf-file=/dev/null --pid-file= \
        --bind-interfaces --listen-address=10.30.5.10 \
        --host-record=cucmpub.example.org,cucmpub,10.30.7.11 \
        --host-record=cucmsub.example.org,cucmsub,10.30.7.12 \
        --host-record=imp.example.org,imp,10.30.7.13 \
        --host-record=expe.example.org,192.0.2.30
    listening tlsight-uc 53
}

# cucm_cluster CUCM-TRUST-STORE: 8443 of all nodes with the RSA certificate; 6972 of the CUCM nodes behind
# HAProxy, as on CUCM, with RSA and ECDSA certificates, asking for a client certificate
cucm_cluster() {
    local node
    for node in cucmpub cucmsub; do cp "$pki/tomcat.pem" "$pki/$node.pem.rsa"; done
    cat "$pki/tomcat-ec.crt" "$pki/tomcat-ec.key" >"$pki/cucmpub.pem.ecdsa"
    cat "$pki/tomcat-ec-sub.crt" "$pki/tomcat-ec-sub.key" >"$pki/cucmsub.pem.ecdsa"
    cat >"$work/haproxy.cfg" <<END
global
    ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
    mode http
    timeout client 5s
    timeout connect 5s
    timeout server 5s
frontend tomcat
    bind 10.30.7.11:8443 ssl crt $pki/tomcat.pem
    bind 10.30.7.12:8443 ssl crt $pki/tomcat.pem
    bind 10.30.7.13:8443 ssl crt $pki/imp.pem
    http-request return status 200 content-type text/xml string "<versionInformation/>"
frontend tftp
    bind 10.30.7.11:6972 ssl crt $pki/cucmpub.pem verify optional ca-file $(trust "$1")
    bind 10.30.7.12:6972 ssl crt $pki/cucmsub.pem verify optional ca-file $(trust "$1")
    http-request return status 200 content-type text/xml string "<device/>"
END
    background "${UC[@]}" haproxy -db -f "$work/haproxy.cfg"
    listening tlsight-uc 6972
}

# A login: user data from the publisher, presence from IM&P, then the configuration download
mra_login() {
    through_traffic_server cucmpub.example.org/8443/cucm-uds/version
    through_traffic_server imp.example.org/8443/EPASSoap/service/v80
    through_traffic_server cucmpub.example.org/6972/CSFALICE.cnf.xml
    through_traffic_server cucmsub.example.org/6972/CSFALICE.cnf.xml
}

# --- the login of an MRA client, through Apache Traffic Server ------------------

record_mra_login_ecdsa_untrusted() {
    name_server
    cucm_cluster cucm-with-expressway
    start_traffic_server expressway
    capture mra-login-ecdsa-untrusted.pcap -i eth0 tcp or udp port 53
    mra_login
    finish mra-login-ecdsa-untrusted.pcap
}

record_mra_login_refused_by_cucm() {
    name_server
    cucm_cluster cucm
    start_traffic_server expressway-with-ecdsa
    capture mra-login-refused-by-cucm.pcap -i eth0 tcp or udp port 53
    mra_login
    finish mra-login-refused-by-cucm.pcap
}

record_mra_login_works() {
    name_server
    cucm_cluster cucm-with-expressway
    start_traffic_server expressway-with-ecdsa
    capture mra-login-works.pcap -i eth0 tcp or udp port 53
    mra_login
    finish mra-login-works.pcap
}

record_short_host_name() {
    name_server
    cucm_cluster cucm
    start_traffic_server expressway
    capture short-host-name.pcap -i eth0 tcp or udp port 53
    through_traffic_server cucmpub/8443/cucm-uds/version
    finish short-host-name.pcap
}

record_address_instead_of_name() {
    cucm_cluster cucm
    start_traffic_server expressway
    capture address-instead-of-name.pcap
    through_traffic_server 10.30.7.11/8443/cucm-uds/version
    finish address-instead-of-name.pcap
}

# --- one connection, one cause -------------------------------------------------

record_rsa_trusted() {
    tomcat 10.30.7.11:8443
    capture rsa-trusted.pcap
    expressway_client 10.30.7.11:8443 -cipher "$rsa_first"
    finish rsa-trusted.pcap
}

record_ecdsa_selfsigned_untrusted() {
    tomcat 10.30.7.11:8443 -dcert "$pki/tomcat-ec.crt" -dkey "$pki/tomcat-ec.key"
    capture ecdsa-selfsigned-untrusted.pcap
    expressway_client 10.30.7.11:8443
    finish ecdsa-selfsigned-untrusted.pcap
}

record_ecdsa_selfsigned_trusted() {
    tomcat 10.30.7.11:8443 -dcert "$pki/tomcat-ec.crt" -dkey "$pki/tomcat-ec.key"
    capture ecdsa-selfsigned-trusted.pcap
    expressway_client 10.30.7.11:8443 -CAfile "$(trust expressway-with-ecdsa)"
    finish ecdsa-selfsigned-trusted.pcap
}

record_ecdsa_root_missing() {
    openssl_server 10.30.7.12:6972 -cert "$pki/sub-ec.crt" -key "$pki/sub-ec.key"
    capture ecdsa-root-missing.pcap
    expressway_client 10.30.7.12:6972 -servername cucmsub.example.org
    finish ecdsa-root-missing.pcap
}

record_root_missing() {
    tomcat 10.30.7.11:8443
    capture root-missing.pcap
    expressway_client 10.30.7.11:8443 -CAfile "$(trust expressway-without-root)"
    finish root-missing.pcap
    # the same bytes as an engineer may receive them
    gzip -9nc "$samples/root-missing.pcap" >"$samples/root-missing.pcap.gz"
    zstd -q -19 -c "$samples/root-missing.pcap" >"$samples/root-missing.pcap.zst"
    xz -9c "$samples/root-missing.pcap" >"$samples/root-missing.pcap.xz"
}

record_intermediate_not_sent() {
    openssl_server 10.30.7.11:8443 -cert "$pki/tomcat.crt" -key "$pki/tomcat.key"
    capture intermediate-not-sent.pcap
    expressway_client 10.30.7.11:8443
    finish intermediate-not-sent.pcap
}

record_wrong_name_openssl() {
    openssl_server 10.30.7.13:8443 -cert "$pki/imp.crt" -key "$pki/imp.key" -cert_chain "$pki/issuing.crt"
    capture wrong-name-openssl.pcap
    expressway_client 10.30.7.13:8443 -verify_hostname cucmpub.example.org
    finish wrong-name-openssl.pcap
}

record_expired() {
    openssl_server 10.30.7.11:8443 -cert "$pki/tomcat-expired.crt" -key "$pki/tomcat-expired.key" \
        -cert_chain "$pki/issuing.crt"
    capture expired.pcap
    expressway_client 10.30.7.11:8443
    finish expired.pcap
}

record_not_yet_valid() {
    openssl_server 10.30.7.11:8443 -cert "$pki/tomcat-future.crt" -key "$pki/tomcat-future.key" \
        -cert_chain "$pki/issuing.crt"
    capture not-yet-valid.pcap
    expressway_client 10.30.7.11:8443
    finish not-yet-valid.pcap
}

# --- mutual TLS ---------------------------------------------------------------

# cucm_asking_for_certificate ADDRESS:PORT TRUST-STORE OPTIONS...
cucm_asking_for_certificate() {
    tomcat "$1" -Verify 2 -verify_return_error -CAfile "$(trust "$2")" "${@:3}"
}

record_mtls_accepted() {
    cucm_asking_for_certificate 10.30.7.11:6972 cucm-with-expressway
    capture mtls-accepted.pcap
    expressway_client 10.30.7.11:6972 -cert "$pki/expc.crt" -key "$pki/expc.key"
    finish mtls-accepted.pcap
}

record_mtls_refused_tls12() {
    cucm_asking_for_certificate 10.30.7.11:6972 cucm
    capture mtls-refused-tls12.pcap
    expressway_client 10.30.7.11:6972 -cert "$pki/expc.crt" -key "$pki/expc.key"
    finish mtls-refused-tls12.pcap
}

record_mtls_refused_tls13() {
    cucm_asking_for_certificate 10.30.7.11:5061 cucm
    capture mtls-refused-tls13.pcap
    openssl_client 10.30.7.11:5061 -tls1_3 -servername cucmpub.example.org -CAfile "$(trust expressway)" \
        -cert "$pki/expc.crt" -key "$pki/expc.key"
    finish mtls-refused-tls13.pcap
}

record_mtls_empty_certificate() {
    cucm_asking_for_certificate 10.30.7.11:6972 cucm-with-expressway
    capture mtls-empty-certificate.pcap
    expressway_client 10.30.7.11:6972
    finish mtls-empty-certificate.pcap
}

record_mtls_refused_java() {
    local stores=(-deststoretype PKCS12 -deststorepass changeit -noprompt)
    openssl pkcs12 -export -name tomcat -passout pass:changeit -out "$work/tomcat.p12" \
        -inkey "$pki/tomcat.key" -in "$pki/tomcat.chain"
    keytool -importkeystore -srckeystore "$work/tomcat.p12" -srcstorepass changeit -destkeystore "$work/key.p12" \
        "${stores[@]}" >>"$work/log" 2>&1
    keytool -importcert -alias root -file "$pki/root.crt" -keystore "$work/trust.p12" -storetype PKCS12 \
        -storepass changeit -noprompt >>"$work/log" 2>&1
    background "${UC[@]}" java -Djavax.net.ssl.keyStore="$work/key.p12" -Djavax.net.ssl.keyStorePassword=changeit \
        -Djavax.net.ssl.trustStore="$work/trust.p12" -Djavax.net.ssl.trustStorePassword=changeit \
        "$samples/JavaServer.java" 10.30.7.11 5091
    listening tlsight-uc 5091
    capture mtls-refused-java.pcap
    expressway_client 10.30.7.11:5091 -cert "$pki/expc.crt" -key "$pki/expc.key"
    finish mtls-refused-java.pcap
}

# --- TLS 1.3 --------------------------------------------------------------------

record_tls13_trusted() {
    openssl_server 192.0.2.30:7001 -cert "$pki/expe.crt" -key "$pki/expe.key"
    capture tls13-trusted.pcap
    openssl_client 192.0.2.30:7001 -servername expe.example.org -CAfile "$(trust expressway)"
    finish tls13-trusted.pcap
}

record_tls13_client_refuses() {
    tomcat 10.30.7.11:8443
    capture tls13-client-refuses.pcap
    openssl_client 10.30.7.11:8443 -servername cucmpub.example.org -CAfile "$(trust expressway-without-root)"
    finish tls13-client-refuses.pcap
}

record_tls13_client_refuses_gnutls() {
    tomcat 10.30.7.11:8443
    capture tls13-client-refuses-gnutls.pcap
    "${EXPC[@]}" timeout 5 gnutls-cli --x509cafile "$(trust expressway-without-root)" \
        --sni-hostname cucmpub.example.org --verify-hostname cucmpub.example.org -p 8443 10.30.7.11 \
        >>"$work/log" 2>&1 </dev/null || true
    finish tls13-client-refuses-gnutls.pcap
}

record_hello_retry_request() {
    tomcat 10.30.7.11:8443 -groups P-384
    capture hello-retry-request.pcap
    openssl_client 10.30.7.11:8443 -groups X25519:P-384 -servername cucmpub.example.org -CAfile "$(trust expressway)"
    finish hello-retry-request.pcap
}

# Both sides show a key without a certificate (RFC 7250), in TLS 1.2 and in TLS 1.3; the file holds the secrets.
record_raw_public_keys() {
    local side version priority
    for side in server client; do
        openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/raw-$side.key"
        openssl pkey -in "$work/raw-$side.key" -pubout -out "$work/raw-$side.pub"
    done
    capture raw.pcap
    for version in 1.2 1.3; do
        priority=NORMAL:-VERS-ALL:+VERS-TLS$version:-CTYPE-ALL:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK
        background "${UC[@]}" gnutls-serv --echo -p 8443 --require-client-cert --priority "$priority" \
            --rawpkkeyfile "$work/raw-server.key" --rawpkfile "$work/raw-server.pub"
        listening tlsight-uc 8443
        echo hello | SSLKEYLOGFILE=$work/raw.keys "${EXPC[@]}" timeout 5 gnutls-cli --insecure -p 8443 10.30.7.11 \
            --rawpkkeyfile "$work/raw-client.key" --rawpkfile "$work/raw-client.pub" --priority "$priority" \
            >>"$work/log" 2>&1 || true
        stop_servers
    done
    finish
    editcap -F pcapng --inject-secrets tls,"$work/raw.keys" "$work/raw.pcap" "$samples/raw-public-keys.pcapng"
}

# --- handshakes that never get as far as a certificate, or need none ---------------

record_no_common_cipher() {
    tomcat 10.30.7.11:8443
    capture no-common-cipher.pcap
    expressway_client 10.30.7.11:8443 -cipher ECDHE-ECDSA-AES256-GCM-SHA384
    finish no-common-cipher.pcap
}

record_no_common_version() {
    tomcat 10.30.7.11:8443 -tls1_2
    capture no-common-version.pcap
    openssl_client 10.30.7.11:8443 -tls1_1 -cipher DEFAULT@SECLEVEL=0 -servername cucmpub.example.org
    finish no-common-version.pcap
}

record_resumed_tls12() {
    tomcat 10.30.7.11:8443
    capture resumed-tls12.pcap
    expressway_client 10.30.7.11:8443 -sess_out "$work/session"
    expressway_client 10.30.7.11:8443 -sess_in "$work/session"
    finish resumed-tls12.pcap
}

record_renegotiation() {
    tomcat 10.30.7.11:8443 -client_renegotiation
    capture renegotiation.pcap
    { sleep 0.5; echo R; sleep 0.5; echo Q; } |
        "${EXPC[@]}" timeout 5 openssl s_client -connect 10.30.7.11:8443 -tls1_2 -servername cucmpub.example.org \
            -CAfile "$(trust expressway)" >>"$work/log" 2>&1 || true
    finish renegotiation.pcap
}

# The server asks for another handshake, as web servers do that want a client certificate for some
# paths only; the client refuses. With a certificate of its own: recorded by itself.
record_renegotiation_refused() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/again.key" -out "$work/again.crt" -days 7000 \
        -subj /O=Example/CN=cucmpub.example.org -addext subjectAltName=DNS:cucmpub.example.org 2>>"$work/log"
    { sleep 2; echo R; sleep 2; } |
        "${UC[@]}" openssl s_server -accept 10.30.7.11:8443 -tls1_2 -cert "$work/again.crt" \
            -key "$work/again.key" >>"$work/log" 2>&1 &
    pids+=($!)
    listening tlsight-uc 8443
    capture renegotiation-refused.pcap
    sleep 3.5 |
        "${EXPC[@]}" timeout 5 openssl s_client -connect 10.30.7.11:8443 -tls1_2 -no_renegotiation \
            -servername cucmpub.example.org >>"$work/log" 2>&1 || true
    finish renegotiation-refused.pcap
}

record_reset_after_client_hello() {
    background "${UC[@]}" python3 -c '
import socket, struct
listener = socket.create_server(("10.30.7.11", 8443))
connection, _ = listener.accept()
connection.recv(4096)
connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
connection.close()'
    listening tlsight-uc 8443
    capture reset-after-client-hello.pcap
    expressway_client 10.30.7.11:8443
    finish reset-after-client-hello.pcap
}

record_client_hello_unanswered() {
    background "${UC[@]}" python3 -c '
import socket, time
listener = socket.create_server(("10.30.7.11", 8443))
time.sleep(60)'
    listening tlsight-uc 8443
    capture client-hello-unanswered.pcap
    "${EXPC[@]}" timeout 2 openssl s_client -connect 10.30.7.11:8443 -tls1_2 -cipher "$ecdsa_first" \
        -servername cucmpub.example.org >>"$work/log" 2>&1 </dev/null || true
    finish client-hello-unanswered.pcap
}

# Nothing listens: the kernel answers the SYN with RST
record_connection_refused() {
    capture connection-refused.pcap
    expressway_client 10.30.7.11:8443
    finish connection-refused.pcap
}

# Plain HTTP where TLS is wanted
record_server_speaks_http() {
    background "${UC[@]}" python3 -m http.server -b 10.30.7.11 -d "$work" 8443
    listening tlsight-uc 8443
    capture server-speaks-http.pcap
    expressway_client 10.30.7.11:8443
    finish server-speaks-http.pcap
}

# and the reverse: http in place of https
record_client_speaks_http() {
    openssl_server 10.30.7.11:8443 -nocert
    capture client-speaks-http.pcap
    "${EXPC[@]}" curl -s -m 5 -o /dev/null http://10.30.7.11:8443/cucm-uds/version || true
    finish client-speaks-http.pcap
}

# the way out, to a service in the cloud, is a proxy that wants to know who asks
record_proxy_wants_password() {
    printf '%s\n' "Port 3128" "Listen 10.30.7.11" "BasicAuth user password" "Timeout 10" >"$work/tinyproxy.conf"
    background "${UC[@]}" tinyproxy -d -c "$work/tinyproxy.conf"
    listening tlsight-uc 3128
    capture proxy-wants-password.pcap
    "${EXPC[@]}" curl -s -m 5 -o /dev/null -x http://10.30.7.11:3128 https://cloud.example.net/ || true
    finish proxy-wants-password.pcap
}

# OpenSSL answers the end of the stream inside a handshake with decode_error (50)
record_closed_after_client_hello() {
    background "${UC[@]}" python3 -c '
import socket
listener = socket.create_server(("10.30.7.11", 8443))
connection, _ = listener.accept()
connection.recv(4096)
connection.shutdown(socket.SHUT_WR)
connection.recv(4096)'
    listening tlsight-uc 8443
    capture closed-after-client-hello.pcap
    expressway_client 10.30.7.11:8443
    finish closed-after-client-hello.pcap
}

# --- TLS inside other protocols, and other protocols beside TLS ---------------------

record_xmpp_starttls() {
    mkdir -p "$work/xmpp"
    cp "$pki/imp.chain" "$work/xmpp/example.org.crt"
    cp "$pki/imp.key" "$work/xmpp/example.org.key"
    chmod 755 "$work" "$work/xmpp"
    chmod 644 "$work/xmpp"/*
    cat >"$work/xmpp/prosody.cfg.lua" <<END
run_as_root = true
pidfile = "$work/xmpp/pid"
data_path = "$work/xmpp"
interfaces = { "10.30.7.13" }
c2s_require_encryption = true
modules_enabled = { "tls", "saslauth" }
modules_disabled = { "s2s" }
ssl = { key = "$work/xmpp/example.org.key", certificate = "$work/xmpp/example.org.crt" }
log = { info = "$work/xmpp/log" }
VirtualHost "example.org"
END
    background "${UC[@]}" prosody --config "$work/xmpp/prosody.cfg.lua" -F
    listening tlsight-uc 5222
    capture xmpp-starttls.pcap
    "${EXPC[@]}" timeout 5 openssl s_client -connect 10.30.7.13:5222 -starttls xmpp -xmpphost example.org -tls1_2 \
        -servername imp.example.org -CAfile "$(trust expressway)" >>"$work/log" 2>&1 </dev/null || true
    finish xmpp-starttls.pcap
}

record_ssh_and_http_beside_tls() {
    mkdir -p /run/sshd
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/ssh_host_key"
    background "${UC[@]}" /usr/sbin/sshd -D -e -f /dev/null -h "$work/ssh_host_key" -p 2222 \
        -o ListenAddress=192.0.2.30 -o KexAlgorithms=curve25519-sha256 -o PidFile=none
    background "${UC[@]}" python3 -m http.server -b 10.30.7.11 -d "$work/xmpp" 6970
    tomcat 10.30.7.11:8443
    listening tlsight-uc 2222
    listening tlsight-uc 6970
    capture ssh-and-http-beside-tls.pcap
    "${EXPC[@]}" ssh -F /dev/null -p 2222 -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        -o KexAlgorithms=curve25519-sha256 nobody@192.0.2.30 true >>"$work/log" 2>&1 </dev/null || true
    "${EXPC[@]}" curl -s -m 5 -o /dev/null http://10.30.7.11:6970/CSFALICE.cnf.xml || true
    expressway_client 10.30.7.11:8443
    finish ssh-and-http-beside-tls.pcap
}

# --- ways to capture ----------------------------------------------------------------

record_truncated() {
    tomcat 10.30.7.11:8443
    capture truncated.pcap
    expressway_client 10.30.7.11:8443
    finish
    # in the middle of frame 6, which holds the first part of the server's certificate
    head -c 2000 "$work/truncated.pcap" >"$samples/truncated.pcap"
}

record_snaplen_96() {
    tomcat 10.30.7.11:8443
    capture snaplen-96.pcap -i eth0 -s 96 tcp
    expressway_client 10.30.7.11:8443
    finish snaplen-96.pcap
}

record_packet_lost() {
    tomcat 10.30.7.11:8443
    capture packet-lost.pcap
    expressway_client 10.30.7.11:8443
    finish
    # frame 6 is the first segment of the server's flight, which holds its certificate
    editcap -F pcap "$work/packet-lost.pcap" "$samples/packet-lost.pcap" 6
}

record_client_to_server_only() {
    tomcat 10.30.7.11:8443
    capture client-to-server-only.pcap -i eth0 tcp and src host 10.30.5.20
    expressway_client 10.30.7.11:8443
    finish client-to-server-only.pcap
}

record_begun_mid_stream() {
    tomcat 10.30.7.11:8443
    { sleep 1.5; printf 'GET /cucm-uds/version HTTP/1.0\r\n\r\n'; } |
        "${EXPC[@]}" timeout 5 openssl s_client -quiet -connect 10.30.7.11:8443 -tls1_2 \
            -servername cucmpub.example.org >>"$work/log" 2>&1 &
    local client=$!
    sleep 0.7
    capture begun-mid-stream.pcap
    wait "$client" || true
    finish begun-mid-stream.pcap
}

record_any_interface_sll2() {
    tomcat 10.30.7.11:8443
    capture any-interface-sll2.pcap -i any tcp
    expressway_client 10.30.7.11:8443
    finish any-interface-sll2.pcap
}

record_any_interface_sll() {
    tomcat 10.30.7.11:8443
    capture any-interface-sll.pcap -i any -y LINUX_SLL tcp
    expressway_client 10.30.7.11:8443
    finish any-interface-sll.pcap
}

record_vlan() {
    local side
    for side in tlsight-expc tlsight-uc; do
        ip netns exec "$side" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
        background ip netns exec "$side" python3 "$samples/vlan_tag.py" vlan705 eth0 705
        until ip -n "$side" link show vlan705 up 2>/dev/null | grep -q vlan705; do sleep 0.05; done
        # frames grow by the tag, which eth0 has no room for
        ip -n "$side" link set vlan705 mtu 1496
    done
    ip -n tlsight-expc address add 10.40.5.20/16 dev vlan705
    ip -n tlsight-uc address add 10.40.7.11/16 dev vlan705
    tomcat 10.40.7.11:8443
    capture vlan.pcap -i eth0 vlan and tcp
    expressway_client 10.40.7.11:8443
    finish vlan.pcap
}

record_ipv6() {
    tomcat '[2001:db8:30:7::11]:8443'
    capture ipv6.pcap
    expressway_client '[2001:db8:30:7::11]:8443'
    finish ipv6.pcap
}

record_written_by_dumpcap() {
    tomcat 10.30.7.11:8443
    dump written-by-dumpcap.pcapng -n
    expressway_client 10.30.7.11:8443
    finish
    # dumpcap writes the kernel's release into the file; whose machine recorded it is of no use to a reader
    local release
    release=$(uname -r)
    LC_ALL=C sed "s/$release/${release//?/x}/g" "$work/written-by-dumpcap.pcapng" >"$samples/written-by-dumpcap.pcapng"
}

record_rotated() {
    tomcat 10.30.7.11:8443
    # the second file begins with frame 8, the second half of the server's certificate
    dump rotated.pcap -P -b packets:7
    expressway_client 10.30.7.11:8443 -CAfile "$(trust expressway-without-root)"
    finish
    cp "$work"/rotated_00001_*.pcap "$samples/rotated-0.pcap"
    cp "$work"/rotated_00002_*.pcap "$samples/rotated-1.pcap"
}

# --- what the diagnostic archives show (archives.py) ------------------------------------

# Certificates that only the archives need, and trust lists that hold them
make_archive_pki() {
    rm -rf "$target"
    mkdir -p "$target"
    local name
    for name in tomcat-self callmanager-self sub-self expc-server-only; do
        openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$pki/$name.key"
    done
    # Tomcat and CallManager of one node sign themselves: one name, two keys
    certificate tomcat-self /O=Example/CN=cucmpub.example.org tomcat-self 4f1a2b3c4d5e6f708192a3b4c5d6e701 \
        "$(self_signed_extensions cucmpub.example.org)"
    certificate callmanager-self /O=Example/CN=cucmpub.example.org callmanager-self 61c2d3e4f5061728394a5b6c7d8e9f02 \
        "$(self_signed_extensions cucmpub.example.org)"
    certificate sub-self /O=Example/CN=cucmsub.example.org sub-self 73d4e5f60718293a4b5c6d7e8f90a103 \
        "$(self_signed_extensions cucmsub.example.org)"
    certificate expc-server-only /O=Example/CN=expc.example.org voice-root 7e100000000000000c21 \
        "$(extensions expc.example.org | sed 's/, clientAuth//')"
    trust_store namesakes root voice-root tomcat-self callmanager-self
    for name in root issuing voice-root ec-root tomcat-self callmanager-self sub-self expc expc-server-only expe; do
        cp "$pki/$name.crt" "$target/$name.pem"
    done
}

# sip_client ADDRESS:PORT OPTIONS...: the SIP side of Expressway-C, which shows its certificate; no server name
sip_client() {
    openssl_client "$1" -noservername -cipher "$rsa_first" -CAfile "$(trust expressway)" \
        -cert "$pki/expc.crt" -key "$pki/expc.key" "${@:2}"
}

# traversal_server ADDRESS:PORT: the SIP side of Expressway-E, which wants a certificate
traversal_server() {
    openssl_server "$1" -cert "$pki/expe.crt" -key "$pki/expe.key" -Verify 2 -verify_return_error \
        -purpose sslclient -CAfile "$(trust expressway)"
}

archive_namesakes() {
    openssl_server 10.30.7.11:8443 -cert "$pki/tomcat-self.crt" -key "$pki/tomcat-self.key"
    openssl_server 10.30.7.11:5061 -cert "$pki/callmanager-self.crt" -key "$pki/callmanager-self.key"
    capture namesakes.pcap
    expressway_client 10.30.7.11:8443 -cipher "$rsa_first" -CAfile "$(trust namesakes)"
    sip_client 10.30.7.11:5061 -tls1_2 -CAfile "$(trust namesakes)"
    finish namesakes.pcap
}

# TLS 1.3: the root of 8443 is unknown, and the zone to Expressway-E works
archive_hidden_certificates() {
    tomcat 10.30.7.11:8443
    traversal_server 192.0.2.30:7001
    capture hidden-certificates.pcap
    sip_client 192.0.2.30:7001 -sigalgs "$rsa_signatures:$ecdsa_signatures"
    openssl_client 10.30.7.11:8443 -cipher "$rsa_first" -servername cucmpub.example.org \
        -CAfile "$(trust expressway-without-root)"
    finish hidden-certificates.pcap
}

# TLS 1.3 on 5061: RSA and ECDSA certificates, and the client's signature algorithms put ECDSA first
archive_sip_ecdsa_first() {
    tomcat 10.30.7.11:5061 -dcert "$pki/tomcat-ec.crt" -dkey "$pki/tomcat-ec.key"
    capture sip-ecdsa-first.pcap
    sip_client 10.30.7.11:5061 -sigalgs "$ecdsa_signatures:$rsa_signatures"
    finish sip-ecdsa-first.pcap
}

# RSA is first in the client's signature algorithms, ECDSA first in its TLS 1.2 ciphers. Unified CM 15SU2 goes by
# the ciphers; a server that has the EC certificate only stands in for it.
archive_sip_by_cipher_order() {
    openssl_server 10.30.7.11:5061 -cert "$pki/tomcat-ec.crt" -key "$pki/tomcat-ec.key"
    capture sip-by-cipher-order.pcap
    sip_client 10.30.7.11:5061 -cipher "$ecdsa_first" -sigalgs "$rsa_signatures:$ecdsa_signatures"
    finish sip-by-cipher-order.pcap
}

archive_certificate_reused() {
    tomcat 10.30.7.11:8443
    tomcat 10.30.7.11:5061
    capture certificate-reused.pcap
    expressway_client 10.30.7.11:8443 -cipher "$rsa_first"
    sip_client 10.30.7.11:5061 -tls1_2
    finish certificate-reused.pcap
}

# 8443 of publisher, subscriber and IM and Presence, as a user's login asks them
archive_subscriber_bad() {
    name_server
    tomcat 10.30.7.11:8443
    openssl_server 10.30.7.12:8443 -cert "$pki/sub-self.crt" -key "$pki/sub-self.key"
    openssl_server 10.30.7.13:8443 -cert "$pki/imp.crt" -key "$pki/imp.key" -cert_chain "$pki/issuing.crt"
    start_traffic_server expressway "$rsa_first"
    capture subscriber-bad.pcap -i eth0 tcp or udp port 53
    through_traffic_server cucmpub.example.org/8443/cucm-uds/version
    through_traffic_server cucmsub.example.org/8443/cucm-uds/version
    through_traffic_server imp.example.org/8443/cucm-uds/version
    finish subscriber-bad.pcap
}

# Mixed mode: CallManager-trust knows the CA of Expressway-C, tomcat-trust, which SIP OAuth goes by, does not
archive_sip_oauth() {
    tomcat 10.30.7.11:8443
    cucm_asking_for_certificate 10.30.7.11:5061 cucm-with-expressway
    cucm_asking_for_certificate 10.30.7.11:5091 cucm
    capture sip-oauth.pcap
    expressway_client 10.30.7.11:8443 -cipher "$rsa_first"
    sip_client 10.30.7.11:5061 -tls1_2
    sip_client 10.30.7.11:5091 -tls1_2
    finish sip-oauth.pcap
}

archive_no_client_auth() {
    traversal_server 192.0.2.30:7001
    capture no-client-auth.pcap
    sip_client 192.0.2.30:7001 -tls1_2 -cert "$pki/expc-server-only.crt" -key "$pki/expc-server-only.key"
    finish no-client-auth.pcap
}

# What an MRA client outside does at the same time: 8443 and 5061 of Expressway-E
archive_client_outside() {
    ip -n tlsight-expc address add 203.0.113.9/32 dev eth0
    ip -n tlsight-uc route add 203.0.113.9/32 dev eth0
    openssl_server 192.0.2.30:8443 -cert "$pki/expe.crt" -key "$pki/expe.key"
    openssl_server 192.0.2.30:5061 -cert "$pki/expe.crt" -key "$pki/expe.key"
    capture client-outside.pcap
    local port
    for port in 8443 5061; do
        openssl_client 192.0.2.30:$port -bind 203.0.113.9:0 -tls1_2 -servername expe.example.org \
            -CAfile "$(trust expressway)"
    done
    finish client-outside.pcap
    ip -n tlsight-expc address del 203.0.113.9/32 dev eth0
}

# Every service of Unified CM that asks for a certificate refuses that of Expressway-C
archive_refused_by_cucm() {
    name_server
    tomcat 10.30.7.11:8443
    local service
    for service in 10.30.7.11:6971 10.30.7.11:6972 10.30.7.12:6972 10.30.7.11:5061 10.30.7.11:5091; do
        cucm_asking_for_certificate "$service" cucm
    done
    start_traffic_server expressway "$rsa_first"
    capture refused-by-cucm.pcap -i eth0 tcp or udp port 53
    sip_client 10.30.7.11:5061 -tls1_2
    sip_client 10.30.7.11:5091 -tls1_2
    through_traffic_server cucmpub.example.org/8443/cucm-uds/version
    through_traffic_server cucmpub.example.org/6971/CSFALICE.cnf.xml
    through_traffic_server cucmpub.example.org/6972/CSFALICE.cnf.xml
    through_traffic_server cucmsub.example.org/6972/CSFALICE.cnf.xml
    finish refused-by-cucm.pcap
}

# A traffic server that verifies nothing, as in old versions, and self-signed EC certificates on 6972
archive_not_verifying() {
    name_server
    cucm_cluster cucm-with-expressway
    start_traffic_server expressway "$ecdsa_first" DISABLED
    capture not-verifying.pcap -i eth0 tcp or udp port 53
    mra_login
    finish not-verifying.pcap
}

# A traffic server that verifies, and a root that it does not know
archive_root_unknown() {
    name_server
    tomcat 10.30.7.11:8443
    start_traffic_server expressway-without-root "$rsa_first"
    capture root-unknown.pcap -i eth0 tcp or udp port 53
    through_traffic_server cucmpub.example.org/8443/cucm-uds/version
    finish root-unknown.pcap
}

# A login that works, RSA first everywhere, the zones to Unified CM and to Expressway-E included
archive_healthy() {
    name_server
    local node service
    for node in 10.30.7.11 10.30.7.12; do tomcat $node:8443; done
    openssl_server 10.30.7.13:8443 -cert "$pki/imp.crt" -key "$pki/imp.key" -cert_chain "$pki/issuing.crt"
    for service in 10.30.7.11:6972 10.30.7.12:6972 10.30.7.11:5061; do
        cucm_asking_for_certificate $service cucm-with-expressway
    done
    traversal_server 192.0.2.30:7001
    start_traffic_server expressway "$rsa_first"
    capture healthy.pcap -i eth0 tcp or udp port 53
    sip_client 192.0.2.30:7001 -tls1_2
    sip_client 10.30.7.11:5061 -tls1_2
    mra_login
    through_traffic_server cucmsub.example.org/8443/cucm-uds/version
    finish healthy.pcap
}

# The second peer of a cluster, whose trust list lacks the root that the first one has
archive_second_peer() {
    ip -n tlsight-expc address add 10.30.5.21/16 dev eth0
    tomcat 10.30.7.11:8443
    capture second-peer.pcap -i eth0 tcp and host 10.30.5.21
    expressway_client 10.30.7.11:8443 -bind 10.30.5.21:0 -cipher "$rsa_first" -CAfile "$(trust expressway-without-root)"
    finish second-peer.pcap
    ip -n tlsight-expc address del 10.30.5.21/16 dev eth0
}

# --- before and after each remedy (tlsight diff) -------------------------------------------

# The pairs have a folder of their own, with the trust stores that belong to their keys.
set_apart() {
    target=$samples/remedies
    stores=$target/trust
    rm -rf "$target"
    mkdir -p "$target"
}

# login FILE CLUSTER CUCM-TRUST-STORE TRUST-STORE [CIPHERS [POLICY]]
login() {
    name_server
    "$2" "$3"
    start_traffic_server "${@:4}"
    capture "$1" -i eth0 tcp or udp port 53
    mra_login
    finish "$1"
}

# cucm_following CUCM-TRUST-STORE: the services of cucm_cluster by openssl, which goes by the client's order of
# ciphers; HAProxy shows its EC certificate to whoever can take it
cucm_following() {
    tomcat 10.30.7.11:8443
    openssl_server 10.30.7.13:8443 -cert "$pki/imp.crt" -key "$pki/imp.key" -cert_chain "$pki/issuing.crt"
    cucm_asking_for_certificate 10.30.7.11:6972 "$1" -dcert "$pki/tomcat-ec.crt" -dkey "$pki/tomcat-ec.key"
    cucm_asking_for_certificate 10.30.7.12:6972 "$1" -dcert "$pki/tomcat-ec-sub.crt" -dkey "$pki/tomcat-ec-sub.key"
}

# X14.0.5 verifies nothing, X14.2 everything; both offer ECDSA first.
remedy_before_upgrade() {
    login before-upgrade.pcap cucm_following cucm-with-expressway expressway "$ecdsa_first" DISABLED
}

remedy_upgraded() {
    login upgraded.pcap cucm_following cucm-with-expressway expressway
}

remedy_upgraded_again() {
    login upgraded-again.pcap cucm_following cucm-with-expressway expressway
}

# The four remedies of the vendor's document against an EC certificate that is not trusted
remedy_rsa_prefix() {
    login rsa-prefix.pcap cucm_following cucm-with-expressway expressway "$rsa_first"
}

remedy_ecdsa_last() {
    login ecdsa-last.pcap cucm_following cucm-with-expressway expressway "$ecdsa_first:+ECDSA"
}

remedy_ecdsa_forbidden() {
    login ecdsa-forbidden.pcap cucm_following cucm-with-expressway expressway "$ecdsa_first:!ECDSA"
}

remedy_ecdsa_trusted() {
    login ecdsa-trusted.pcap cucm_following cucm-with-expressway expressway-with-ecdsa
}

# A server that does not go by the client's order: the order is no remedy there.
remedy_haproxy_upgraded() {
    login haproxy-upgraded.pcap cucm_cluster cucm-with-expressway expressway
}

remedy_haproxy_rsa_prefix() {
    login haproxy-rsa-prefix.pcap cucm_cluster cucm-with-expressway expressway "$rsa_first"
}

remedy_haproxy_ecdsa_forbidden() {
    login haproxy-ecdsa-forbidden.pcap cucm_cluster cucm-with-expressway expressway "$ecdsa_first:!ECDSA"
}

# Unified CM does not know the CA of Expressway-C; afterwards it does (ecdsa-trusted.pcap).
remedy_refused_by_cucm() {
    login refused-by-cucm.pcap cucm_following cucm expressway-with-ecdsa
}

# The CA of the EC certificate, not that certificate
remedy_ec_ca() {
    openssl_server 10.30.7.12:6972 -cert "$pki/sub-ec.crt" -key "$pki/sub-ec.key"
    local state store=expressway
    for state in missing trusted; do
        capture ec-ca-$state.pcap
        expressway_client 10.30.7.12:6972 -servername cucmsub.example.org -CAfile "$(trust "$store")"
        finish ec-ca-$state.pcap
        store=expressway-with-ecdsa
    done
}

# Unified CM under System > Server by its short name, by its address, and by its full name
remedy_name() {
    name_server
    cucm_cluster cucm-with-expressway
    start_traffic_server expressway
    local state host
    for state in short:cucmpub address:10.30.7.11 full:cucmpub.example.org; do
        host=${state#*:}
        capture "name-${state%:*}.pcap" -i eth0 tcp or udp port 53
        through_traffic_server "$host/8443/cucm-uds/version"
        finish "name-${state%:*}.pcap"
    done
}

remedy_renewed() {
    local state
    for state in expired renewed; do
        local certificate=tomcat
        [[ $state == renewed ]] || certificate=tomcat-expired
        openssl_server 10.30.7.11:8443 -cert "$pki/$certificate.crt" -key "$pki/tomcat.key" -cert_chain "$pki/issuing.crt"
        capture certificate-$state.pcap
        expressway_client 10.30.7.11:8443
        finish certificate-$state.pcap
        stop_servers
    done
}

# The same connection under TLS 1.3, which hides the certificates
remedy_tls13() {
    tomcat 10.30.7.11:8443
    capture tls13-hides.pcap
    openssl_client 10.30.7.11:8443 -servername cucmpub.example.org -CAfile "$(trust expressway)"
    finish tls13-hides.pcap
}

main "$@"
