import CNetlink
import Glibc
import NetworkTypes
import RoutePlanning

// Each initialiser reads an object that libnl has parsed and still owns.

extension HostLink {
    init?(link: OpaquePointer) {
        guard let name = rtnl_link_get_name(link) else { return nil }
        let flags = rtnl_link_get_flags(link)
        let master = rtnl_link_get_master(link)
        self.init(
            index: rtnl_link_get_ifindex(link), name: String(cString: name),
            isUp: flags & UInt32(IFF_UP) != 0,
            hasCarrier: flags & HostLink.lowerUp != 0,
            isLoopback: flags & UInt32(IFF_LOOPBACK) != 0,
            mtu: Int(rtnl_link_get_mtu(link)), mac: macAddress(from: rtnl_link_get_addr(link)),
            kind: rtnl_link_get_type(link).map { String(cString: $0) }, masterIndex: master > 0 ? master : nil)
    }

    /// IFF_LOWER_UP of linux/if.h, which glibc's header of the same name does not have.
    private static let lowerUp: UInt32 = 1 << 16
}

extension HostAddress {
    init?(address object: OpaquePointer) {
        guard let local = ipAddress(from: rtnl_addr_get_local(object)) else { return nil }
        let peer = ipAddress(from: rtnl_addr_get_peer(object))
        self.init(
            linkIndex: rtnl_addr_get_ifindex(object), address: local,
            prefixLength: Int(rtnl_addr_get_prefixlen(object)), peer: peer == local ? nil : peer,
            broadcast: ipAddress(from: rtnl_addr_get_broadcast(object)),
            scope: AddressScope(rawValue: UInt8(truncatingIfNeeded: rtnl_addr_get_scope(object))),
            flags: HostAddressFlags(rawValue: rtnl_addr_get_flags(object)).intersection(.known))
    }
}

extension HostRoute {
    /// `nil` for what a `HostNetworkState` leaves out.
    init?(route: OpaquePointer) {
        guard let prefix = ipPrefix(from: rtnl_route_get_dst(route)),
            let kind = RouteKind(rawValue: rtnl_route_get_type(route)),
            rtnl_route_get_table(route) != RoutingTable.local.rawValue,
            rtnl_route_get_tos(route) == 0, rtnl_route_get_flags(route) & UInt32(RTM_F_CLONED) == 0,
            rtnl_route_get_src(route).map({ nl_addr_get_prefixlen($0) == 0 }) ?? true
        else { return nil }
        self.init(resolved: route, prefix: prefix, kind: kind)
    }

    /// The answer to "which way to this address", whatever its table and kind.
    init?(lookup route: OpaquePointer) {
        guard let prefix = ipPrefix(from: rtnl_route_get_dst(route)),
            let kind = RouteKind(rawValue: rtnl_route_get_type(route))
        else { return nil }
        self.init(resolved: route, prefix: prefix, kind: kind)
    }

    private init(resolved route: OpaquePointer, prefix: IPPrefix, kind: RouteKind) {
        // The kernel gives v6 routes without a next hop (unreachable, ...) the loopback link, which means nothing.
        let hop = kind == .unicast || kind == .local ? rtnl_route_nexthop_n(route, 0) : nil
        let link = hop.map { rtnl_route_nh_get_ifindex($0) } ?? 0
        let gateway = hop.flatMap { hop in
            ipAddress(from: rtnl_route_nh_get_gateway(hop))
                ?? ipAddress(from: rtnl_route_nh_get_via(hop))
        }
        self.init(
            table: RoutingTable(rawValue: rtnl_route_get_table(route)), prefix: prefix,
            metric: rtnl_route_get_priority(route), origin: RouteProtocol(rawValue: rtnl_route_get_protocol(route)),
            kind: kind, linkIndex: link > 0 ? link : nil, gateway: gateway,
            preferredSource: ipAddress(from: rtnl_route_get_pref_src(route)),
            mtu: HostRoute.metric(RTAX_MTU, of: route), advertisedMSS: HostRoute.metric(RTAX_ADVMSS, of: route),
            isOnLink: hop.map { rtnl_route_nh_get_flags($0) & UInt32(RTNH_F_ONLINK) != 0 } ?? false,
            nextHopCount: max(1, Int(rtnl_route_get_nnexthops(route))))
    }

    private static func metric(_ number: Int, of route: OpaquePointer) -> UInt32? {
        var value: UInt32 = 0
        return rtnl_route_get_metric(route, Int32(number), &value) == 0 && value != 0 ? value : nil
    }
}

extension HostNeighbour {
    init?(neighbour: OpaquePointer) {
        guard let address = ipAddress(from: rtnl_neigh_get_dst(neighbour)) else { return nil }
        self.init(
            linkIndex: rtnl_neigh_get_ifindex(neighbour), address: address,
            mac: macAddress(from: rtnl_neigh_get_lladdr(neighbour)),
            isPermanent: rtnl_neigh_get_state(neighbour) & NUD_PERMANENT != 0)
    }
}

extension PolicyRule {
    /// `nil` for rules that ask no table.
    init?(rule: OpaquePointer) {
        guard let family = addressFamily(of: rtnl_rule_get_family(rule)), rtnl_rule_get_table(rule) != 0 else {
            return nil
        }
        self.init(
            family: family, priority: rtnl_rule_get_prio(rule), table: RoutingTable(rawValue: rtnl_rule_get_table(rule))
        )
    }
}
