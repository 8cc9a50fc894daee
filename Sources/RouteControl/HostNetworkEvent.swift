package import RoutePlanning

/// One change of the kernel's network state, as the kernel told of it.
package struct HostNetworkEvent: Equatable, Sendable {
    /// What changed.
    package enum Change: Equatable, Sendable {
        /// A link is new, or something of it changed.
        case linkChanged(HostLink)
        case linkRemoved(LinkIdentity)
        case addressAdded(HostAddress)
        case addressRemoved(HostAddress)
        /// A route is new or was changed in place.
        case routeAdded(HostRoute)
        case routeRemoved(HostRoute)
        /// An entry of the overlay device is new or changed.
        case neighbourChanged(HostNeighbour)
        /// An entry of the overlay device is gone.
        case neighbourRemoved(HostNeighbour)
        case rulesChanged
        /// The kernel had to drop events: read everything again.
        case overflow
    }

    package let change: Change
    /// Who asked the kernel for it; `nil` when the message does not say or the kernel did it by itself.
    package let sender: NetlinkSender?
    /// What of ours the change took away; `nil` when nothing.
    package let removedItem: HostNetworkItem?

    package init(_ change: Change, sender: NetlinkSender? = nil, removedItem: HostNetworkItem? = nil) {
        self.change = change
        self.sender = sender
        self.removedItem = removedItem
    }
}

/// The program behind a change.
package struct NetlinkSender: Hashable, Sendable {
    /// The netlink port of its socket; often its process id.
    package let portID: UInt32
    /// The name of the process of that id, if it still ran: a best guess, not evidence.
    package let program: String?

    package init(portID: UInt32, program: String?) {
        self.portID = portID
        self.program = program
    }
}
