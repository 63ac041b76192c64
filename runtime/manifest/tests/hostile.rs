//! Files that were made to do harm, or by something that is no editor: each is refused with a code, a place and what to
//! do, within a second, whatever it is.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use dragoman_manifest::{LONGEST_TEXT, parse_case, parse_pipeline, parse_site, source_of};
use dragoman_model::{Diagnostic, Source, Span};

/// How long it may take.
const BOUND: Duration = Duration::from_secs(1);

/// What is said of a text by one of its readers.
type Reader = fn(Arc<Source>) -> Vec<Diagnostic>;

/// A pipeline, a site file and a case.
const READERS: [Reader; 3] = [
    |source| parse_pipeline(source).1,
    |source| parse_site(source).1,
    |source| parse_case(source).1,
];

/// What one reader says of a file, all of it shown to a person, and how long that took.
fn refused(bytes: &[u8], reader: Reader) -> (Vec<Diagnostic>, Duration) {
    let begin = spent();
    let found = match source_of("hostile.yaml", bytes.to_vec()) {
        Ok(source) => reader(source),
        Err(diagnostic) => vec![*diagnostic],
    };
    for diagnostic in &found {
        assert!(!diagnostic.render(false).is_empty());
    }
    (found, spent().saturating_sub(begin))
}

/// How long this thread has been on a processor; what others do on a busy machine does not count. Where the system does
/// not tell it, the clock must do.
fn spent() -> Duration {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| BEGAN.elapsed(), Duration::from_nanos)
}

/// A hostile file gives the code among its diagnostics, in time, and each of them says what to do.
fn check(what: &str, code: &str, bytes: &[u8]) {
    for reader in READERS {
        let (found, took) = refused(bytes, reader);
        assert!(took < BOUND, "{what} took {took:?}");
        let codes: Vec<_> = found.iter().map(|d| (d.code.id, &d.message)).take(4).collect();
        assert!(found.iter().any(|d| d.code.id == code), "{what}: {codes:?}");
        for diagnostic in found {
            assert!(!diagnostic.help.is_empty(), "{what}: {}", diagnostic.render(false));
        }
    }
}

/// Aliases of aliases: each level is four times the one before, if they are followed.
fn bomb(levels: usize) -> String {
    let mut text = String::from("a0: &a0 [x, x]\n");
    for level in 1..levels {
        let item = format!("*a{}", level - 1);
        text.push_str(&format!("a{level}: &a{level} [{item}, {item}, {item}, {item}]\n"));
    }
    text
}

#[test]
fn texts_that_grow_or_are_deep_are_refused() {
    check("aliases", "D0108", bomb(40).as_bytes());
    check("many aliases", "D0108", bomb(20_000).as_bytes());
    check("brackets", "D0109", "[".repeat(100_000).as_bytes());
    check(
        "brackets in a value",
        "D0109",
        format!("dragoman: {}", "[".repeat(100_000)).as_bytes(),
    );
    check(
        "closed brackets",
        "D0109",
        ("[".repeat(50_000) + &"]".repeat(50_000)).as_bytes(),
    );
    check("braces", "D0109", "{a: ".repeat(100_000).as_bytes());
    check("dashes", "D0109", "- ".repeat(100_000).as_bytes());
    check("question marks", "D0109", "? ".repeat(100_000).as_bytes());
    check("mistakes", "D0105", "a: 1\n".repeat(90_000 / 2).as_bytes());
    check("values", "D0109", "- 1\n".repeat(200_000).as_bytes());
    let levels: String = (0..1_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    check("levels", "D0109", levels.as_bytes());
}

#[test]
fn files_that_are_too_large_are_refused() {
    check("50 MB", "D0109", &vec![b'a'; 50_000_000]);
    check(
        "one line",
        "D0109",
        format!("dragoman: {}", "x".repeat(LONGEST_TEXT)).as_bytes(),
    );
    let most = "x".repeat(LONGEST_TEXT - 20);
    check("one line as long as may be", "D0103", format!("[{most}]").as_bytes());
    check("a quote as long as may be", "D0100", format!("a: \"{most}").as_bytes());
    check(
        "lines as many as may be",
        "D0114",
        "#\n".repeat(LONGEST_TEXT / 2).as_bytes(),
    );
}

#[test]
fn bytes_that_are_no_text_are_refused_where_they_are() {
    check("latin 1", "D0100", b"dragoman: 1\nsummary: Gr\xfc\xdfe\n");
    check("a cut character", "D0100", b"dragoman: 1\nsummary: \xc3");
    check("UTF-16", "D0100", b"\xff\xfed\0r\0a\0g\0o\0m\0a\0n\0");
    check("zeros", "D0100", &[0; 100_000]);
    check("a zero in a text", "D0100", b"dragoman: 1\npipeline: \"a\0b\"\n");
    check("tabs", "D0100", "\t\t\ta: b\n".repeat(1_000).as_bytes());
    check("nothing", "D0114", b"");
    check("a byte order mark alone", "D0114", "\u{feff}".as_bytes());
    let (found, _) = refused(b"dragoman: 1\nsummary: Gr\xfc\xdfe\n", READERS[0]);
    let place = found[0].span.as_ref().map(Span::place);
    assert_eq!(place.as_deref(), Some("hostile.yaml:2:12"));
}
