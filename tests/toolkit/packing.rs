//! Takes diagnostic archives apart and packs them in other ways.

use std::io::{Read as _, Write as _};
use std::path::Path;

fn decompressed(archive: &Path) -> Vec<u8> {
    let bytes = std::fs::read(archive).unwrap();
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes;
    }
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut out).unwrap();
    out
}

pub(crate) fn members(archive: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = decompressed(archive);
    let mut tar = tar::Archive::new(&bytes[..]);
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (name, content)
    };
    tar.entries().unwrap().map(read).collect()
}

pub(crate) fn pack(path: &Path, files: &[(String, Vec<u8>)]) {
    let out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(out);
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, &content[..]).unwrap();
    }
    let bytes = tar.into_inner().unwrap().finish().unwrap();
    std::fs::File::create(path).unwrap().write_all(&bytes).unwrap();
}

/// The same as a zip archive, each member packed by another of the usual methods.
pub(crate) fn zipped(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    use zip::CompressionMethod::{Bzip2, Deflated, Stored};
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for ((name, content), method) in files.iter().zip([Deflated, Stored, Bzip2].iter().cycle()) {
        let options = zip::write::SimpleFileOptions::default().compression_method(*method);
        zip.start_file(name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The members of an archive as files of a folder, below `within`.
pub(crate) fn unpacked(archive: &Path, within: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in members(archive) {
        let path = folder.path().join(within).join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}
