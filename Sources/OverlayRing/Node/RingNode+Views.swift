package import NetworkTypes
import OrderedCollections

// What status and tests look at.
extension RingNode {
    /// The link with `node`, if there is one.
    package func link(with node: NodeAddress) -> RingLink? {
        linkIndex(of: node).map { links[$0] }
    }

    /// Linked members for which this end has one of `purposes`.
    package func members(for purposes: RingPurposes) -> [NodeAddress] {
        links.filter { !$0.purposes.isDisjoint(with: purposes) }.map(\.node)
    }

    /// Whether a session with `node` is being made.
    package func isConnecting(to node: NodeAddress) -> Bool {
        attempts[node]?.isConnecting ?? false
    }

    /// Whether the neighbours see this member where it sees itself: each nearest neighbour lists it as its own nearest
    /// on the other side. Holds in a ring without pairs that cannot talk; a member alone is consistent.
    package var isConsistent: Bool {
        agrees(right.first) { $0.left.first } && agrees(left.first) { $0.right.first }
    }

    private func agrees(_ neighbour: NodeAddress?, _ facing: (NeighbourLists) -> ListedNeighbour?) -> Bool {
        guard let neighbour else { return true }
        guard let lists = link(with: neighbour)?.neighbours else { return false }
        return facing(lists)?.contact.node == own.node
    }

    /// The node as it would route without the links that neither end needs for the ring: hops are counted so.
    package func withoutShortcuts() -> RingNode {
        var pruned = self
        for link in links where link.purposes.union(link.theirPurposes).isDisjoint(with: [.near, .far]) {
            if let index = pruned.linkIndex(of: link.node) { _ = pruned.removeLink(at: index) }
        }
        return pruned
    }

    /// What this member would do with a packet of its own to `destination`.
    package func routeDecision(for destination: NodeAddress, mode: DeliveryMode) -> RouteDecision {
        let packet = RoutedPacket(
            kind: RoutedPacket.firstForeignKind, mode: mode, source: own.node, destination: destination, payload: [])
        return decide(packet, cameFrom: nil)
    }
}
