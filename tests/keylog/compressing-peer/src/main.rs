//! A handshake of TLS 1.3 on rustls between a server and a client that both show a
//! certificate compressed (RFC 8879); the client writes a key log.
//!
//! `SSLKEYLOGFILE=KEYS compressing-peer PORT ALGORITHM CA SERVER SERVER_KEY CLIENT CLIENT_KEY`:
//! the algorithm is zlib, brotli or zstd, the files are PEM. rustls brings zlib and
//! brotli along; for zstd it takes the functions of this program.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use rustls::compress::{
    self, CertCompressor, CertDecompressor, CompressionFailed, CompressionLevel,
    DecompressionFailed,
};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    CertificateCompressionAlgorithm, ClientConfig, ClientConnection, KeyLogFile, RootCertStore,
    ServerConfig, ServerConnection, Stream,
};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Debug)]
struct Zstd;

impl CertCompressor for Zstd {
    fn compress(
        &self,
        input: Vec<u8>,
        _: CompressionLevel,
    ) -> Result<Vec<u8>, CompressionFailed> {
        zstd::bulk::compress(&input, 19).map_err(|_| CompressionFailed)
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::Zstd
    }
}

impl CertDecompressor for Zstd {
    fn decompress(&self, input: &[u8], output: &mut [u8]) -> Result<(), DecompressionFailed> {
        match zstd::bulk::decompress_to_buffer(input, output) {
            Ok(length) if length == output.len() => Ok(()),
            _ => Err(DecompressionFailed),
        }
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::Zstd
    }
}

type Pair = (Vec<&'static dyn CertCompressor>, Vec<&'static dyn CertDecompressor>);

fn algorithm(name: &str) -> Outcome<Pair> {
    Ok(match name {
        "zlib" => (vec![compress::ZLIB_COMPRESSOR], vec![compress::ZLIB_DECOMPRESSOR]),
        "brotli" => (vec![compress::BROTLI_COMPRESSOR], vec![compress::BROTLI_DECOMPRESSOR]),
        "zstd" => (vec![&Zstd], vec![&Zstd]),
        _ => return Err(format!("no such algorithm: {name}").into()),
    })
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, name, ca, server, server_key, client, client_key] = &arguments[..] else {
        return Err("seven arguments".into());
    };
    let port = port.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let server = server_config(algorithm(name)?, ca, server, server_key)?;
    let client = client_config(algorithm(name)?, ca, client, client_key)?;
    let answering = std::thread::spawn(move || answer(&listener, server));
    ask(port, client)?;
    answering.join().map_err(|_| "the server ended early")?
}

fn certificates(file: &str) -> Outcome<Vec<CertificateDer<'static>>> {
    Ok(CertificateDer::pem_file_iter(file)?.collect::<Result<_, _>>()?)
}

fn roots(file: &str) -> Outcome<Arc<RootCertStore>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates(file)?);
    Ok(Arc::new(roots))
}

fn server_config(pair: Pair, ca: &str, chain: &str, key: &str) -> Outcome<ServerConfig> {
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(ca)?, provider.clone());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier.build()?)
        .with_single_cert(certificates(chain)?, PrivateKeyDer::from_pem_file(key)?)?;
    (config.cert_compressors, config.cert_decompressors) = pair;
    Ok(config)
}

fn client_config(pair: Pair, ca: &str, chain: &str, key: &str) -> Outcome<ClientConfig> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots(ca)?)
        .with_client_auth_cert(certificates(chain)?, PrivateKeyDer::from_pem_file(key)?)?;
    (config.cert_compressors, config.cert_decompressors) = pair;
    config.key_log = Arc::new(KeyLogFile::new());
    Ok(config)
}

fn answer(listener: &TcpListener, config: ServerConfig) -> Outcome<()> {
    let (mut stream, _) = listener.accept()?;
    let mut connection = ServerConnection::new(Arc::new(config))?;
    Stream::new(&mut connection, &mut stream).read_exact(&mut [0; 6])?;
    Stream::new(&mut connection, &mut stream).write_all(b"hello\n")?;
    connection.send_close_notify();
    connection.write_tls(&mut stream)?;
    Ok(())
}

fn ask(port: u16, config: ClientConfig) -> Outcome<()> {
    let name = ServerName::try_from("tls.example.org")?;
    let mut connection = ClientConnection::new(Arc::new(config), name)?;
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let mut tls = Stream::new(&mut connection, &mut stream);
    tls.write_all(b"hello\n")?;
    tls.read_to_end(&mut Vec::new())?;
    connection.send_close_notify();
    connection.write_tls(&mut stream)?;
    Ok(())
}
