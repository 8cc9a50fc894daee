import CNetlink
import Glibc
package import NetworkTypes
package import RoutePlanning

/// Reads the kernel's network state. Needs no privilege, changes nothing.
package struct HostNetworkReader: ~Copyable {
    let socket: NetlinkSocket

    package init() throws(NetlinkError) {
        socket = try NetlinkSocket()
    }

    /// Everything that a plan for `device` depends on. Works without the device: its neighbours are then empty.
    ///
    /// The parts are read one after the other: a change in between shows as an event to `HostNetworkObserver`.
    package func read(device: String) throws(NetlinkError) -> HostNetworkState {
        let links = try socket.dump("ip link show", type: RTM_GETLINK, family: AF_UNSPEC) { HostLink(link: $0) }
        let addresses = try socket.dump("ip address show", type: RTM_GETADDR, family: AF_UNSPEC) {
            HostAddress(address: $0)
        }
        var routes: [HostRoute] = []
        for family in [AddressFamily.v4, .v6] {
            // A kernel without v6 answers with every family's routes.
            routes += try socket.dump("ip route show table all", type: RTM_GETROUTE, family: kernelFamily(family)) {
                HostRoute(route: $0).flatMap { $0.family == family ? $0 : nil }
            }
        }
        let index = links.first { $0.name == device }?.index
        let neighbours =
            index == nil
            ? []
            : try socket.dump("ip neighbour show", type: RTM_GETNEIGH, family: AF_UNSPEC) {
                HostNeighbour(neighbour: $0).flatMap { $0.linkIndex == index || $0.isNextHop ? $0 : nil }
            }
        return HostNetworkState(
            links: links, addresses: addresses, routes: routes, neighbours: neighbours, rules: readRules())
    }

    /// Counters of a device; `nil` when there is none of that name.
    package func statistics(of device: String) throws(NetlinkError) -> DeviceStatistics? {
        do {
            return try socket.ask("ip -stats link show dev \(device)") {
                rtnl_link_build_get_request(0, device, $0)
            } convert: { object in
                HostLink(link: object).map { DeviceStatistics(link: $0, object: object) }
            }
        } catch  where error.kernelCode == ENODEV {
            return nil
        }
    }

    /// The way that the kernel would send a packet to `address` now; `nil` when it has none.
    ///
    /// The answer's prefix is the address itself; its table, link, gateway and source are those in use.
    package func routeLookup(to address: IPAddress) throws(NetlinkError) -> HostRoute? {
        var object: OpaquePointer?
        do {
            try socket.call("ip route get \(address)") { handle in
                withKernelAddress(address) { rtnl_route_lookup(handle, $0, &object) }
            }
        } catch  where error.kernelCode == ENETUNREACH || error.kernelCode == EHOSTUNREACH || error.kernelCode == EACCES
        {
            return nil
        }
        guard let object else { return nil }
        defer { rtnl_route_put(object) }
        return HostRoute(lookup: object)
    }

    /// Rules serve warnings only, and a kernel may be built without them.
    private func readRules() -> [PolicyRule] {
        [AddressFamily.v4, .v6].flatMap { family -> [PolicyRule] in
            let rules = try? socket.dump("ip rule show", type: RTM_GETRULE, family: kernelFamily(family)) {
                PolicyRule(rule: $0).flatMap { $0.family == family ? $0 : nil }
            }
            return rules ?? []
        }
    }
}

/// A device's state and counters since it was made (`struct rtnl_link_stats64`).
package struct DeviceStatistics: Equatable, Sendable {
    package var isUp: Bool
    package var mtu: Int
    package var rxBytes: UInt64
    package var txBytes: UInt64
    package var rxPackets: UInt64
    package var txPackets: UInt64
    package var rxDropped: UInt64
    package var txDropped: UInt64

    package init(
        isUp: Bool, mtu: Int, rxBytes: UInt64, txBytes: UInt64, rxPackets: UInt64, txPackets: UInt64, rxDropped: UInt64,
        txDropped: UInt64
    ) {
        self.isUp = isUp
        self.mtu = mtu
        self.rxBytes = rxBytes
        self.txBytes = txBytes
        self.rxPackets = rxPackets
        self.txPackets = txPackets
        self.rxDropped = rxDropped
        self.txDropped = txDropped
    }

    init(link: HostLink, object: OpaquePointer) {
        self.init(
            isUp: link.isUp, mtu: link.mtu,
            rxBytes: rtnl_link_get_stat(object, RTNL_LINK_RX_BYTES),
            txBytes: rtnl_link_get_stat(object, RTNL_LINK_TX_BYTES),
            rxPackets: rtnl_link_get_stat(object, RTNL_LINK_RX_PACKETS),
            txPackets: rtnl_link_get_stat(object, RTNL_LINK_TX_PACKETS),
            rxDropped: rtnl_link_get_stat(object, RTNL_LINK_RX_DROPPED),
            txDropped: rtnl_link_get_stat(object, RTNL_LINK_TX_DROPPED))
    }
}
