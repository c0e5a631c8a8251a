//! Who something is counted for.

use std::net::{IpAddr, Ipv6Addr};

tokio::task_local! {
    /// On whose account a request is done.
    static CALLER: CallerKey;
}

/// Does a request on that caller's account.
pub async fn on_behalf_of<T>(caller: CallerKey, work: impl Future<Output = T>) -> T {
    CALLER.scope(caller, work).await
}

/// Bits of an IPv6 address that one customer of a network has at least to herself.
const IPV6_HOST_BITS: u32 = 64;

/// One caller: a user, wherever they call from, or else a network address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallerKey {
    /// The user of that number.
    User(i64),
    /// Somebody without a valid token at that address; see [`network`].
    Address(IpAddr),
    /// Somebody whose address is not known.
    Nowhere,
}

impl CallerKey {
    /// On whose account the request is done that runs here; `None` for what the hub does by itself.
    pub fn here() -> Option<Self> {
        CALLER.try_with(|caller| *caller).ok()
    }

    /// Whoever calls from that address.
    pub fn of_address(address: Option<IpAddr>) -> Self {
        address.map_or(Self::Nowhere, |address| Self::Address(network(address)))
    }
}

/// The address by which somebody is counted: all of an IPv6 /64 is one, and an IPv4 address is the same
/// written as IPv6.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let bits = address.to_bits() >> IPV6_HOST_BITS << IPV6_HOST_BITS;
            Ipv6Addr::from_bits(bits).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_counted_by_network() {
        for (address, counted) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::1", "::"),
        ] {
            assert_eq!(network(address.parse().unwrap()), counted.parse::<IpAddr>().unwrap());
        }
    }
}
