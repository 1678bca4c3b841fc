import java.net.InetAddress;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSocket;

/** A TLS server on Java's own stack (JSSE), as Tomcat uses it, that insists on a client certificate. */
class JavaServer {
    public static void main(String[] arguments) throws Exception {
        var listener = (SSLServerSocket) SSLServerSocketFactory.getDefault()
                .createServerSocket(Integer.parseInt(arguments[1]), 5, InetAddress.getByName(arguments[0]));
        listener.setNeedClientAuth(true);
        while (true) {
            try (var connection = (SSLSocket) listener.accept()) {
                connection.startHandshake();
            } catch (java.io.IOException refused) {
                System.err.println(refused);
            }
        }
    }
}
