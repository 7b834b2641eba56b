//! Which resolvers this machine uses.
//!
//! Where the system has a `resolv.conf` (Linux, macOS, the BSDs) that is read; elsewhere none is known, and one must be
//! named. It must not ask them anything.

use std::net::{IpAddr, SocketAddr};

/// Resolvers that are read from the file; the system's own resolver takes as many.
const SERVERS_MAX: usize = 3;

/// The system's resolvers, in its order.
pub(super) fn servers() -> Vec<SocketAddr> {
    std::fs::read_to_string("/etc/resolv.conf").map(|text| parse(&text)).unwrap_or_default()
}

fn parse(text: &str) -> Vec<SocketAddr> {
    let server = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        (words.next() == Some("nameserver")).then(|| words.next()?.parse::<IpAddr>().ok()).flatten()
    };
    text.lines().filter_map(server).map(|ip| SocketAddr::new(ip, 53)).take(SERVERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_of_a_resolv_conf_are_read_in_order() {
        let text =
            "# nameserver 192.0.2.9\nsearch example\nnameserver 192.0.2.1\n nameserver\t2001:db8::1\nnameserver x\n";
        let found: Vec<String> = parse(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["192.0.2.1:53", "[2001:db8::1]:53"]);
        assert!(parse("").is_empty());
    }
}
