#!/usr/bin/env python3
"""Brings the output of `tlsight --json` into the schema of the TLS oracle.

    python3 tests/oracle/to_oracle.py TLSIGHT_BINARY CAPTURE... > candidate.jsonl

One JSON object per line and connection. A capture that tlsight refuses yields
{"file": ..., "error": ...}.
"""
import json
import os
import subprocess
import sys

TIMEOUT_SECONDS = 120


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    for capture in sys.argv[2:]:
        for record in records(sys.argv[1], capture):
            print(json.dumps(record, sort_keys=True))


def records(binary, capture):
    name = os.path.basename(capture)
    # The oracle's facts are without keys.
    run = subprocess.run([binary, "--json", "--fail-on", "never", "--no-embedded-keys", capture],
                         capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
    if run.returncode not in (0, 2) or not run.stdout:
        message = run.stderr.decode("utf-8", "replace").strip()
        return [{"file": name, "error": message or "exit status %d" % run.returncode}]
    document = json.loads(run.stdout)
    found = [connection(name, c) for c in document["connections"]]
    for capture_input in document["inputs"]:
        found += [{"file": name, "error": error} for error in capture_input["errors"]]
    return found


def connection(name, c):
    hello = c["client_hello"] or {}
    client_ip, client_port = end(c["client"])
    server_ip, server_port = end(c["server"])
    retry = c["hello_retry_request"]
    request = c["certificate_request"]
    return {
        "file": name,
        "client_ip": client_ip, "client_port": client_port,
        "server_ip": server_ip, "server_port": server_port,
        "tcp_stream": c["stream"],
        "handshake_seen": bool(hello or c["server_hello"] or c["server_certificates"]),
        "client_hello_seen": bool(hello),
        "sni": c["sni"],
        "client_legacy_version": digits(hello.get("legacy_version")),
        "supported_versions": codes(hello.get("supported_versions")),
        "cipher_suites": codes(hello.get("cipher_suites")),
        "extensions": ["%04x" % e["code"] for e in hello.get("extensions", [])],
        "signature_algorithms": codes(hello.get("signature_algorithms")),
        "supported_groups": codes(hello.get("supported_groups")),
        "key_share_groups": codes(hello.get("key_share_groups")),
        "alpn": hello.get("alpn", []),
        "session_id": hello.get("session_id", ""),
        "server": server(c["server_hello"]),
        "hello_retry_request": retry is not None,
        "hello_retry_group": digits(retry["key_share_group"]) if retry else None,
        "server_certificates": [certificate(x) for x in c["server_certificates"]],
        "client_certificates": [certificate(x) for x in c["client_certificates"] or []],
        "certificate_request": {
            "seen": request is not None,
            "ca_dn_count": len(request["ca_names"]) if request else 0,
        },
        "alerts": [{"from": a["from"], "level": 2 if a["level"] == "fatal" else 1,
                    "description": a["code"]} for a in c["alerts"] if not a["encrypted"]],
        "resumed": c["resumed"],
        "ja3": c["ja3"], "ja3s": c["ja3s"], "ja4": c["ja4"],
    }


def server(hello):
    if hello is None:
        return None
    return {
        "version": digits(hello["version"]),
        "cipher": digits(hello["cipher_suite"]),
        "alpn": hello["alpn"],
        "extensions": ["%04x" % e["code"] for e in hello["extensions"]],
        "key_share_group": digits(hello["key_share_group"]),
    }


def certificate(c):
    if "error" in c:
        return {"sha256": c["sha256"], "error": c["error"]}
    return {
        "serial": c["serial_hex"],
        "subject_cn": c["subject_cn"], "issuer_cn": c["issuer_cn"],
        "not_before": c["not_before"], "not_after": c["not_after"],
        "sha256": c["sha256"],
    }


def end(text):
    """`10.0.0.1:443` or `[::1]:443`."""
    address, port = text.rsplit(":", 1)
    return address.strip("[]"), int(port)


def digits(code):
    return code["code"][2:] if code else None


def codes(listed):
    return [digits(code) for code in listed or []]


if __name__ == "__main__":
    main()
