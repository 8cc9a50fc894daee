package import NetworkTypes

/// The own addresses by which other gateways may reach this one.
package enum OwnUnderlay {
    /// Addresses that are told to others: with the mapped and the observed endpoints they have to fit into an
    /// announcement, and each is a handshake more that others may try in vain.
    package static let limit = 6

    /// One own address, and the MTU of its interface.
    package struct Candidate: Equatable, Sendable {
        package let address: IPAddress
        package let linkIndex: Int32
        package let mtu: Int

        package init(address: IPAddress, linkIndex: Int32, mtu: Int) {
            self.address = address
            self.linkIndex = linkIndex
            self.mtu = mtu
        }
    }

    /// The addresses, the likeliest to be reached first: global ones before private ones (RFC 1918, RFC 4193, RFC
    /// 6598), of each kind v4 before v6.
    ///
    /// Left out are the overlay's `device`, loopback, links that are down, link-local addresses, those that change or
    /// go (RFC 8981, RFC 4862 §5.5.4), those inside `overlay`, and those that are not in `listening`, if it names any.
    /// `overlay` are the prefixes of the grid: an address in there would lead into the overlay, not around it.
    package static func candidates(
        found: HostNetworkState, device: String, listening: [IPAddress], overlay: [IPPrefix]
    ) -> [Candidate] {
        let own = found.link(named: device)?.index
        let usable = found.addresses.compactMap { held -> Candidate? in
            guard held.linkIndex != own, let link = found.link(at: held.linkIndex), link.isUp, !link.isLoopback,
                held.isUsable, held.flags.isDisjoint(with: [.temporary, .deprecated]),
                !held.address.isLinkLocal, !held.address.isLoopback,
                !overlay.contains(where: { $0.contains(held.address) }),
                listening.isEmpty || listening.contains(held.address)
            else { return nil }
            return Candidate(address: held.address, linkIndex: held.linkIndex, mtu: Int(link.mtu))
        }
        let global = usable.filter { !$0.address.isPrivate }, local = usable.filter(\.address.isPrivate)
        return Array((sorted(global) + sorted(local)).prefix(limit))
    }

    private static func sorted(_ candidates: [Candidate]) -> [Candidate] {
        candidates.sorted { $0.address < $1.address }
    }
}

extension IPAddress {
    private static let privatePrefixes = [
        IPPrefix(containing: IPAddress(10, 0, 0, 0), length: 8),
        IPPrefix(containing: IPAddress(100, 64, 0, 0), length: 10),
        IPPrefix(containing: IPAddress(172, 16, 0, 0), length: 12),
        IPPrefix(containing: IPAddress(192, 168, 0, 0), length: 16),
        IPPrefix(containing: IPAddress(v6High: 0xfc00_0000_0000_0000, low: 0), length: 7),
    ]

    /// Of a range that many networks use: RFC 1918, RFC 6598 (behind a provider's NAT), RFC 4193.
    var isPrivate: Bool { Self.privatePrefixes.contains { $0.contains(self) } }
}
