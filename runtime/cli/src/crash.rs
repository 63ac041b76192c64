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
