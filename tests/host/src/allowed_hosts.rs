//! `allowed_outbound_hosts`: which hosts a component may call.

use std::collections::BTreeMap;
use std::net::IpAddr;

use anyhow::{Context, Result, bail, ensure};
use http::Uri;
use ipnet::IpNet;

use crate::template;

/// What one component may call.
#[derive(Debug, Default)]
pub struct AllowedHosts(Vec<Rule>);

/// `scheme://host[:port]`.
#[derive(Debug, PartialEq)]
struct Rule {
    /// `None` for any.
    scheme: Option<String>,
    host: Host,
    ports: Ports,
}

#[derive(Debug, PartialEq)]
enum Host {
    Any,
    Exact(String),
    /// Any name that ends in this, dot included.
    Below(String),
    Net(IpNet),
}

#[derive(Debug, PartialEq)]
enum Ports {
    Any,
    /// From, inclusive, to, exclusive.
    Range(u16, u16),
    One(u16),
}

impl AllowedHosts {
    /// Reads a component's entries. One that resolves to nothing, or to a bare scheme, allows nothing.
    pub fn parse(entries: &[String], variables: &BTreeMap<String, String>) -> Result<Self> {
        let mut rules = Vec::new();
        for entry in entries {
            let resolved = template::resolve(entry, variables)?;
            if resolved.is_empty() || resolved.ends_with("://") {
                continue;
            }
            rules.push(Rule::parse(&resolved).with_context(|| format!("allowed_outbound_hosts entry {resolved:?}"))?);
        }
        Ok(Self(rules))
    }

    /// Whether `uri`, which has a scheme and a host, may be called.
    pub fn allows(&self, uri: &Uri) -> bool {
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return false;
        };
        let Some(port) = uri.port_u16().or_else(|| default_port(scheme)) else {
            return false;
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        self.0.iter().any(|rule| rule.matches(scheme, &host, port))
    }
}

impl Rule {
    fn parse(text: &str) -> Result<Self> {
        let (scheme, rest) = text.split_once("://").context("a scheme is missing (for example https://)")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let scheme = (scheme != "*").then(|| scheme.to_ascii_lowercase());
        // A network's "/24" is no path.
        if let Ok(net) = rest.parse::<IpNet>() {
            return Ok(Self { ports: default_ports(scheme.as_deref())?, scheme, host: Host::Net(net) });
        }
        let (host, port) = match rest.strip_prefix('[') {
            Some(v6) => {
                let (host, tail) = v6.split_once(']').context("\"[\" without \"]\"")?;
                (host, tail.strip_prefix(':'))
            }
            None => match rest.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        let ports = match port {
            None => default_ports(scheme.as_deref())?,
            Some("*") => Ports::Any,
            Some(port) => match port.split_once("..") {
                Some((from, to)) => Ports::Range(from.parse()?, to.parse()?),
                None => Ports::One(port.parse().context("the port is not a number")?),
            },
        };
        Ok(Self { scheme, host: Host::parse(host)?, ports })
    }

    fn matches(&self, scheme: &str, host: &str, port: u16) -> bool {
        let scheme_fits = self.scheme.as_deref().is_none_or(|s| s == scheme);
        let port_fits = match self.ports {
            Ports::Any => true,
            Ports::Range(from, to) => (from..to).contains(&port),
            Ports::One(one) => port == one,
        };
        let host_fits = match &self.host {
            Host::Any => true,
            Host::Exact(name) => name == host,
            Host::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
            Host::Net(net) => host.parse::<IpAddr>().is_ok_and(|ip| net.contains(&ip)),
        };
        scheme_fits && port_fits && host_fits
    }
}

impl Host {
    fn parse(text: &str) -> Result<Self> {
        let text = text.to_ascii_lowercase();
        ensure!(!text.contains('/'), "a path is not allowed");
        if text == "*" {
            return Ok(Self::Any);
        }
        if text == "self" || text.ends_with("spin.internal") {
            bail!("this host has no calls between components");
        }
        if let Some(below) = text.strip_prefix('*') {
            ensure!(below.starts_with('.') && !below.contains('*'), "\"*\" stands for a whole first label only");
            return Ok(Self::Below(below.to_owned()));
        }
        ensure!(!text.is_empty() && !text.contains('*'), "the host is not valid");
        Ok(Self::Exact(text))
    }
}

fn default_ports(scheme: Option<&str>) -> Result<Ports> {
    let scheme = scheme.context("a port is needed with the scheme \"*\"")?;
    default_port(scheme).map(Ports::One).with_context(|| format!("a port is needed with the scheme {scheme:?}"))
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(entry: &str, uri: &str) -> bool {
        let hosts = AllowedHosts::parse(&[entry.to_owned()], &BTreeMap::new()).unwrap();
        hosts.allows(&uri.parse().unwrap())
    }

    #[test]
    fn a_rule_allows_what_it_names_and_nothing_else() {
        for (entry, uri, expected) in [
            ("https://api.example", "https://api.example/x", true),
            ("https://api.example/", "https://API.example:443/x", true),
            ("https://api.example", "http://api.example/", false),
            ("https://api.example", "https://api.example:8443/", false),
            ("https://api.example", "https://api.example.evil/", false),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000/", true),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9001/", false),
            ("http://127.0.0.1:*", "http://127.0.0.1:9001/", true),
            ("http://127.0.0.1:9000..9002", "http://127.0.0.1:9001/", true),
            ("http://127.0.0.1:9000..9002", "http://127.0.0.1:9002/", false),
            ("https://*.example", "https://a.b.example/", true),
            ("https://*.example", "https://example/", false),
            ("https://*", "https://anything.example/", true),
            ("*://db.example:*", "http://db.example:1/", true),
            ("http://10.0.0.0/8", "http://10.1.2.3/", true),
            ("http://10.0.0.0/8", "http://11.1.2.3/", false),
            ("http://[::1]:80", "http://[::1]/", true),
            ("", "https://api.example/", false),
            ("https://", "https://api.example/", false),
        ] {
            assert_eq!(allows(entry, uri), expected, "{entry} {uri}");
        }
    }

    #[test]
    fn malformed_entries_are_refused() {
        for entry in ["api.example", "https://a/path", "https://a:x", "https://a*b", "*://a", "http://self"] {
            assert!(AllowedHosts::parse(&[entry.to_owned()], &BTreeMap::new()).is_err(), "{entry}");
        }
    }
}
