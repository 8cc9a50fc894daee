import CNetlink
import Glibc
import NetworkTypes
import RoutePlanning

// Each function lends a libnl object that says the same as our value; requests copy what they need of it.

func withKernelObject(
    _ address: HostAddress, _ body: (OpaquePointer) throws(NetlinkError) -> Void
) throws(NetlinkError) {
    guard let object = rtnl_addr_alloc() else { preconditionFailure("out of memory") }
    defer { rtnl_addr_put(object) }
    rtnl_addr_set_ifindex(object, address.linkIndex)
    _ = withKernelAddress(address.address, prefixLength: address.prefixLength) { rtnl_addr_set_local(object, $0) }
    if let peer = address.peer {
        _ = withKernelAddress(peer, prefixLength: address.prefixLength) { rtnl_addr_set_peer(object, $0) }
    }
    if let broadcast = address.broadcast {
        _ = withKernelAddress(broadcast) { rtnl_addr_set_broadcast(object, $0) }
    }
    rtnl_addr_set_scope(object, Int32(address.scope.rawValue))
    // Nobody else is on the link, or the address was in use there a moment ago: it is usable at once.
    if address.family == .v6 { rtnl_addr_set_flags(object, UInt32(IFA_F_NODAD)) }
    if address.flags.contains(.noPrefixRoute) { rtnl_addr_set_flags(object, UInt32(IFA_F_NOPREFIXROUTE)) }
    try body(object)
}

func withKernelObject(
    _ neighbour: HostNeighbour, _ body: (OpaquePointer) throws(NetlinkError) -> Void
) throws(NetlinkError) {
    guard let object = rtnl_neigh_alloc() else { preconditionFailure("out of memory") }
    defer { rtnl_neigh_put(object) }
    rtnl_neigh_set_ifindex(object, neighbour.linkIndex)
    _ = withKernelAddress(neighbour.address) { rtnl_neigh_set_dst(object, $0) }
    if let mac = neighbour.mac { withKernelAddress(mac) { rtnl_neigh_set_lladdr(object, $0) } }
    rtnl_neigh_set_state(object, neighbour.isPermanent ? NUD_PERMANENT : NUD_REACHABLE)
    try body(object)
}

func withKernelObject(
    _ route: HostRoute, _ body: (OpaquePointer) throws(NetlinkError) -> Void
) throws(NetlinkError) {
    guard let object = rtnl_route_alloc() else { preconditionFailure("out of memory") }
    defer { rtnl_route_put(object) }
    rtnl_route_set_family(object, UInt8(kernelFamily(route.family)))
    rtnl_route_set_table(object, route.table.rawValue)
    rtnl_route_set_protocol(object, route.origin.rawValue)
    rtnl_route_set_priority(object, route.metric)
    rtnl_route_set_type(object, route.kind.rawValue)
    let isDirect = route.kind == .unicast && route.gateway == nil
    rtnl_route_set_scope(object, UInt8(isDirect ? RT_SCOPE_LINK.rawValue : RT_SCOPE_UNIVERSE.rawValue))
    _ = withKernelAddress(route.prefix.address, prefixLength: route.prefix.length) { rtnl_route_set_dst(object, $0) }
    if let source = route.preferredSource { _ = withKernelAddress(source) { rtnl_route_set_pref_src(object, $0) } }
    if let mtu = route.mtu { rtnl_route_set_metric(object, Int32(RTAX_MTU), mtu) }
    if let size = route.advertisedMSS { rtnl_route_set_metric(object, Int32(RTAX_ADVMSS), size) }
    if route.kind == .unicast { addNextHop(of: route, to: object) }
    try body(object)
}

/// The route owns its next hop from here on.
private func addNextHop(of route: HostRoute, to object: OpaquePointer) {
    guard let hop = rtnl_route_nh_alloc() else { preconditionFailure("out of memory") }
    if let index = route.linkIndex { rtnl_route_nh_set_ifindex(hop, index) }
    if let gateway = route.gateway {
        withKernelAddress(gateway) { address in
            if gateway.family == route.family {
                rtnl_route_nh_set_gateway(hop, address)
            } else {
                _ = rtnl_route_nh_set_via(hop, address)
            }
        }
    }
    if route.isOnLink { rtnl_route_nh_set_flags(hop, UInt32(RTNH_F_ONLINK)) }
    rtnl_route_add_nexthop(object, hop)
}
