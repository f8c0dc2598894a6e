//! JSON in pieces of any size to the objects in it: an array of objects, an object with one array of them under a known
//! name, or one object after the other (JSON Lines). An object is bounded, the number of them is not.

use crate::problem::Problem;

/// Longest object, in bytes.
const OBJECT_MAX: usize = 64 * 1024;

/// Where the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Outside of everything, or between the elements of an array.
    Between,
    /// In an object, so deep.
    Object(usize),
}

/// The push parser. It only looks for where objects begin and end; what is in them is parsed by whoever takes them.
pub(super) struct Objects {
    /// The member whose array holds the objects, if they are wrapped in an object.
    wrapper: &'static str,
    place: Place,
    /// Arrays and wrapping objects that are open.
    open: Vec<u8>,
    quoted: bool,
    escaped: bool,
    bytes: Vec<u8>,
    started: bool,
}

impl Objects {
    pub fn new(wrapper: &'static str) -> Self {
        Objects {
            wrapper,
            place: Place::Between,
            open: Vec::new(),
            quoted: false,
            escaped: false,
            bytes: Vec::new(),
            started: false,
        }
    }

    /// Reads on; the text of each object that is whole is added to `out`.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<Vec<u8>>) -> Result<(), Problem> {
        for &byte in chunk {
            match self.place {
                Place::Between => self.between(byte)?,
                Place::Object(depth) => self.inside(byte, depth, out)?,
            }
        }
        Ok(())
    }

    /// The input has ended.
    pub fn finish(&mut self) -> Result<(), Problem> {
        match self.place {
            Place::Between if self.open.is_empty() => Ok(()),
            _ => Err(broken("It ends before its last object or array does.")),
        }
    }

    fn between(&mut self, byte: u8) -> Result<(), Problem> {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {}
            // A byte order mark.
            0xef | 0xbb | 0xbf if !self.started => return Ok(()),
            b'{' if self.open.last() != Some(&b'{') => {
                self.bytes.clear();
                self.bytes.push(byte);
                self.place = Place::Object(1);
            }
            b'[' if self.open.is_empty() => self.open.push(byte),
            b']' if self.open.last() == Some(&b'[') => drop(self.open.pop()),
            b'}' if self.open.last() == Some(&b'{') => drop(self.open.pop()),
            _ => return Err(broken("There is something between the objects that is none.")),
        }
        self.started = true;
        Ok(())
    }

    fn inside(&mut self, byte: u8, depth: usize, out: &mut Vec<Vec<u8>>) -> Result<(), Problem> {
        if self.bytes.len() >= OBJECT_MAX {
            return Err(broken("An object is longer than 64 KiB, or a quotation mark is not closed."));
        }
        self.bytes.push(byte);
        if self.quoted {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.quoted = false,
                _ => {}
            }
            return Ok(());
        }
        let depth = match byte {
            b'"' => {
                self.quoted = true;
                depth
            }
            b'[' if depth == 1 && self.open.is_empty() && self.wraps() => {
                self.bytes.clear();
                self.open.extend([b'{', b'[']);
                self.place = Place::Between;
                return Ok(());
            }
            b'{' | b'[' => depth.saturating_add(1),
            b'}' | b']' => depth.saturating_sub(1),
            _ => depth,
        };
        self.place = Place::Object(depth);
        if depth == 0 {
            out.push(std::mem::take(&mut self.bytes));
            self.place = Place::Between;
        }
        Ok(())
    }

    /// Whether what was read of an object is `{"wrapper":[`.
    fn wraps(&self) -> bool {
        let read: Vec<u8> = self.bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
        read == format!("{{\"{}\":[", self.wrapper).as_bytes()
    }
}

fn broken(detail: &str) -> Problem {
    Problem::new(
        400,
        "invalid_json",
        "Not the expected JSON",
        detail,
        "Send an array of objects, or one object in each line; rows above that place were taken, and can be sent again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &[u8], size: usize) -> Result<Vec<String>, Problem> {
        let (mut objects, mut out) = (Objects::new("rows"), Vec::new());
        for chunk in text.chunks(size.max(1)) {
            objects.push(chunk, &mut out)?;
        }
        objects.finish()?;
        Ok(out.into_iter().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect())
    }

    #[test]
    fn objects_are_found_in_each_of_the_shapes() {
        let expected = vec![r#"{"a":"}]\"{"}"#.to_owned(), r#"{"b":{"c":[1]}}"#.to_owned()];
        for text in [
            r#"[{"a":"}]\"{"},{"b":{"c":[1]}}]"#,
            "{\"a\":\"}]\\\"{\"}\n{\"b\":{\"c\":[1]}}\n",
            r#" { "rows" : [ {"a":"}]\"{"} , {"b":{"c":[1]}} ] } "#,
            "\u{feff}[{\"a\":\"}]\\\"{\"},{\"b\":{\"c\":[1]}}]",
        ] {
            for size in [1, 2, 7, 1000] {
                assert_eq!(read(text.as_bytes(), size).as_ref(), Ok(&expected), "{text}");
            }
        }
        assert_eq!(read(b"[]", 1), Ok(vec![]));
        assert_eq!(read(br#"{"a":[1]}"#, 1), Ok(vec![r#"{"a":[1]}"#.to_owned()]));
        for bad in ["[{}", "{\"a\":\"", "1", "[1]", "[[{}]]", "{\"rows\":[{}]", "]", "{\"rows\":[{}],\"b\":1}"] {
            assert_eq!(read(bad.as_bytes(), 1).unwrap_err().code, "invalid_json", "{bad}");
        }
        let long = format!("[{{\"a\":\"{}\"}}]", "x".repeat(OBJECT_MAX));
        assert!(read(long.as_bytes(), 4096).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_written_as_objects_is_found(texts: Vec<String>, size in 1_usize..40, lines: bool) {
            let objects: Vec<String> = texts.iter().map(|t| serde_json::json!({ "a": t, "b": { "c": [t] } }).to_string()).collect();
            let file = if lines { objects.join("\n") } else { format!("[{}]", objects.join(",")) };
            prop_assert_eq!(read(file.as_bytes(), size), Ok(objects));
        }

        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>, text in "[\\[\\]{}\",:a \\\\]{0,60}", size in 1_usize..9) {
            let _ = read(&bytes, size);
            let _ = read(text.as_bytes(), size);
        }
    }
}
