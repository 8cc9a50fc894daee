package import NetworkTypes

/// A subnet that the data plane lets through, and what the grid calls it.
package struct ForwardedExport: Equatable, Sendable {
    /// As the LAN knows it.
    package let subnet: IPPrefix
    /// As the grid knows it: the same, or a prefix of the same family and length, host for host.
    package let virtual: IPPrefix

    /// The two prefixes must be of one family and length.
    package init(subnet: IPPrefix, virtual: IPPrefix) {
        precondition(
            subnet.family == virtual.family && subnet.length == virtual.length, "a mapping keeps the host part")
        self.subnet = subnet
        self.virtual = virtual
    }

    /// A subnet that keeps its addresses.
    package init(_ subnet: IPPrefix) {
        self.init(subnet: subnet, virtual: subnet)
    }

    /// Whether packets are rewritten.
    package var isMapped: Bool { subnet != virtual }
}
