//! What the kernel says of this process: memory, open files, when it began (proc(5)). Zero where it does not say.

use std::time::{SystemTime, UNIX_EPOCH};

/// How this process stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Process {
    /// Memory that it has, in bytes.
    pub(crate) resident_bytes: u64,
    /// Files and connections that it has open.
    pub(crate) open_files: usize,
    /// When it began, in seconds since 1970.
    pub(crate) started_s: u64,
}

/// Looks now.
pub(crate) fn look() -> Process {
    let text = |file: &str| String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).into_owned();
    let began = std::fs::metadata("/proc/self")
        .and_then(|process| process.modified())
        .ok();
    let since = began.and_then(|began: SystemTime| began.duration_since(UNIX_EPOCH).ok());
    Process {
        resident_bytes: resident(&text("/proc/self/status")),
        open_files: std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
        started_s: since.map_or(0, |since| since.as_secs()),
    }
}

/// `VmRSS:    1234 kB`.
fn resident(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1_024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_says_how_the_process_stands() {
        assert_eq!(resident("Name:\tdragoman\nVmRSS:\t    12 kB\n"), 12_288);
        assert_eq!(resident(""), 0);
        let process = look();
        assert!(
            process.resident_bytes > 1_000_000 && process.open_files > 2,
            "{process:?}"
        );
        assert!(process.started_s > 1_700_000_000, "{process:?}");
    }
}
