//! Which people a question is about: department, user type, licence, kind of mailbox, domain.
//!
//! Each may be named more than once, any of which fits; `none` fits what is not there. It must not know where rows
//! come from.

/// What people are chosen by. An empty list chooses everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Departments, in any case.
    pub departments: Vec<String>,
    /// `member`, `guest`, or `none`.
    pub user_types: Vec<String>,
    /// Product names or part numbers, or a part of one.
    pub licences: Vec<String>,
    /// `user`, `shared`, `room`, `equipment`, or `none`.
    pub resources: Vec<String>,
    /// Domains of the address, exactly.
    pub domains: Vec<String>,
    /// Whether disabled accounts are left out.
    pub only_enabled: bool,
}

impl Filter {
    pub(in crate::inventory) fn department(&self, department: Option<&str>) -> bool {
        fits(&self.departments, department)
    }

    pub(in crate::inventory) fn user_type(&self, kind: Option<&str>) -> bool {
        fits(&self.user_types, kind)
    }

    pub(super) fn resource(&self, kind: Option<&str>) -> bool {
        fits(&self.resources, kind)
    }

    pub(in crate::inventory) fn domain(&self, mail: Option<&str>) -> bool {
        fits(&self.domains, mail.and_then(|mail| mail.rsplit_once('@')).map(|(_, domain)| domain))
    }

    /// A licence fits by its part number or by any part of its name.
    pub(in crate::inventory) fn licence(&self, part: &str, name: &str) -> bool {
        let name = name.to_lowercase();
        let fits = |asked: &String| asked.eq_ignore_ascii_case(part) || name.contains(&asked.to_lowercase());
        self.licences.is_empty() || self.licences.iter().any(fits)
    }

    /// Whether people without any licence are asked for.
    pub(super) fn wants_unlicensed(&self) -> bool {
        self.licences.is_empty() || self.licences.iter().any(|asked| asked.eq_ignore_ascii_case("none"))
    }

    pub(super) fn enabled(&self, enabled: Option<bool>) -> bool {
        !self.only_enabled || enabled != Some(false)
    }
}

fn fits(asked: &[String], have: Option<&str>) -> bool {
    let have = have.map(str::trim).filter(|have| !have.is_empty());
    asked.is_empty()
        || asked.iter().any(|asked| match have {
            Some(have) => asked.trim().to_lowercase() == have.to_lowercase(),
            None => asked.trim().eq_ignore_ascii_case("none"),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_the_named_fits_and_none_means_what_is_not_there() {
        let filter = Filter { departments: vec!["Legal".into(), "none".into()], ..Filter::default() };
        assert!(filter.department(Some("LEGAL")) && filter.department(None) && filter.department(Some(" ")));
        assert!(!filter.department(Some("Sales")) && Filter::default().department(Some("Sales")));
        let filter = Filter { domains: vec!["contoso.example".into()], ..Filter::default() };
        assert!(
            filter.domain(Some("a@Contoso.example"))
                && !filter.domain(Some("a@x.contoso.example"))
                && !filter.domain(None)
        );
        let filter = Filter { licences: vec!["e5".into(), "SPE_F1".into()], ..Filter::default() };
        assert!(filter.licence("SPE_E5", "Microsoft 365 E5") && filter.licence("spe_f1", "x"));
        assert!(!filter.licence("SPE_E3", "Microsoft 365 E3") && !filter.wants_unlicensed());
    }
}
