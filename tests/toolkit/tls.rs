//! TLS bytes made by hand, for what no real program sends.

/// A record.
pub(crate) fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3][..], &length, payload].concat()
}

/// A handshake message in records of at most `size` bytes.
pub(crate) fn handshake(kind: u8, body: &[u8], size: usize) -> Vec<u8> {
    let message = [&[kind][..], &u24(body.len()), body].concat();
    message.chunks(size).flat_map(|part| record(22, part)).collect()
}

pub(crate) fn u24(length: usize) -> [u8; 3] {
    let [_, bytes @ ..] = u32::try_from(length).unwrap().to_be_bytes();
    bytes
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

/// A ClientHello of TLS 1.2 with these extensions.
pub(crate) fn client_hello(extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let list: Vec<u8> = extensions
        .iter()
        .flat_map(|(code, body)| [&code.to_be_bytes()[..], &sized(body)].concat())
        .collect();
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.push(0);
    body.extend(sized(&[0xc0, 0x2c, 0xc0, 0x30]));
    body.extend([1, 0]);
    body.extend(sized(&list));
    body
}

/// The extension `server_name`.
pub(crate) fn server_name(name: &[u8]) -> (u16, Vec<u8>) {
    (0, sized(&[&[0][..], &sized(name)].concat()))
}

/// The extension `application_layer_protocol_negotiation` with one protocol.
pub(crate) fn alpn(protocol: &[u8]) -> (u16, Vec<u8>) {
    let name = [&[u8::try_from(protocol.len()).unwrap()][..], protocol].concat();
    (16, sized(&name))
}

/// A ServerHello of TLS 1.2 that takes 0xc02c.
pub(crate) fn server_hello() -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([9; 32]);
    body.extend([0, 0xc0, 0x2c, 0]);
    body
}

/// A Certificate message of TLS 1.2.
pub(crate) fn certificate(list: &[Vec<u8>]) -> Vec<u8> {
    let entry = |der: &Vec<u8>| [&u24(der.len())[..], der].concat();
    let list: Vec<u8> = list.iter().flat_map(entry).collect();
    [&u24(list.len())[..], &list].concat()
}
