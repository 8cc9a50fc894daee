package import NetworkTypes
package import OverlayRing

/// The ring as this gateway sees it, for `ipop ring`.
package struct RingStatus: Equatable, Sendable {
    /// One link of the ring.
    package struct Link: Equatable, Sendable {
        package var node: NodeAddress
        package var site: String
        package var purposes: RingPurposes
        package var theirPurposes: RingPurposes
        /// What its datagrams travel by, and where they go first.
        package var medium: PathMedium?
        package var endpoint: Endpoint?
        package var roundTrip: Duration?
        package var since: Instant
    }

    package var node: NodeAddress
    /// It has its neighbours and takes part in routing.
    package var isRoutable: Bool
    /// Its neighbours see it where it sees itself.
    package var isConsistent: Bool
    /// Members of the ring, reckoned from how close the neighbours are.
    package var estimatedSize: UInt64
    /// Near neighbours counter-clockwise, nearest first.
    package var left: [NodeAddress]
    /// Near neighbours clockwise, nearest first.
    package var right: [NodeAddress]
    /// In the order of the addresses.
    package var links: [Link]
}
