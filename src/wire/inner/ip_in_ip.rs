//! A packet right behind an IP header: IPv4 (RFC 2003), IPv6 (RFC 2473, 4213; 6to4 is the same), Ethernet (RFC 3378, 8986).

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

/// `EtherIP` version 3, twelve bits reserved.
const ETHERIP_HEADER: usize = 2;

/// IPv4 in IP.
pub(super) fn ipv4<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    walk.tunnel("ipip", None);
    Ok(Next::Ipv4(window))
}

/// IPv6 in IP.
pub(super) fn ipv6<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    walk.tunnel("ipv6", None);
    Ok(Next::Ipv6(window))
}

/// Ethernet in IP.
pub(super) fn ethernet<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    walk.tunnel("ethernet", None);
    Ok(Next::Link(LinkType::ETHERNET, window))
}

/// Ethernet behind an `EtherIP` header.
pub(super) fn etherip<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    window.header::<ETHERIP_HEADER>("etherip-header-cut")?;
    walk.tunnel("etherip", None);
    Ok(Next::Link(LinkType::ETHERNET, window.skip(ETHERIP_HEADER)))
}
