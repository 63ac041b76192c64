//! Roles: what people may do.

/// What an account may do. The site file gives roles to users, and a wait names those that may answer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees runs, their timelines and what waits; no messages, and nothing of what is shown.
    Viewer,
    /// Sees all of it, and repairs what is parked.
    Operator,
    /// Sees all of it, and answers what waits.
    Approver,
    /// All of this, and changes what is served.
    Administrator,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Operator, Role::Approver, Role::Administrator];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Approver => "approver",
            Role::Administrator => "administrator",
        }
    }

    /// Reads [`Role::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Role::ALL.into_iter().find(|role| role.name() == text)
    }

    /// Whether somebody with this role may do what asks for `needed`.
    pub fn includes(self, needed: Role) -> bool {
        self == needed || self == Role::Administrator || needed == Role::Viewer
    }
}

#[cfg(test)]
mod tests {
    use super::Role::*;
    use super::*;

    #[test]
    fn a_role_includes_what_it_may_do() {
        for (role, may) in [
            (Viewer, vec![Viewer]),
            (Operator, vec![Viewer, Operator]),
            (Approver, vec![Viewer, Approver]),
            (Administrator, Role::ALL.to_vec()),
        ] {
            let found: Vec<Role> = Role::ALL.into_iter().filter(|needed| role.includes(*needed)).collect();
            assert_eq!(found, may, "{}", role.name());
            assert_eq!(Role::parse(role.name()), Some(role));
        }
        assert_eq!(Role::parse("Viewer"), None);
    }
}
