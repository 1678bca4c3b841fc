"""The settings: who serves, who connects before the change, and what is changed.

Every setting is a dictionary: name, server, clients (those that connect before the change, and again after it), change
(a kind and its value), keylog (whether the capture comes with its key log), and enough: whether the clients before the
change show all that an engineer would need for a prediction: where it is true, few values may stay unknown; product:
what the engineer knows of the server, or None; peer_trust: whether he knows its trust list.
"""
import itertools
import shutil

from pki import HOST

# What Expressway X14.2 offers, and the remedies of the vendor's document, "Expressway MRA and Unified CM certificates"
# (doc 225476), in its order.
ECDSA_FIRST = "EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL:!aDH"
RSA_FIRST = "ECDHE-RSA-AES256-GCM-SHA384:" + ECDSA_FIRST
ECDSA_LAST = ECDSA_FIRST + ":+ECDSA"
NO_ECDSA = ECDSA_FIRST + ":!ECDSA"
X15 = "HIGH:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL:!aDH:-AES256+SHA:-RSA+AESCCM:-DHE+AESCCM:-DHE+CHACHA20"
ONLY_ECDSA = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"
AES128 = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256"
NO_EXCHANGE = "AES256-GCM-SHA384:AES128-GCM-SHA256"
EDH = "DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256"
STRINGS = {"rsa-first": RSA_FIRST, "ecdsa-last": ECDSA_LAST, "no-ecdsa": NO_ECDSA, "x15": X15, "only-ecdsa": ONLY_ECDSA,
           "aes128": AES128, "no-exchange": NO_EXCHANGE, "edh": EDH, "ecdsa-first": ECDSA_FIRST}

ECDSA_SIGNATURES = ["ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512"]
RSA_SIGNATURES = ["rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512", "rsa_pkcs1_sha256",
                  "rsa_pkcs1_sha384", "rsa_pkcs1_sha512"]
ECDSA_SIGNED_FIRST = ":".join(ECDSA_SIGNATURES + RSA_SIGNATURES)
RSA_SIGNED_FIRST = ":".join(RSA_SIGNATURES + ECDSA_SIGNATURES)
# What SIP of an Expressway sends when TlsSignatureAlgoPrefRsa is On and TLS 1.3 is offered (225476).
EXPRESSWAY_RSA_FIRST = ":".join(["rsa_pss_rsae_sha512", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha256"]
                                + ECDSA_SIGNATURES[::-1])
ONLY_RSA_SIGNED = ":".join(RSA_SIGNATURES)

# Strings with suites for one kind of certificate only.
ONLY = ("only-ecdsa", "no-ecdsa")
# How the names of settings begin that are the legs of one case.
LEG = "leg-"
KINDS = {"rsa": ["rsa"], "ec": ["ec"], "two": ["rsa", "ec"]}


def client(**changed):
    return dict({"ciphers": ECDSA_FIRST, "sigalgs": ECDSA_SIGNED_FIRST, "groups": None, "versions": "1.2",
                 "trust": "both", "name": HOST, "verify": True, "certificate": None}, **changed)


def server(certificates, **changed):
    return dict({"program": "openssl", "certificates": certificates, "ciphers": None, "sigalgs": None, "groups": None,
                 "versions": "both", "own_order": False, "ask": None, "trust": None}, **changed)


def setting(name, server_, clients, change, enough, keylog=False, product=None):
    return {"name": name, "server": server_, "clients": clients, "change": change, "enough": enough, "keylog": keylog,
            "product": product, "peer_trust": False}


def settings():
    made = []
    for part in (cipher_strings, one_order_seen, disabled, anchors, replacements, only_tls12, signatures,
                 client_certificates, names, limits_of_servers, unlike_clients, known_product, remediable,
                 legs, haproxies):
        made += part()
    names_ = [one["name"] for one in made]
    assert len(set(names_)) == len(names_), "two settings of one name"
    return made


def apply(change, client_):
    """The client after the change."""
    kind, value = change
    after = dict(client_)
    if kind == "ciphers":
        after["ciphers"] = value
    elif kind == "rsa-prefix":
        after["ciphers"] = "ECDHE-RSA-AES256-GCM-SHA384:" + after["ciphers"]
    elif kind == "ecdsa-last":
        after["ciphers"] += ":+ECDSA"
    elif kind == "disable-ecdsa":
        after["ciphers"] += ":!ECDSA"
    elif kind == "tls12-only":
        after["versions"] = "1.2"
    elif kind == "sigalg-pref-rsa":
        after["sigalgs"] = client_["sigalgs"] if client_["versions"] == "1.2" else EXPRESSWAY_RSA_FIRST
    elif kind == "add-anchor":
        after["trust"] = "%s+%s" % (client_["trust"], value)
    elif kind == "remove-anchor":
        after["trust"] = "%s-without-%s" % (client_["trust"], value)
    return after


def served(change, server_):
    """The server after the change: a new certificate stands in the place of the one with the same kind of key."""
    kind, value = change
    if kind != "replace-cert":
        return server_
    shown = server_["certificates"]
    same = [one for one in shown if one[:2] == value[:2]]
    if len(shown) == 1 or not same:
        same = shown[:1]
    return dict(server_, certificates=[value if one in same else one for one in shown])


# --- parts -------------------------------------------------------------------------------------

# How a server chooses: by the client's order, by its own (that of OpenSSL puts ECDSA first), by its own with RSA first.
ORDERS = {"follows": {}, "own": {"own_order": True}, "own-rsa": {"own_order": True, "ciphers": RSA_FIRST}}
TWO_ORDERS = [client(), client(ciphers=ECDSA_LAST)]


def cipher_strings():
    """Both orders were seen, so that it is known whom the server follows. It is known what else the server has if its
    order or the client's brought it out, or if somebody offered nothing else."""
    changes = [name for name in STRINGS if name != "ecdsa-first"]
    made = []
    for kind, (order, how), change, only in itertools.product(KINDS, ORDERS.items(), changes, (None, *ONLY)):
        if only and (change not in ONLY or (kind == "two" and order == "follows")):
            continue
        clients = TWO_ORDERS + ([client(ciphers=STRINGS[only])] if only else [])
        brought_out = {"two-follows": set(ONLY), "two-own": {"only-ecdsa"}, "two-own-rsa": {"no-ecdsa"}}.get(
            "%s-%s" % (kind, order), {"only-ecdsa" if kind == "ec" else "no-ecdsa"})
        enough = change not in ("edh", "no-exchange", "aes128", *ONLY) or change in brought_out | {only}
        made.append(setting("ciphers-%s-%s-%s%s" % (kind, order, change, "-after-" + only if only else ""),
                            server(KINDS[kind], **how), clients, ("ciphers", STRINGS[change]), enough))
    return made


def one_order_seen():
    """Only one offer was seen: often it is honest not to know what comes of another."""
    made = []
    for kind, (order, how), (before, after) in itertools.product(
            KINDS, ORDERS.items(), [("ecdsa-first", "rsa-first"), ("rsa-first", "ecdsa-first"), ("ecdsa-last", "x15"),
                                    ("ecdsa-first", "no-ecdsa"), ("no-ecdsa", "ecdsa-first")]):
        made.append(setting("one-%s-%s-%s-%s" % (kind, order, before, after), server(KINDS[kind], **how),
                            [client(ciphers=STRINGS[before])], ("ciphers", STRINGS[after]), enough=False))
    return made


def disabled():
    made = []
    for kind, trust, seen in itertools.product(KINDS, ("both", "rsa", "none"), ("one", "two")):
        clients = [client(trust=trust), client(trust=trust, ciphers=ECDSA_LAST)][:1 if seen == "one" else 2]
        made.append(setting("disabled-%s-%s-%s" % (kind, trust, seen), server(KINDS[kind]), clients,
                            ("disable-ecdsa", None), enough=kind == "rsa" or (kind == "two" and seen == "two")))
    made.append(setting("disabled-tls13", server(KINDS["two"]), [client(versions="both")], ("disable-ecdsa", None),
                        enough=False, keylog=True))
    return made


def anchors():
    """The certificate stays, so all is known; under TLS 1.3 where the key log shows the certificate."""
    cases = [("rsa", "none", "root"), ("rsa", "none", "ec-root"), ("rsa", "both", "old-root"), ("rsa", "old", "root"),
             ("rsa", "none", "issuing"), ("rsa", "issuing", "root"), ("ec", "rsa", "ec-root"), ("ec", "none", "root"),
             ("ec-own", "rsa", "ec-own"), ("ec-own", "rsa", "ec-root"), ("rsa-own", "none", "rsa-own"),
             ("rsa-plain", "plain-old", "plain-root"), ("rsa-plain", "plain", "plain-old-root"),
             ("rsa-plain", "none", "plain-root"), ("rsa-alone", "rsa", "issuing"), ("rsa-alone", "none", "issuing"),
             ("rsa-expired", "none", "root"), ("ec256", "none", "root")]
    made = []
    for (certificate, trust, added), verify in itertools.product(cases, (True, False)):
        for versions, keylog in (("1.2", False), ("both", True), ("both", False)):
            if versions == "both" and not verify and not keylog:
                continue
            how = "%s-%s" % (versions, "keys" if keylog else "no-keys")
            mood = "verifies" if verify else "lax"
            made.append(setting("anchor-%s-%s-%s-%s-%s" % (certificate, trust, added, mood, how),
                                server([certificate]), [client(trust=trust, verify=verify, versions=versions)],
                                ("add-anchor", added), enough=keylog or versions == "1.2", keylog=keylog))
    return made


def replacements():
    cases = [("rsa", "rsa-renewed"), ("rsa", "rsa-moved"), ("rsa", "rsa-expired"), ("rsa", "rsa-other-name"),
             ("rsa-expired", "rsa-renewed"), ("rsa-other-name", "rsa-renewed"), ("rsa-alone", "rsa-renewed"),
             ("ec", "ec-other-name"), ("ec-own", "ec"), ("ec-other-name", "ec"), ("rsa", "ec"), ("ec", "rsa")]
    made = []
    for (before, after), (versions, keylog), trust in itertools.product(
            cases, (("1.2", False), ("both", True), ("both", False)), ("both", "none")):
        how = "%s-%s" % (versions, "keys" if keylog else "no-keys")
        # A client that never met a wrong name does not show whether it compares names.
        compares = trust == "both" and after.endswith("other-name")
        made.append(setting("replace-%s-%s-%s-%s" % (before, after, how, trust), server([before]),
                            [client(trust=trust, versions=versions)], ("replace-cert", after),
                            enough=before[:2] == after[:2] and (keylog or versions == "1.2")
                            and not compares, keylog=keylog))
    for after in ("rsa-renewed", "rsa-moved", "ec-own"):
        made.append(setting("replace-two-%s" % after, server(KINDS["two"]), TWO_ORDERS, ("replace-cert", after),
                            enough=True))
    return made


def only_tls12():
    made = []
    for kind, versions, seen, keylog in itertools.product(KINDS, ("both", "1.2", "1.3"), ("one", "two"), (True, False)):
        clients = [client(versions="both"), client(versions="1.2")][:1 if seen == "one" else 2]
        made.append(setting("tls12-%s-%s-%s-%s" % (kind, versions, seen, "keys" if keylog else "no-keys"),
                            server(KINDS[kind], versions=versions), clients, ("tls12-only", None),
                            enough=seen == "two" or versions == "1.2", keylog=keylog))
    return made


def signatures():
    """Under TLS 1.3 the order of signature algorithms chooses the certificate; under TLS 1.2 the suite does."""
    made = []
    for kind, versions, own, seen in itertools.product(KINDS, ("1.2", "both", "1.3"), (False, True), ("one", "two")):
        clients = [client(versions=versions), client(versions=versions, sigalgs=RSA_SIGNED_FIRST)]
        clients = clients[:1 if seen == "one" else 2]
        made.append(setting("signatures-%s-%s-%s-%s" % (kind, versions, "own" if own else "follows", seen),
                            server(KINDS[kind], own_order=own), clients, ("sigalg-pref-rsa", None),
                            enough=seen == "two" or versions == "1.2", keylog=True))
    for kind in KINDS:
        made.append(setting("signatures-%s-only-rsa" % kind, server(KINDS[kind]),
                            [client(sigalgs=ONLY_RSA_SIGNED, ciphers=RSA_FIRST), client(ciphers=RSA_FIRST)],
                            ("ciphers", ECDSA_FIRST), enough=False))
    return made


def client_certificates():
    made = []
    for versions, ask, shows, trust in itertools.product(("1.2", "both"), ("ask", "demand"), ("expc", "stranger", None),
                                                         ("server", "server-none")):
        if shows != "expc" and trust == "server-none":
            continue
        for number, change in enumerate((("add-anchor", "plain-root"), ("ciphers", RSA_FIRST), ("tls12-only", None))):
            made.append(setting("asked-%s-%s-%s-%s-%d" % (versions, ask, shows, trust, number),
                                server(["rsa"], ask=ask, trust=trust), [client(versions=versions, certificate=shows)],
                                change, enough=versions == "1.2" and number != 1, keylog=True))
    for shows in ("expc", "stranger", None):
        made.append(setting("asked-after-refusal-%s" % shows, server(["rsa"], ask="demand", trust="server"),
                            [client(trust="none", certificate=shows)], ("add-anchor", "root"), enough=False))
    return made


def names():
    made, changes = [], (("add-anchor", "root"), ("replace-cert", "rsa-renewed"), ("tls12-only", None))
    for certificate, versions in itertools.product(("rsa-other-name", "ec-other-name", "rsa"), ("1.2", "both")):
        for verify, (number, change) in itertools.product((True, False), enumerate(changes)):
            made.append(setting("name-%s-%s-%s-%d" % (certificate, versions, "verifies" if verify else "lax", number),
                                server([certificate]),
                                [client(versions=versions, verify=verify, trust="both" if number else "none")], change,
                                enough=versions == "1.2" if number == 2 else certificate == "rsa", keylog=True))
    return made


def limits_of_servers():
    """What a server refuses beside suites: curves of its own key, groups, signature algorithms."""
    limits = [("curve", {}, {"groups": "P-256:X25519"}), ("groups", {"groups": "P-384"}, {"groups": "X25519:P-384"}),
              ("signs-rsa", {"sigalgs": ONLY_RSA_SIGNED}, {}),
              ("signs-ecdsa", {"sigalgs": ":".join(ECDSA_SIGNATURES)}, {}),
              ("suites", {"ciphers": NO_ECDSA}, {}), ("one-suite", {"ciphers": AES128}, {})]
    changes = [("ciphers", RSA_FIRST), ("ciphers", ONLY_ECDSA), ("tls12-only", None), ("sigalg-pref-rsa", None)]
    made = []
    for (limit, how, who), (number, change), versions in itertools.product(limits, enumerate(changes), ("1.2", "both")):
        clients = [client(versions=versions, **who), client(versions=versions, ciphers=ECDSA_LAST, **who)]
        made.append(setting("limit-%s-%d-%s" % (limit, number, versions), server(KINDS["two"], **how), clients, change,
                            enough=False, keylog=True))
    return made


def unlike_clients():
    """Two clients that differ in more than the order of suites: what one got, the other may be unable to get."""
    curves = {"groups": "X25519:P-256"}
    p256 = {"sigalgs": ":".join(ECDSA_SIGNATURES[:1] + RSA_SIGNATURES)}
    pairs = [("curves", {}, dict(curves, ciphers=RSA_FIRST)), ("curves-first", dict(curves, ciphers=RSA_FIRST), {}),
             ("p256", {}, p256), ("only-rsa", {}, {"sigalgs": ONLY_RSA_SIGNED}),
             ("one-lower", {}, {"versions": "1.2", "ciphers": RSA_FIRST}),
             ("one-higher", {"ciphers": RSA_FIRST}, {"versions": "1.3"})]
    changes = [("ciphers", ECDSA_FIRST), ("ciphers", ONLY_ECDSA), ("ciphers", RSA_FIRST), ("sigalg-pref-rsa", None)]
    made = []
    for (pair, one, other), (number, change), (versions, keylog), own in itertools.product(
            pairs, enumerate(changes), (("1.2", False), ("both", True)), (False, True)):
        clients = [client(**dict({"versions": versions}, **who)) for who in (one, other)]
        made.append(setting("unlike-%s-%d-%s-%s" % (pair, number, versions, "own" if own else "follows"),
                            server(KINDS["two"], own_order=own), clients, change, enough=False, keylog=keylog))
    return made


def known_product():
    """One connection, and the knowledge that the server is OpenSSL as it comes."""
    changes = [("ciphers", RSA_FIRST), ("ciphers", ECDSA_LAST), ("ciphers", ONLY_ECDSA), ("disable-ecdsa", None),
               ("sigalg-pref-rsa", None), ("tls12-only", None)]
    made = []
    for kind, (number, change), versions, before in itertools.product(
            KINDS, enumerate(changes), ("1.2", "both"), ("ecdsa-first", "rsa-first")):
        made.append(setting("product-%s-%d-%s-%s" % (kind, number, versions, before), server(KINDS[kind]),
                            [client(versions=versions, ciphers=STRINGS[before])], change, enough=False, keylog=True,
                            product="openssl"))
    return made


def remediable():
    """Handshakes that fail, each with what could mend it among the remedies of the report."""
    made = []
    prefix = [("rsa-prefix", None), ("ecdsa-last", None), ("disable-ecdsa", None)]
    for (order, how), change, also in itertools.product(ORDERS.items(), prefix, (RSA_FIRST, NO_ECDSA, None)):
        clients = [client(trust="rsa")] + ([client(trust="rsa", ciphers=also)] if also else [])
        seen = {None: "alone", RSA_FIRST: "rsa-first", NO_ECDSA: "no-ecdsa"}[also]
        made.append(setting("mend-two-%s-%s-%s" % (order, change[0], seen), server(KINDS["two"], **how), clients,
                            change, enough=also == RSA_FIRST and order == "follows"))
    for change, refused in itertools.product(prefix, (True, False)):
        clients = [client(trust="rsa")] + ([client(trust="rsa", ciphers=NO_ECDSA)] if refused else [])
        made.append(setting("mend-ec-%s-%s" % (change[0], "refused" if refused else "alone"), server(["ec"]), clients,
                            change, enough=False))
    anchors_ = [("rsa-all", "none", "root"), ("ec-all", "rsa", "ec-root"), ("ec-own", "rsa", "ec-own"),
                ("rsa-own", "none", "rsa-own"), ("rsa-alone", "rsa", "issuing"), ("rsa", "old", "root"),
                ("rsa-plain", "plain+plain-old-root", "root"), ("rsa-plain", "plain-old+plain-root", "root"),
                ("rsa-all", "old", "root")]
    for (certificate, trust, added), versions in itertools.product(anchors_, ("1.2", "both")):
        made.append(setting("mend-%s-%s-%s" % (certificate, trust, versions), server([certificate]),
                            [client(trust=trust, versions=versions)], ("add-anchor", added), enough=True, keylog=True))
    for shows, trust, versions in itertools.product(("expc", "stranger"), ("server", "server-none"), ("1.2", "both")):
        made.append(dict(setting("mend-asked-%s-%s-%s" % (shows, trust, versions),
                                 server(["rsa"], ask="demand", trust=trust),
                                 [client(versions=versions, certificate=shows)], ("rsa-prefix", None), enough=False,
                                 keylog=True), peer_trust=True))
    tls13 = [("sigalg-pref-rsa", None), ("tls12-only", None)]
    for change, also in itertools.product(tls13, (None, RSA_FIRST, ECDSA_FIRST)):
        clients = [client(trust="rsa", versions="both")] + ([client(trust="rsa", ciphers=also)] if also else [])
        seen = {None: "alone", RSA_FIRST: "rsa-first", ECDSA_FIRST: "ecdsa-first"}[also]
        made.append(setting("mend-tls13-%s-%s" % (change[0], seen), server(KINDS["two"]), clients, change,
                            enough=False))
    return made


def legs():
    """Legs of one Expressway: what mends the first may break another. Each is a setting by itself as well."""
    both_orders, both_kinds = (ECDSA_FIRST, RSA_FIRST), (ECDSA_FIRST, NO_ECDSA)
    cases = [("fails", server(KINDS["two"]), both_orders),
             ("own-order", server(KINDS["two"], own_order=True), both_kinds),
             ("only-ecdsa", server(["ec-own"]), both_kinds), ("only-rsa", server(["rsa"]), both_orders),
             ("not-known", server(["ec-own"]), (ECDSA_FIRST,))]
    return [setting(LEG + name, who, [client(trust="ec-own", ciphers=one) for one in strings], ("disable-ecdsa", None),
                    enough=name != "not-known") for name, who, strings in cases]


def haproxies():
    """HAProxy takes ECDSA whenever the client can: with that knowledge, without it, and as it was seen."""
    if not shutil.which("haproxy"):
        return []
    made = []
    changes = [("rsa-prefix", None), ("ecdsa-last", None), ("disable-ecdsa", None), ("ciphers", ONLY_ECDSA),
               ("tls12-only", None), ("sigalg-pref-rsa", None)]
    offers = ("ecdsa-first", "rsa-first", "no-ecdsa", "all")
    for kind, change, versions, seen, product in itertools.product(
            ("rsa", "two"), changes, ("1.2", "both"), offers, ("haproxy", None)):
        orders = offers[:-1] if seen == "all" else (seen,)
        alone = kind == "rsa" and (seen != "ecdsa-first" or change[0] == "sigalg-pref-rsa")
        if alone or (seen == "all" and product):
            continue
        clients = [client(versions=versions, ciphers=STRINGS[order]) for order in orders]
        made.append(setting("haproxy-%s-%s-%s-%s-%s" % (kind, change[0], versions, seen, product or "unknown"),
                            server(KINDS[kind], program="haproxy"), clients, change, enough=False, keylog=True,
                            product=product))
    return made
