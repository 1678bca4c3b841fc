/* A server of TLS 1.3 on NSS that signs with a delegated credential (RFC 9345), for one connection on the loopback
 * interface. Makes the credential itself, with the key of the certificate `server` in the NSS database of the
 * current folder, for three days. Writes its traffic secrets to the file `secrets`, as lines "label secret": NSS as
 * Debian builds it writes no key log, but tells them to a program that asks.
 *
 *   delegating_server PORT
 */
#include <cert.h>
#include <keyhi.h>
#include <nspr.h>
#include <nss.h>
#include <pk11pub.h>
#include <secerr.h>
#include <ssl.h>
#include <sslexp.h>
#include <sslproto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *secrets;

static void must(int fine, const char *what) {
    if (!fine) {
        fprintf(stderr, "%s: %s\n", what, PORT_ErrorToName(PORT_GetError()));
        exit(1);
    }
}

/* Epoch 2 is the handshake, epoch 3 the first one of application data. */
static void tell_secret(PRFileDesc *fd, PRUint16 epoch, SSLSecretDirection way, PK11SymKey *key, void *unused) {
    SECItem *value;
    unsigned int i;
    (void)fd, (void)unused;
    must(PK11_ExtractKeyValue(key) == SECSuccess, "secret");
    value = PK11_GetKeyData(key);
    fprintf(secrets, "%s_%s ", way == ssl_secret_read ? "CLIENT" : "SERVER",
            epoch == 2 ? "HANDSHAKE_TRAFFIC_SECRET" : "TRAFFIC_SECRET_0");
    for (i = 0; i < value->len; i++) {
        fprintf(secrets, "%02x", value->data[i]);
    }
    fprintf(secrets, "\n");
}

/* A socket to copy: TLS 1.3 only, with the certificate and a credential of a new P-256 key. */
static PRFileDesc *model(void) {
    static unsigned char p256[] = {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7};
    static SECItem curve = {siBuffer, p256, sizeof p256}, credential;
    const SSLVersionRange only = {SSL_LIBRARY_VERSION_TLS_1_3, SSL_LIBRARY_VERSION_TLS_1_3};
    CERTCertificate *certificate = PK11_FindCertFromNickname("server", NULL);
    SECKEYPrivateKey *key = certificate ? PK11_FindKeyByAnyCert(certificate, NULL) : NULL;
    SECKEYPublicKey *public_key;
    SSLExtraServerCertData extra;
    PRFileDesc *fd = SSL_ImportFD(NULL, PR_NewTCPSocket());

    must(key != NULL, "certificate and key");
    memset(&extra, 0, sizeof extra);
    extra.authType = ssl_auth_null;
    extra.delegCred = &credential;
    extra.delegCredPrivKey = PK11_GenerateKeyPair(PK11_GetInternalSlot(), CKM_EC_KEY_PAIR_GEN, &curve, &public_key,
                                                  PR_FALSE, PR_FALSE, NULL);
    must(extra.delegCredPrivKey != NULL, "key of the credential");
    must(SSL_DelegateCredential(certificate, key, public_key, ssl_sig_ecdsa_secp256r1_sha256, 3 * 86400, PR_Now(),
                                &credential) == SECSuccess, "credential");
    must(SSL_VersionRangeSet(fd, &only) == SECSuccess, "version");
    must(SSL_ConfigServerCert(fd, certificate, key, &extra, sizeof extra) == SECSuccess, "configuration");
    must(SSL_ConfigServerSessionIDCache(0, 0, 0, NULL) == SECSuccess, "session cache");
    return fd;
}

static PRFileDesc *accept_one(PRUint16 port) {
    PRNetAddr address;
    PRFileDesc *listener = PR_NewTCPSocket();
    PR_InitializeNetAddr(PR_IpAddrLoopback, port, &address);
    must(PR_Bind(listener, &address) == PR_SUCCESS && PR_Listen(listener, 1) == PR_SUCCESS, "listen");
    return PR_Accept(listener, &address, PR_INTERVAL_NO_TIMEOUT);
}

int main(int count, char **arguments) {
    char text[64];
    PRFileDesc *fd, *copied;
    must(count == 2, "one argument");
    secrets = fopen("secrets", "w");
    must(secrets != NULL && NSS_Init("sql:.") == SECSuccess, "database");
    copied = model();
    fd = SSL_ImportFD(copied, accept_one((PRUint16)atoi(arguments[1])));
    must(SSL_SecretCallback(fd, tell_secret, NULL) == SECSuccess, "secrets");
    must(SSL_ResetHandshake(fd, PR_TRUE) == SECSuccess, "handshake");
    must(PR_Read(fd, text, sizeof text) > 0, "read");
    PR_Write(fd, "hello\n", 6);
    PR_Shutdown(fd, PR_SHUTDOWN_BOTH);
    PR_Close(fd);
    return fclose(secrets);
}
