//! One role has several spellings in the documents (reading C79).

use super::Catalog;

impl Catalog {
    /// The role's one name: an alias becomes its name, a purpose in brackets is no other role, case does not count.
    pub fn role_name<'a>(&'a self, spelling: &'a str) -> &'a str {
        self.known_role(spelling)
            .or_else(|| self.known_role(without_purpose(spelling)))
            .unwrap_or_else(|| without_purpose(spelling))
    }

    /// Whether two spellings are one role.
    pub fn same_role(&self, left: &str, right: &str) -> bool {
        self.role_name(left).eq_ignore_ascii_case(self.role_name(right))
    }

    /// Every role name that a link of the catalog uses, and every alias, for messages.
    pub fn role_spellings(&self) -> Vec<&str> {
        let printed =
            self.systems.iter().filter_map(|system| system.ends.as_ref()).flat_map(|ends| ends.from.iter().chain(&ends.to));
        let aliases = self.roles.iter().flat_map(|role| role.aliases.iter().chain(std::iter::once(&role.name)));
        let mut spellings: Vec<&str> = printed.chain(aliases).map(String::as_str).collect();
        spellings.sort_unstable();
        spellings.dedup();
        spellings
    }

    fn known_role(&self, spelling: &str) -> Option<&str> {
        let is = |name: &String| name.eq_ignore_ascii_case(spelling);
        let role = self.roles.iter().find(|role| is(&role.name) || role.aliases.iter().any(is))?;
        Some(&role.name)
    }
}

fn without_purpose(spelling: &str) -> &str {
    spelling.split_once(" (").map_or(spelling, |(role, _)| role).trim()
}
