package import NetworkTypes

/// The uplinks that datagrams of either family can be sent by, the one first that the kernel's routes prefer. Empty in
/// a gateway that has one: it leaves all to the kernel.
package struct UplinkChoice: Equatable, Sendable {
    package var v4: [Uplink]
    package var v6: [Uplink]

    package init(v4: [Uplink] = [], v6: [Uplink] = []) {
        self.v4 = v4
        self.v6 = v6
    }

    private func uplinks(_ family: AddressFamily) -> [Uplink] { family == .v4 ? v4 : v6 }

    /// There is nothing to choose.
    var isEmpty: Bool { v4.isEmpty && v6.isEmpty }

    /// The ways to these places: for each place over every uplink.
    func ways(to places: [Endpoint]) -> [Endpoint] {
        guard !isEmpty else { return places }
        return places.flatMap { place in
            let uplinks = uplinks(place.address.family)
            return uplinks.isEmpty ? [place] : uplinks.map(place.over)
        }
    }

    /// Whether the uplink of a way is there. What does not name one goes where the kernel sends it.
    func has(_ way: Endpoint) -> Bool { way.uplink == .any || uplinks(way.address.family).contains(way.uplink) }
}
