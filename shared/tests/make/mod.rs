//! Files of every kind, made by code.

#![allow(dead_code)] // each test binary makes others

pub mod ods;
pub mod xls;
pub mod xlsx;

use flate2::{Compression, write::DeflateEncoder, write::GzEncoder};
use std::io::Write;

/// Every row is good: what is read of it can be foretold.
pub const HEADER: [&str; 5] = ["NPWP", "NAMA WP", "NO TELP/HP", "JATUH TEMPO", "JUMLAH (RP)"];

/// Rows under [`HEADER`].
pub fn rows(count: usize) -> Vec<Vec<String>> {
    let row = |n: usize| {
        let phone = format!("0812{:08}", n + 101);
        vec![nik(n), format!("Budi Rekaan {n}"), phone, "31/03/2027".to_owned(), (n * 1000).to_string()]
    };
    (0..count).map(row).collect()
}

/// The number of a made-up person.
pub fn nik(n: usize) -> String {
    format!("317304{:02}0190{:04}", 1 + n / 9000 % 28, 1 + n % 9000)
}

/// Header and rows as text.
pub fn csv(count: usize, delimiter: &str, end: &str) -> String {
    let lines = std::iter::once(HEADER.map(str::to_owned).to_vec()).chain(rows(count));
    lines.map(|row| row.join(delimiter) + end).collect()
}

/// A ZIP file.
pub fn zip<'a>(parts: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Vec<u8> {
    let mut file = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut file);
    for (name, bytes) in parts {
        let builder = archive.new_file(name).compression_method(rawzip::CompressionMethod::DEFLATE);
        let (mut entry, config) = builder.start().unwrap();
        let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::fast()));
        writer.write_all(&bytes).unwrap();
        let (encoder, descriptor) = writer.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    file
}

/// A ZIP file in which nothing is packed.
pub fn stored(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut file);
    for (name, bytes) in parts {
        let builder = archive.new_file(name).compression_method(rawzip::CompressionMethod::STORE);
        let (mut entry, config) = builder.start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(bytes).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    file
}

/// A gzip file of one member.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A zstd file of one frame, packed or not.
pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// Text for XML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
