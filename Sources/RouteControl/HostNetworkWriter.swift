import CNetlink
import Glibc
import NetworkTypes
package import RoutePlanning

/// Changes the kernel's network state, one step of a plan at a time. Needs CAP_NET_ADMIN.
package struct HostNetworkWriter: ~Copyable {
    private let socket: NetlinkSocket

    package init() throws(NetlinkError) {
        socket = try NetlinkSocket()
    }

    /// The sender that events about our own changes carry.
    package var portID: UInt32 { socket.portID }

    /// Carries out one step. What is there already, or gone already, counts as done.
    ///
    /// - Throws: the kernel's refusal with its `errno`. `.makeDevice` is not a netlink request and always fails.
    package func apply(_ step: HostNetworkStep) throws(NetlinkError) {
        do {
            try carryOut(step)
        } catch  where Self.isDone(step, error) {
            return
        }
    }

    private func carryOut(_ step: HostNetworkStep) throws(NetlinkError) {
        switch step {
        case .makeDevice:
            throw NetlinkError(operation: "\(step)", cause: .notForNetlink)
        case .setMTU(let link, let mtu):
            try change(link, step) { rtnl_link_set_mtu($0, UInt32(clamping: mtu)) }
        case .setUp(let link):
            try change(link, step) { rtnl_link_set_flags($0, UInt32(IFF_UP)) }
        case .addAddress(let address, _):
            try withKernelObject(address) { object throws(NetlinkError) in
                try socket.request("\(step)") { rtnl_addr_build_add_request(object, NLM_F_CREATE | NLM_F_EXCL, $0) }
            }
        case .removeAddress(let address, _):
            try withKernelObject(address) { object throws(NetlinkError) in
                try socket.request("\(step)") { rtnl_addr_build_delete_request(object, 0, $0) }
            }
        case .setNeighbour(let neighbour, _):
            try withKernelObject(neighbour) { object throws(NetlinkError) in
                try socket.request("\(step)") { rtnl_neigh_build_add_request(object, NLM_F_CREATE | NLM_F_REPLACE, $0) }
            }
        case .removeNeighbour(let neighbour, _):
            try withKernelObject(neighbour) { object throws(NetlinkError) in
                try socket.request("\(step)") { rtnl_neigh_build_delete_request(object, 0, $0) }
            }
        case .makeBridge(let name, let mac, let mtu):
            try socket.request("\(step)") { message in
                message.pointee = BridgeRequest.make(name: name, mac: mac, mtu: mtu)
                return 0
            }
        case .removeBridge(let link):
            try withLink(link) { object throws(NetlinkError) in
                try socket.request("\(step)") { rtnl_link_build_delete_request(object, $0) }
            }
        case .setMaster(let link, let bridge):
            try change(link, step) { rtnl_link_set_master($0, bridge?.index ?? 0) }
        case .addRoute(let route, _, _):
            try withKernelObject(route) { object throws(NetlinkError) in
                try socket.request("\(step)") { rtnl_route_build_add_request(object, NLM_F_CREATE | NLM_F_EXCL, $0) }
            }
        case .replaceRoute(let route, _, _):
            try withKernelObject(route) { object throws(NetlinkError) in
                try socket.request("\(step)") { rtnl_route_build_add_request(object, NLM_F_CREATE | NLM_F_REPLACE, $0) }
            }
        case .removeRoute(let route, _, _):
            try withKernelObject(route) { object throws(NetlinkError) in
                try socket.request("\(step)") { rtnl_route_build_del_request(object, 0, $0) }
            }
        }
    }

    private func withLink(
        _ link: LinkIdentity, _ body: (OpaquePointer) throws(NetlinkError) -> Void
    ) throws(NetlinkError) {
        guard let object = rtnl_link_alloc() else { preconditionFailure("out of memory") }
        defer { rtnl_link_put(object) }
        rtnl_link_set_ifindex(object, link.index)
        try body(object)
    }

    /// Changes one thing of a link. The kernel wants all flags at once, so the present ones are read first.
    private func change(
        _ link: LinkIdentity, _ step: HostNetworkStep, _ edit: (OpaquePointer) -> Void
    ) throws(NetlinkError) {
        guard let changes = rtnl_link_alloc() else { preconditionFailure("out of memory") }
        defer { rtnl_link_put(changes) }
        edit(changes)
        var change: OpaquePointer?
        let built = try socket.ask("\(step)") {
            rtnl_link_build_get_request(link.index, nil, $0)
        } convert: { present in
            rtnl_link_build_change_request(present, changes, 0, &change)
        }
        try socket.request("\(step)") { message in
            message.pointee = change
            return built ?? -NLE_NODEV
        }
    }

    private static func isDone(_ step: HostNetworkStep, _ error: NetlinkError) -> Bool {
        guard let code = error.kernelCode else { return false }
        // What was on a device that is gone is gone with it.
        return step.isRemoval ? [ESRCH, EADDRNOTAVAIL, ENODEV].contains(code) : code == EEXIST
    }
}
