//! What a process has used, from `/proc` (Linux).

use std::time::Duration;

use crate::Error;

/// The clock ticks per second in which the kernel reports CPU times to programs: `USER_HZ`, 100 on every architecture
/// that Rust's Linux targets of tier 1 have.
const TICKS_PER_SECOND: u64 = 100;

/// What a process has used so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// CPU time in user and kernel mode, of all its threads; in steps of 10 ms.
    pub cpu: Duration,
    /// Resident memory now, in bytes.
    pub resident: u64,
    /// The most resident memory so far, in bytes.
    pub peak: u64,
}

impl Usage {
    /// Reads the usage of a running process.
    ///
    /// # Errors
    /// There is no such process, or no `/proc`.
    pub fn of(process: u32) -> Result<Self, Error> {
        let read = |name: &str| {
            let path = format!("/proc/{process}/{name}");
            std::fs::read_to_string(&path).map_err(|source| Error::io(path, source))
        };
        let wrong = |name: &str| {
            let source = std::io::Error::other("not as the kernel documents it");
            Error::io(format!("/proc/{process}/{name}"), source)
        };
        let stat = read("stat")?;
        let ticks = cpu_ticks(&stat).ok_or_else(|| wrong("stat"))?;
        let status = read("status")?;
        let field = |name: &str| kilobytes(&status, name).ok_or_else(|| wrong("status"));
        Ok(Self {
            cpu: Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND),
            resident: field("VmRSS:")? * 1024,
            peak: field("VmHWM:")? * 1024,
        })
    }
}

/// User and kernel ticks: the 14th and 15th field. The 2nd is the name in parentheses and may hold blanks.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let kernel: u64 = fields.next()?.parse().ok()?;
    Some(user + kernel)
}

fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_behind_a_name_with_blanks() {
        let stat = "12 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0 20 0 1 0 9 0 0";
        assert_eq!(cpu_ticks(stat), Some(42));
        assert_eq!(kilobytes("VmHWM:\t  2048 kB\nVmRSS:\t 1024 kB\n", "VmRSS:"), Some(1024));
        assert_eq!(cpu_ticks("nothing"), None);
    }

    #[test]
    fn the_own_process_uses_something() {
        let before = Usage::of(std::process::id()).unwrap();
        let mut burnt = 0_u64;
        while Usage::of(std::process::id()).unwrap().cpu <= before.cpu {
            burnt = burnt.wrapping_add(1);
        }
        assert!(burnt > 0 && before.peak >= before.resident && before.resident > 0);
        assert!(Usage::of(u32::MAX - 1).is_err());
    }
}
