//! Which line of a CSV file a record begins in.
//!
//! Where lines end with CR LF, the reader has not seen the LF of the line before when a record begins, and counts one
//! too few. It must not know what the records are.

use std::io::Read;

/// Turns a reader's positions into lines, counted from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines {
    behind: u64,
}

impl Lines {
    /// To be asked for when the header, which is one line, has been read and nothing else.
    pub(super) fn after_header<R: Read>(reader: &csv::Reader<R>) -> Self {
        Self { behind: 2_u64.saturating_sub(reader.position().line()) }
    }

    /// The line a record begins in; 0 where the reader does not know.
    pub(super) fn of(self, record: &csv::ByteRecord) -> u64 {
        record.position().map_or(0, |position| position.line() + self.behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_right_whatever_ends_them() {
        for end in ["\n", "\r\n"] {
            let text = ["a,b", "1,2", "\"x", "y\",3", "4,5"].join(end);
            for headers in [true, false] {
                let mut reader = csv::ReaderBuilder::new().has_headers(headers).from_reader(text.as_bytes());
                let mut record = csv::ByteRecord::new();
                if headers {
                    reader.byte_headers().expect("a header");
                } else {
                    reader.read_byte_record(&mut record).expect("a header");
                }
                let lines = Lines::after_header(&reader);
                let mut found = Vec::new();
                while reader.read_byte_record(&mut record).expect("a record") {
                    found.push(lines.of(&record));
                }
                assert_eq!(found, [2, 3, 5], "{end:?} {headers}");
            }
        }
    }
}
