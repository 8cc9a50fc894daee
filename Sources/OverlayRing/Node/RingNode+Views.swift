package import NetworkTypes
import OrderedCollections

// What status and tests look at.
extension RingNode {
    /// The link with `node`, if there is one.
    package func link(with node: NodeAddress) -> RingLink? {
        linkIndex(of: node).map { links[$0] }
    }

    /// Whether a link is with no ring neighbour and nobody's way into the ring: a far link, a shortcut, or one that is
    /// closed soon.
    package func isDistantLink(_ node: NodeAddress) -> Bool {
        guard let index = linkIndex(of: node) else { return false }
        return links[index].purposes.union(links[index].theirPurposes).isDisjoint(with: [.near, .leaf])
    }

    /// Linked members for which this end has one of `purposes`.
    package func members(for purposes: RingPurposes) -> [NodeAddress] {
        links.filter { !$0.purposes.isDisjoint(with: purposes) }.map(\.node)
    }

    /// Whether a session with `node` is being made.
    package func isConnecting(to node: NodeAddress) -> Bool {
        attempts[node]?.isConnecting ?? false
    }

    /// The next living member counter-clockwise, as far as this one knows.
    package var knownLeft: NodeAddress? { knownNeighbour { $0.clockwiseDistance(to: own.node) } }
    /// The next living member clockwise, as far as this one knows: linked, or listed by a linked one. So it is named
    /// also when no link with it can be had.
    package var knownRight: NodeAddress? { knownNeighbour { own.node.clockwiseDistance(to: $0) } }

    private func knownNeighbour(_ distance: (NodeAddress) -> RingDistance) -> NodeAddress? {
        var nearest: NodeAddress?
        for link in links {
            if nearest.map({ distance(link.node) < distance($0) }) ?? true { nearest = link.node }
        }
        for link in links {
            for member in link.heard?.members ?? [] where member.node != own.node {
                guard nearest.map({ distance(member.node) < distance($0) }) ?? true else { continue }
                // Whose link has just broken may be dead: those that list it may not have noticed.
                if let attempt = attempts[member.node], !attempt.isConnecting, attempt.failures == 0 { continue }
                nearest = member.node
            }
        }
        return nearest
    }

    /// Whether this member and those around it agree on who is next on the ring. A linked neighbour lists this member
    /// as its own nearest on the other side. A neighbour with whom no link can be had is known by the word of others,
    /// which is all there can be; one that has not been tried yet says that the ring is still forming. A member alone
    /// is consistent.
    package var isConsistent: Bool {
        agrees(knownRight) { $0.left.first } && agrees(knownLeft) { $0.right.first }
    }

    private func agrees(_ neighbour: NodeAddress?, _ facing: (NeighbourLists) -> ListedNeighbour?) -> Bool {
        guard let neighbour else { return true }
        guard let link = link(with: neighbour) else { return (attempts[neighbour]?.failures ?? 0) > 0 }
        return link.neighbours.flatMap(facing)?.contact.node == own.node
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
