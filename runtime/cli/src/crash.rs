//! What is said where the command itself has a mistake, and where nobody reads its output any more.

use std::io::Write;
use std::panic::PanicHookInfo;

use dragoman_model::Code;

/// The command has a mistake of its own.
const BUG: Code = Code::new("D0902", "dragoman itself has a mistake");
/// What a shell reports of a program whose reader went away (128 and SIGPIPE), as `head` does.
const NOBODY_READS: i32 = 141;

/// From now on a panic is told in two lines with a code, without a stack trace; a closed output ends the command quietly.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(tell));
}

fn tell(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("no message");
    if message.starts_with("failed printing to std") {
        std::process::exit(NOBODY_READS);
    }
    let place = info.location().map(|l| format!(" ({}:{})", l.file(), l.line()));
    // Standard error may be closed as well: there is nobody left to tell.
    let _ = writeln!(
        std::io::stderr(),
        "error[{BUG}]: dragoman itself has a mistake: {message}{}\n  = help: what was durable is kept; report this with \
         the line above",
        place.unwrap_or_default()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where this is set the test is the process that panics.
    const PANICS: &str = "DRAGOMAN_TEST_PANICS";

    #[test]
    fn a_panic_is_told_in_two_lines_with_a_code() {
        if std::env::var_os(PANICS).is_some() {
            install();
            panic!("the ledger has no bottom");
        }
        let own = std::env::current_exe().unwrap();
        let mut again = std::process::Command::new(own);
        again.args([
            "--exact",
            "crash::tests::a_panic_is_told_in_two_lines_with_a_code",
            "--nocapture",
        ]);
        let panicked = again.env(PANICS, "1").env("RUST_BACKTRACE", "1").output().unwrap();
        assert!(!panicked.status.success());
        let said = String::from_utf8(panicked.stderr).unwrap();
        let lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
        assert!(
            lines[0].starts_with("error[D0902]: dragoman itself has a mistake: the ledger has no bottom ("),
            "{said}"
        );
        assert!(
            lines[1].starts_with("  = help: ") && lines[1].contains("report this"),
            "{said}"
        );
        assert!(!said.contains("stack backtrace"), "{said}");
    }
}
