package import NetworkTypes

/// This site's own virtual prefixes against the networks of this host. Such a prefix has no hosts here: packets to it
/// that come from here have no way that makes sense.
package struct VirtualPrefixCheck {
    private let connected: [ConnectedPrefix]

    /// `device` is the overlay's.
    package init(found: HostNetworkState, device: String) {
        connected = found.connectedPrefixes(except: device)
    }

    /// A network of this host that shares addresses with a virtual prefix; `nil` as it should be.
    package func network(sharing prefix: IPPrefix) -> ConnectedPrefix? {
        connected.first { $0.prefix.overlaps(prefix) }
    }

    /// Whether what is sent there may be ended: not where that would cut off a network's hosts. Networks inside the
    /// prefix have longer routes of their own.
    package func mayEnd(_ prefix: IPPrefix) -> Bool {
        !connected.contains { $0.prefix.covers(prefix) }
    }
}
