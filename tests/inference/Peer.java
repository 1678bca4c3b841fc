import java.io.FileInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * A TLS 1.3 peer on Java's own stack (JSSE).
 *
 * <p>{@code server LIST}: each line PORT CERTIFICATES KEY ASK CLIENT_CA; {@code client LIST}: each
 * line ADDRESS PORT SERVER_CA CERTIFICATES KEY HASH. ASK is none, request or require; "-" stands
 * for "none given". Beside CERTIFICATES.pem lies CERTIFICATES.p12 with the key, password "secret".
 */
class Peer {
    public static void main(String[] arguments) throws Exception {
        for (String line : Files.readAllLines(Path.of(arguments[1]))) {
            String[] fields = line.split(" ");
            if (arguments[0].equals("server")) {
                serve(fields);
            } else {
                try {
                    connect(fields);
                } catch (IOException refused) {
                    // The capture tells.
                }
            }
        }
        System.out.println("ready");
    }

    static SSLContext context(String certificates, String authority) throws Exception {
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(null, null);
        if (!certificates.equals("-")) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            try (var file = new FileInputStream(certificates.replace(".pem", ".p12"))) {
                store.load(file, "secret".toCharArray());
            }
            keys.init(store, "secret".toCharArray());
        }
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        if (!authority.equals("-")) {
            try (var file = new FileInputStream(authority)) {
                trusted.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
            }
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    static void serve(String[] fields) throws Exception {
        var listener = (SSLServerSocket) context(fields[1], fields[4])
                .getServerSocketFactory().createServerSocket(Integer.parseInt(fields[0]));
        listener.setEnabledProtocols(new String[] {"TLSv1.3"});
        listener.setWantClientAuth(fields[3].equals("request"));
        if (fields[3].equals("require")) {
            listener.setNeedClientAuth(true);
        }
        new Thread(() -> {
            while (true) {
                try (var connection = (SSLSocket) listener.accept()) {
                    connection.setSoTimeout(3000);
                    if (connection.getInputStream().read(new byte[4096]) > 0) {
                        connection.getOutputStream().write("HTTP/1.0 200 OK\r\n\r\nhello from Java\n".getBytes());
                    }
                } catch (IOException refused) {
                    // The capture tells.
                }
            }
        }).start();
    }

    static void connect(String[] fields) throws Exception {
        try (var connection = (SSLSocket) context(fields[3], fields[2]).getSocketFactory().createSocket()) {
            connection.connect(new InetSocketAddress(fields[0], Integer.parseInt(fields[1])), 2000);
            connection.setSoTimeout(2000);
            connection.setEnabledProtocols(new String[] {"TLSv1.3"});
            connection.setEnabledCipherSuites(new String[] {
                fields[5].equals("sha256") ? "TLS_AES_128_GCM_SHA256" : "TLS_AES_256_GCM_SHA384"});
            connection.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes());
            connection.getInputStream().readAllBytes();
        }
    }
}
