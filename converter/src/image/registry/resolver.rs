//! Resolves names for connections. The addresses that are checked here are the ones connected to, so a
//! name whose answer changes between two questions gains nothing.

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::not_public;
use super::outbound::Reach;

/// Why a name is not connected to.
#[derive(Debug, thiserror::Error)]
#[error("{address} is {sort}")]
pub(super) struct Refused {
    address: IpAddr,
    /// As [`not_public`] says it.
    pub(super) sort: &'static str,
}

/// The system's resolver, and the rules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resolver(pub(super) Reach);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            check(reach, &found)?;
            Ok::<Addrs, _>(Box::new(found.into_iter()))
        })
    }
}

/// One address that is not public is enough: a name that has both sorts is not an honest registry's.
fn check(reach: Reach, found: &[SocketAddr]) -> Result<(), Refused> {
    let refused = |found: &SocketAddr| {
        not_public(found.ip()).map(|sort| Refused { address: found.ip(), sort })
    };
    match reach {
        Reach::Private => Ok(()),
        Reach::Public => found.iter().find_map(refused).map_or(Ok(()), Err),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_that_is_not_public_is_enough() {
        let found: Vec<SocketAddr> =
            ["1.1.1.1:0", "[fe80::1]:0"].iter().map(|text| text.parse().unwrap()).collect();
        assert!(check(Reach::Public, &found[..1]).is_ok());
        let refused = check(Reach::Public, &found).unwrap_err();
        assert_eq!(refused.to_string(), "fe80::1 is a link-local address");
        assert!(check(Reach::Private, &found).is_ok());
    }
}
