//! Answers of the DNS over UDP (RFC 1035, 4): which name a host looked up to find an
//! address. A client that sends no server name is known by it all the same.

use std::net::IpAddr;

use super::ip::Ip;
use crate::wire::Reader;

/// Resource records looked at in one answer; an answer over UDP has room for few more.
const MAX_RECORDS: u16 = 64;
const A: u16 = 1;
const AAAA: u16 = 28;

/// An answer with addresses, or that there is no such name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsAnswer {
    /// Frame of the answer.
    pub frame: u64,
    /// The host that asked.
    pub asker: IpAddr,
    /// The name it asked for.
    pub name: String,
    /// The addresses of that name, aliases followed; empty where the name does not exist.
    pub addresses: Vec<IpAddr>,
}

/// The response code for a name that does not exist (RFC 1035, 4.1.1).
const NAME_ERROR: u16 = 3;

/// Reads a UDP datagram from port 53; `None` for anything but an answer with
/// addresses, or that the name does not exist.
pub(super) fn answer(frame: u64, packet: &Ip<'_>) -> Option<DnsAnswer> {
    let mut reader = Reader::new(packet.payload);
    if reader.u16()? != 53 {
        return None;
    }
    reader.take(6)?;
    let (name, addresses, missing) = message(reader)?;
    (missing || !addresses.is_empty()).then_some(DnsAnswer {
        frame,
        asker: packet.destination,
        name,
        addresses,
    })
}

fn message(mut reader: Reader<'_>) -> Option<(String, Vec<IpAddr>, bool)> {
    reader.u16()?;
    let flags = reader.u16()?;
    let (questions, answers) = (reader.u16()?, reader.u16()?);
    reader.take(4)?;
    // A response to one question, without error or that there is no such name.
    let code = flags & 0x000f;
    if flags & 0x8000 == 0 || ![0, NAME_ERROR].contains(&code) || questions != 1 {
        return None;
    }
    let name = question(&mut reader)?;
    if code == NAME_ERROR {
        return Some((name, Vec::new(), true));
    }
    let mut addresses = Vec::new();
    for _ in 0..answers.min(MAX_RECORDS) {
        // A cut or broken record ends the answer; those before it stand.
        let Some(record) = record(&mut reader) else { break };
        addresses.extend(record);
    }
    Some((name, addresses, false))
}

/// The name of the question; a question has no pointers.
fn question(reader: &mut Reader<'_>) -> Option<String> {
    let mut name = String::new();
    loop {
        let label = reader.vec8()?;
        if label.is_empty() {
            break;
        }
        if label.len() > 63 || name.len() + label.len() > 254 {
            return None;
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(std::str::from_utf8(label).ok()?);
    }
    reader.take(4)?;
    (!name.is_empty()).then_some(name)
}

/// One record: its address, if it holds one.
fn record(reader: &mut Reader<'_>) -> Option<Option<IpAddr>> {
    skip_name(reader)?;
    let kind = reader.u16()?;
    reader.take(6)?;
    let data = reader.vec16()?;
    Some(match kind {
        A => <[u8; 4]>::try_from(data).ok().map(IpAddr::from),
        AAAA => <[u8; 16]>::try_from(data).ok().map(IpAddr::from),
        _ => None,
    })
}

/// Labels up to an empty one or a pointer (RFC 1035, 4.1.4), which is not followed.
fn skip_name(reader: &mut Reader<'_>) -> Option<()> {
    loop {
        match reader.u8()? {
            0 => return Some(()),
            pointer if pointer & 0xc0 == 0xc0 => return reader.u8().map(|_| ()),
            length => reader.take(usize::from(length)).map(|_| ())?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer about `cucm.example`: an alias, then an address.
    fn datagram() -> Vec<u8> {
        let mut bytes = vec![0, 53, 0x80, 0, 0, 0, 0, 0];
        bytes.extend([0x12, 0x34, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0]);
        bytes.extend(b"\x04cucm\x07example\0\0\x01\0\x01");
        bytes.extend(b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x02\xc0\x0c");
        bytes.extend(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\x00\x00\x07");
        bytes
    }

    fn read(payload: &[u8]) -> Option<DnsAnswer> {
        let source = IpAddr::from([10, 0, 0, 53]);
        let destination = IpAddr::from([10, 0, 0, 1]);
        answer(9, &Ip { source, destination, protocol: 17, payload, missing: 0 })
    }

    #[test]
    fn an_answer_gives_the_name_that_was_asked_for() {
        let found = read(&datagram()).unwrap();
        assert_eq!((found.frame, found.name.as_str()), (9, "cucm.example"));
        assert_eq!(found.asker, IpAddr::from([10, 0, 0, 1]));
        assert_eq!(found.addresses, [IpAddr::from([10, 0, 0, 7])]);
    }

    #[test]
    fn a_name_that_does_not_exist_has_no_addresses() {
        let mut bytes = datagram();
        bytes[11] = 0x83;
        let found = read(&bytes).unwrap();
        assert_eq!((found.name.as_str(), found.addresses.len()), ("cucm.example", 0));
    }

    #[test]
    fn questions_errors_and_cut_messages_give_nothing() {
        let whole = datagram();
        for end in 0..whole.len() {
            assert_eq!(read(&whole[..end]), None, "cut at {end}");
        }
        for (at, value) in [(1, 54), (10, 0x01), (11, 0x82), (13, 2)] {
            let mut bent = whole.clone();
            bent[at] = value;
            assert_eq!(read(&bent), None, "byte {at}");
        }
    }
}
