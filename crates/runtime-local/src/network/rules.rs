//! What the wall's rules say, as a script for `nft`. Each script can be applied any number of times.

use std::fmt::Write as _;
use std::net::IpAddr;

use crate::record::Reach;
use crate::unit::Unit;

/// The table's name.
pub(super) const TABLE: &str = "inet saasodoo";

/// Where machines of the large hosters tell secrets about themselves, and whoever else hears without being meant.
const ADDRESSES: &str = "\
        ip daddr { 169.254.0.0/16, 100.100.100.200, 168.63.129.16, 192.0.0.192, 224.0.0.0/4, 255.255.255.255 } goto refuse
        ip6 daddr { fe80::/10, ff00::/8, fd00:ec2::254, fd20:ce::254 } goto refuse
";

/// Who has not logged in yet takes a connection from all others, so nobody may come too often. Odoo keeps what it opens.
const KNOCKS: &str = "limit rate over 20/second burst 60 packets";

/// Where one workload may connect to, and at which ports it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passage {
    pub(super) user_id: u32,
    pub(super) ports: Vec<u16>,
    pub(super) reach: Reach,
}

impl Passage {
    /// As it is written down; `None` for what was prepared when there was no wall yet.
    pub(super) fn of(unit: &Unit) -> anyhow::Result<Option<Self>> {
        let state = unit.state()?;
        let (Some(user_id), Some(reach)) = (state.user_id, state.reach) else { return Ok(None) };
        Ok(Some(Self { user_id, ports: state.ports, reach }))
    }

    /// The chain of this workload, in the place of the one that it had.
    pub(super) fn chain(&self) -> String {
        let chain = chain_of(self.user_id);
        let mut script = format!("add chain {TABLE} {chain}\nflush chain {TABLE} {chain}\n");
        for rule in self.rules() {
            line(&mut script, &format!("add rule {TABLE} {chain} {rule}"));
        }
        let user_id = self.user_id;
        line(&mut script, &format!("add element {TABLE} workloads {{ {user_id} : jump {chain} }}"));
        script
    }

    fn rules(&self) -> Vec<String> {
        let ports: Vec<String> = self.ports.iter().map(u16::to_string).collect();
        let ports = ports.join(", ");
        let mut rules = Vec::new();
        if !ports.is_empty() {
            // Whoever comes to it is answered; that is never the beginning of a connection.
            rules.push(format!(
                "ip saddr 127.0.0.1 tcp sport {{ {ports} }} tcp flags & (syn | ack) != syn accept"
            ));
        }
        let Reach::Database(database) = self.reach else {
            rules.push("goto refuse".into());
            return rules;
        };
        let server = format!("ip daddr {} tcp dport {}", database.ip(), database.port());
        rules.push(format!("{server} tcp flags & (syn | ack) == syn {KNOCKS} goto refuse"));
        rules.push(format!("{server} accept"));
        if !ports.is_empty() {
            rules.push(format!("ip daddr 127.0.0.1 tcp dport {{ {ports} }} accept"));
        }
        rules.extend(["jump resolvers", "oif lo goto refuse", "goto beyond"].map(String::from));
        rules
    }
}

/// What all chains have in common. All addresses of this machine are behind `lo`. A workload that listens where it
/// should not is not heard: it might take the place of a server or a service that is down, and be given passwords.
pub(super) fn frame(resolvers: &[IpAddr]) -> String {
    let mut script = format!(
        "table {TABLE} {{
    map workloads {{ type uid : verdict; }}
    chain refuse {{ }}
    chain beyond {{ }}
    chain resolvers {{ }}
    chain output {{ type filter hook output priority 0; policy accept; }}
}}
"
    );
    for chain in ["output", "resolvers", "beyond", "refuse"] {
        line(&mut script, &format!("flush chain {TABLE} {chain}"));
    }
    let resolvers: String = resolvers.iter().map(resolver).collect();
    write!(
        script,
        "table {TABLE} {{
    chain refuse {{
        meta l4proto tcp reject with tcp reset
        reject with icmpx type admin-prohibited
    }}
    chain beyond {{
{ADDRESSES}        tcp flags & (syn | ack) == (syn | ack) goto refuse
    }}
    chain resolvers {{
{resolvers}    }}
    chain output {{
        meta skuid vmap @workloads
    }}
}}
"
    )
    .expect("writing to a string cannot fail");
    script
}

fn resolver(address: &IpAddr) -> String {
    let family = if address.is_ipv4() { "ip" } else { "ip6" };
    format!("        {family} daddr {address} meta l4proto {{ tcp, udp }} th dport 53 accept\n")
}

/// Whom this machine asks for names, also where that is a program on the loopback address.
pub(super) fn resolvers() -> Vec<IpAddr> {
    named(&std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default())
}

fn named(configuration: &str) -> Vec<IpAddr> {
    configuration
        .lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver")?.split_whitespace().next())
        // An address of a link has its interface behind a per cent sign.
        .filter_map(|address| address.split('%').next()?.parse().ok())
        .collect()
}

/// The end of a workload's chain. Nothing can be deleted that is not there, so it is made first.
pub(super) fn without(user_id: u32) -> String {
    let chain = chain_of(user_id);
    format!(
        "add table {TABLE}
add map {TABLE} workloads {{ type uid : verdict; }}
add chain {TABLE} {chain}
add element {TABLE} workloads {{ {user_id} : jump {chain} }}
delete element {TABLE} workloads {{ {user_id} }}
delete chain {TABLE} {chain}
"
    )
}

fn chain_of(user_id: u32) -> String {
    format!("workload-{user_id}")
}

fn line(script: &mut String, text: &str) {
    script.push_str(text);
    script.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odoo_reaches_its_server_itself_and_the_world() {
        let database = "127.0.0.1:20001".parse().unwrap();
        let odoo =
            Passage { user_id: 7, ports: vec![20_002, 20_003], reach: Reach::Database(database) };
        assert_eq!(
            odoo.rules(),
            [
                "ip saddr 127.0.0.1 tcp sport { 20002, 20003 } tcp flags & (syn | ack) != syn accept",
                "ip daddr 127.0.0.1 tcp dport 20001 tcp flags & (syn | ack) == syn \
                 limit rate over 20/second burst 60 packets goto refuse",
                "ip daddr 127.0.0.1 tcp dport 20001 accept",
                "ip daddr 127.0.0.1 tcp dport { 20002, 20003 } accept",
                "jump resolvers",
                "oif lo goto refuse",
                "goto beyond",
            ]
        );
    }

    #[test]
    fn a_server_only_answers() {
        let server = Passage { user_id: 7, ports: vec![20_001], reach: Reach::Nowhere };
        let rules = server.rules();
        assert_eq!((rules.len(), rules[1].as_str()), (2, "goto refuse"));
    }

    #[test]
    fn resolvers_are_found_wherever_they_are() {
        let text =
            "# a comment\nsearch example.org\nnameserver 127.0.0.53\nnameserver fe80::1%eth0\n";
        assert_eq!(named(text), ["127.0.0.53", "fe80::1"].map(|ip| ip.parse::<IpAddr>().unwrap()));
        assert_eq!(named("nameserver nonsense\noptions edns0\n"), Vec::<IpAddr>::new());
    }
}
