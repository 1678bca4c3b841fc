//! A TLS 1.3 peer on rustls.
//!
//! `rustls-peer server LIST`: each line `PORT CERTIFICATES KEY ASK CLIENT_CA`;
//! `rustls-peer client LIST`: each line `ADDRESS PORT SERVER_CA CERTIFICATES KEY HASH`.
//! ASK is none, request or require; `-` stands for "none given".

use std::error::Error;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    CipherSuite, ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection,
    Stream,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let list = std::fs::read_to_string(&arguments[2])?;
    let mut threads = Vec::new();
    for line in list.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        if arguments[1] == "server" {
            match serve(&fields) {
                Ok(thread) => threads.push(thread),
                Err(unsupported) => eprintln!("{line}: {unsupported}"),
            }
        } else {
            // A refusal is what the capture is to show.
            let _ = connect(&fields);
        }
    }
    println!("ready");
    threads.into_iter().for_each(|thread| drop(thread.join()));
    Ok(())
}

fn provider(suite: Option<CipherSuite>) -> Arc<CryptoProvider> {
    let mut provider = ring::default_provider();
    provider.cipher_suites.retain(|known| suite.is_none_or(|suite| known.suite() == suite));
    Arc::new(provider)
}

fn certificates(file: &str) -> Outcome<Vec<CertificateDer<'static>>> {
    Ok(CertificateDer::pem_file_iter(file)?.collect::<Result<_, _>>()?)
}

fn roots(file: &str) -> Outcome<RootCertStore> {
    let mut roots = RootCertStore::empty();
    if file != "-" {
        roots.add_parsable_certificates(certificates(file)?);
    }
    Ok(roots)
}

fn serve(fields: &[&str]) -> Outcome<std::thread::JoinHandle<()>> {
    let builder = ServerConfig::builder_with_provider(provider(None))
        .with_protocol_versions(&[&rustls::version::TLS13])?;
    let verifier = || {
        WebPkiClientVerifier::builder_with_provider(
            Arc::new(roots(fields[4]).unwrap_or_else(|_| RootCertStore::empty())),
            provider(None),
        )
    };
    let builder = match fields[3] {
        "none" => builder.with_no_client_auth(),
        "request" => builder.with_client_cert_verifier(verifier().allow_unauthenticated().build()?),
        _ => builder.with_client_cert_verifier(verifier().build()?),
    };
    let config = Arc::new(
        builder
            .with_single_cert(certificates(fields[1])?, PrivateKeyDer::from_pem_file(fields[2])?)?,
    );
    let listener = TcpListener::bind(("0.0.0.0", fields[0].parse()?))?;
    Ok(std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = config.clone();
            std::thread::spawn(move || drop(answer(stream, config)));
        }
    }))
}

fn answer(mut stream: TcpStream, config: Arc<ServerConfig>) -> Outcome<()> {
    stream.set_read_timeout(Some(Duration::from_secs(3)))?;
    let mut connection = ServerConnection::new(config)?;
    let mut tls = Stream::new(&mut connection, &mut stream);
    if tls.read(&mut [0; 4096])? > 0 {
        tls.write_all(b"HTTP/1.0 200 OK\r\n\r\nhello from rustls\n")?;
    }
    connection.send_close_notify();
    connection.write_tls(&mut stream)?;
    Ok(())
}

fn connect(fields: &[&str]) -> Outcome<()> {
    let suite = match fields[5] {
        "sha256" => CipherSuite::TLS13_AES_128_GCM_SHA256,
        _ => CipherSuite::TLS13_AES_256_GCM_SHA384,
    };
    let builder = ClientConfig::builder_with_provider(provider(Some(suite)))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots(fields[2])?);
    let config = match fields[3] {
        "-" => builder.with_no_client_auth(),
        file => builder
            .with_client_auth_cert(certificates(file)?, PrivateKeyDer::from_pem_file(fields[4])?)?,
    };
    let mut connection =
        ClientConnection::new(Arc::new(config), ServerName::try_from("localhost")?)?;
    let mut stream = TcpStream::connect((fields[0], fields[1].parse()?))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut tls = Stream::new(&mut connection, &mut stream);
    tls.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    tls.read_to_end(&mut Vec::new())?;
    connection.send_close_notify();
    connection.write_tls(&mut stream)?;
    Ok(())
}
