//! What compressing alone costs: every file below a folder into one ZIP, on all cores, with the library and the level
//! that volumes are made with. Nothing is hashed, nothing is synced.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use zip::CompressionMethod;
use zip::write::{PreparedZipFile, SimpleFileOptions, ZipFileBuilder};

const LEVEL: i64 = 2;
/// Compressed files that may wait for being appended.
const WAITING: usize = 16;

pub fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

pub fn all(from: &Path, to: &Path) {
    let mut found = Vec::new();
    files(from, &mut found);
    found.sort();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (send, ready) = mpsc::sync_channel::<PreparedZipFile>(WAITING);
        for _ in 0..cores {
            let (send, next, found) = (send.clone(), &next, &found);
            scope.spawn(move || {
                while let Some(file) = found.get(next.fetch_add(1, Ordering::Relaxed)) {
                    send.send(compressed(file)).expect("somebody appends");
                }
            });
        }
        drop(send);
        let mut archive = zip::ZipWriter::new(BufWriter::new(File::create(to).expect("a file")));
        for one in ready {
            archive.add_prepared_file(one).expect("appended");
        }
        archive.finish().expect("finished").flush().expect("written");
    });
}

fn compressed(file: &Path) -> PreparedZipFile {
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).compression_level(Some(LEVEL));
    let name = file.file_name().expect("a name").to_string_lossy();
    let mut builder = ZipFileBuilder::new(&*name, options).expect("a member");
    builder.write_all(&fs::read(file).expect("read")).expect("compressed");
    builder.finish().expect("finished")
}
