import CNetlink
import Glibc
import NetworkTypes
import RoutePlanning

/// Hears of changes to links, addresses, routes, rules and the overlay device's neighbours. Needs no privilege.
package struct HostNetworkObserver: ~Copyable {
    private let socket: NetlinkSocket
    private let device: String
    /// The device's index while it exists.
    private var deviceIndex: Int32?
    /// The bridge that the device was a port of, as of the last word about the device.
    private var deviceMaster: Int32?

    /// Datagrams that one `drain` takes at most, so that a storm of changes does not hold up its caller.
    private static let mostDatagrams = 4_096
    /// Bytes of the queue in the kernel: about 4,000 route changes fit.
    package static let receiveBufferSize: Int32 = 4 << 20

    /// Joins the groups; events from here on are kept for `drain`, as many as fit `receiveBufferSize`.
    package init(device: String, receiveBufferSize: Int32 = Self.receiveBufferSize) throws(NetlinkError) {
        let socket = try NetlinkSocket()
        nl_socket_disable_seq_check(socket.handle)
        try socket.call("set a netlink socket non-blocking") { nl_socket_set_nonblocking($0) }
        var size = receiveBufferSize
        let length = socklen_t(MemoryLayout<Int32>.size)
        if setsockopt(socket.fileDescriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, length) != 0 {
            // Without the privilege: as much as the system allows to everybody.
            setsockopt(socket.fileDescriptor, SOL_SOCKET, SO_RCVBUF, &size, length)
        }
        let groups = [
            RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
            RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
        ]
        for group in groups {
            try socket.call("listen to network changes") { nl_socket_add_membership($0, Int32(group.rawValue)) }
        }
        self.socket = socket
        self.device = device
        deviceIndex = Self.index(of: device)
    }

    /// Readable when `drain` has something to give. Owned by the observer.
    package var fileDescriptor: Int32 { socket.fileDescriptor }

    /// The changes since the last call, oldest first; never blocks. When many wait, the rest comes with the next call.
    ///
    /// Changes made through the socket of `ownPortID` are left out: their maker reads the state again by itself.
    package mutating func drain(ignoring ownPortID: UInt32? = nil) throws(NetlinkError) -> [HostNetworkEvent] {
        var events: [HostNetworkEvent] = []
        var senders: [NetlinkSender] = []
        var index = deviceIndex
        var master = deviceMaster
        let device = device
        let overflowed = try socket.takeNotifications(limit: Self.mostDatagrams) { message in
            guard let header = nlmsg_hdr(message), nlmsg_get_src(message)?.pointee.nl_pid == 0 else { return }
            guard !Self.isOfBridge(header) else { return }
            let portID = header.pointee.nlmsg_pid
            withObject(of: message) { object in
                guard let change = Self.change(type: Int(header.pointee.nlmsg_type), object: object, device: index)
                else { return }
                index = Self.index(of: device, after: change) ?? index
                let former = master
                if case .linkChanged(let link) = change, link.name == device { master = link.masterIndex }
                if case .linkRemoved(let link) = change, link.index == index { (index, master) = (nil, nil) }
                if portID != 0, portID == ownPortID { return }
                events.append(
                    HostNetworkEvent(
                        change, sender: Self.sender(portID, known: &senders),
                        removedItem: Self.removedItem(change, device: device, index: index, master: former)))
            }
        }
        deviceMaster = master
        deviceIndex = overflowed ? Self.index(of: device) : index
        if overflowed {
            events.append(HostNetworkEvent(.overflow))
        }
        return events
    }

    /// A bridge tells of its ports in link messages of its own family: a port that leaves is not a link that is gone.
    private static func isOfBridge(_ header: UnsafeMutablePointer<nlmsghdr>) -> Bool {
        let type = Int(header.pointee.nlmsg_type)
        guard type == RTM_NEWLINK || type == RTM_DELLINK, let payload = nlmsg_data(header) else { return false }
        return payload.assumingMemoryBound(to: ifinfomsg.self).pointee.ifi_family != AF_UNSPEC
    }

    private static func change(type: Int, object: OpaquePointer, device: Int32?) -> HostNetworkEvent.Change? {
        switch type {
        case RTM_NEWLINK: HostLink(link: object).map { .linkChanged($0) }
        case RTM_DELLINK: HostLink(link: object).map { .linkRemoved($0.identity) }
        case RTM_NEWADDR: HostAddress(address: object).map { .addressAdded($0) }
        case RTM_DELADDR: HostAddress(address: object).map { .addressRemoved($0) }
        case RTM_NEWROUTE: HostRoute(route: object).map { .routeAdded($0) }
        case RTM_DELROUTE: HostRoute(route: object).map { .routeRemoved($0) }
        // Every host of every LAN comes and goes in the neighbour tables.
        case RTM_NEWNEIGH:
            ownNeighbour(object, device: device).map { .neighbourChanged($0) }
        case RTM_DELNEIGH:
            ownNeighbour(object, device: device).map { .neighbourRemoved($0) }
        case RTM_NEWRULE, RTM_DELRULE: .rulesChanged
        default: nil
        }
    }

    private static func ownNeighbour(_ object: OpaquePointer, device: Int32?) -> HostNeighbour? {
        HostNeighbour(neighbour: object).flatMap {
            $0.linkIndex == device || WantedHostNetwork.isNextHop($0.address) ? $0 : nil
        }
    }

    private static func index(of device: String) -> Int32? {
        let index = if_nametoindex(device)
        return index == 0 ? nil : Int32(index)
    }

    private static func index(of device: String, after change: HostNetworkEvent.Change) -> Int32? {
        if case .linkChanged(let link) = change, link.name == device { link.index } else { nil }
    }

    private static func removedItem(
        _ change: HostNetworkEvent.Change, device: String, index: Int32?, master: Int32?
    ) -> HostNetworkItem? {
        switch change {
        case .linkRemoved(let link): link.name == device ? .device(device) : nil
        case .linkChanged(let link):
            if link.name != device {
                nil
            } else if !link.isUp {
                .deviceUp
            } else {
                master != nil && link.masterIndex != master ? .membership(device) : nil
            }
        case .addressRemoved(let address): address.linkIndex == index ? .address(address.address) : nil
        case .neighbourRemoved(let neighbour): .neighbour(neighbour.address)
        case .routeRemoved(let route):
            if route.origin != .ipop {
                nil
            } else {
                WantedHostNetwork.isNextHop(route.gateway) ? .route(route.key) : .pin(route.key)
            }
        case .addressAdded, .routeAdded, .neighbourChanged, .rulesChanged, .overflow: nil
        }
    }

    /// The process behind a port, looked up once a `drain`.
    private static func sender(_ portID: UInt32, known: inout [NetlinkSender]) -> NetlinkSender? {
        guard portID != 0 else { return nil }
        if let sender = known.first(where: { $0.portID == portID }) { return sender }
        let sender = NetlinkSender(portID: portID, program: ProgramName.holding(port: portID))
        known.append(sender)
        return sender
    }
}
