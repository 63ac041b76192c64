//! How many files the process may have open, and how many of them connections may take.

/// The share of the files that is left for the store, folders and requests that leave: connections take the others.
const SHARE: u64 = 2;
/// More connections than this hold more memory than they are worth.
const MOST: u64 = 4096;
/// As many files as are asked for.
#[cfg(unix)]
const WANTED: u64 = 16_384;

/// How many connections may be open at once. The process is given more files first, as far as the system lets it.
pub(crate) fn connections() -> usize {
    share(limit())
}

fn share(files: u64) -> usize {
    usize::try_from((files / SHARE).clamp(1, MOST)).unwrap_or(usize::MAX)
}

/// The soft limit, raised towards the hard one, which needs no privilege.
#[cfg(unix)]
fn limit() -> u64 {
    use rlimit::Resource;

    // Few files are what a system that does not say has at least.
    let (soft, hard) = rlimit::getrlimit(Resource::NOFILE).unwrap_or((256, 256));
    let wanted = hard.min(WANTED);
    if wanted > soft && rlimit::setrlimit(Resource::NOFILE, wanted, hard).is_ok() {
        wanted
    } else {
        // What there is must do; connections are fewer then.
        soft
    }
}

/// Where files are not counted for each process, the number of connections is bounded by itself.
#[cfg(not(unix))]
fn limit() -> u64 {
    u64::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_all_else() {
        for (files, expected) in [(0, 1), (64, 32), (1024, 512), (16_384, 4096), (u64::MAX, 4096)] {
            assert_eq!(share(files), expected, "{files} files");
        }
        let once = connections();
        assert_eq!(connections(), once, "what was raised stays so");
    }
}
