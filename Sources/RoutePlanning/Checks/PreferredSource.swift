package import NetworkTypes

/// The gateway's own address inside its exported subnets.
package enum PreferredSource {
    /// The address that this gateway's own packets into the overlay should start from, so that the far side's source
    /// check lets them pass; `nil` when no exported subnet has an address of this machine.
    ///
    /// Deprecated and temporary addresses stand behind all others.
    package static func address(
        family: AddressFamily, exports: [IPPrefix], found: HostNetworkState, device: String
    ) -> IPAddress? {
        let deviceIndex = found.link(named: device)?.index
        let candidates = found.addresses.filter { address in
            address.family == family && address.isUsable && address.linkIndex != deviceIndex
                && !address.address.isLinkLocal && !address.address.isLoopback
                && exports.contains { $0.contains(address.address) }
        }
        let settled = candidates.first { $0.flags.isDisjoint(with: [.deprecated, .temporary]) }
        return (settled ?? candidates.first)?.address
    }
}
