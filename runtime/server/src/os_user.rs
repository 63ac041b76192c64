//! Who the operating system says is at work: never what the environment says, which anybody sets as they like.

use dragoman_model::Actor;

/// Where the names of the system's users are (passwd(5)): `name:password:uid:...`, a user a line.
const USERS: &str = "/etc/passwd";
/// What the kernel says of this process (proc_pid_status(5)): a safe way to the real user id that needs no dependency.
const PROCESS: &str = "/proc/self/status";
/// The user where the kernel says nothing: no name that the environment gives would be better.
const NOBODY_KNOWN: &str = "unknown";

/// The user who runs this process, by the real user id: the name, or the number where the system has no name for it.
pub fn os_user() -> String {
    let text = |file| String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).into_owned();
    match real_uid(&text(PROCESS)) {
        Some(uid) => name_of(uid, &text(USERS)),
        None => NOBODY_KNOWN.into(),
    }
}

/// The user who runs this process as an actor of the trail. `person`: on whose authority they say to act; it is a claim of
/// theirs, and never who they are.
pub fn os_actor(authentication: &str, person: Option<String>) -> Actor {
    Actor {
        on_behalf_of: person,
        ..Actor::person(&os_user(), authentication)
    }
}

/// The first of the four ids (real, effective, saved, of the file system).
fn real_uid(status: &str) -> Option<u32> {
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    ids.split_whitespace().next()?.parse().ok()
}

fn name_of(uid: u32, users: &str) -> String {
    let number = uid.to_string();
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        (id == number && !name.is_empty()).then(|| name.to_owned())
    });
    named.unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_called_as_the_system_says_or_by_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\n\n# x\nolga:x:1000:100::/home/olga:/bin/sh\n:x:7:7::/:\n";
        for (uid, name) in [(0, "root"), (1000, "olga"), (100, "100"), (7, "7"), (1, "1")] {
            assert_eq!(name_of(uid, users), name, "{uid}");
        }
    }

    #[test]
    fn the_kernel_says_the_real_user() {
        let status = "Name:\tdragoman\nUid:\t1000\t0\t0\t0\nGid:\t7\t7\t7\t7\n";
        assert_eq!(real_uid(status), Some(1000));
        assert_eq!(real_uid("Name:\tdragoman\nGid:\t7\n"), None);
        assert_ne!(os_user(), NOBODY_KNOWN);
    }

    #[test]
    fn on_whose_authority_is_no_identity() {
        let alone = os_actor("os_user", None);
        let named = os_actor("os_user", Some("boss".into()));
        assert_eq!((&named.id, named.on_behalf_of.as_deref()), (&alone.id, Some("boss")));
        assert_eq!((alone.id, alone.on_behalf_of), (os_user(), None));
    }
}
