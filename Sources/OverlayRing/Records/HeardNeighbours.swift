import NetworkTypes

/// A neighbour's lists as they are kept: addresses beside each other, because every choice of neighbours and many
/// decisions where to route go through them, and all endpoints in one array.
struct HeardNeighbours: Equatable, Sendable {
    struct Member: Equatable, Sendable {
        var node: NodeAddress
        var isRoutable: Bool
        var endpointCount: UInt8
    }

    /// Left, then right, each nearest first.
    private(set) var members: [Member]
    private var endpoints: [Endpoint]
    private(set) var leftCount: UInt8

    init(_ lists: NeighbourLists) {
        leftCount = UInt8(clamping: lists.left.count)
        members = []
        members.reserveCapacity(lists.left.count + lists.right.count)
        endpoints = []
        endpoints.reserveCapacity(
            lists.left.reduce(0) { $0 + $1.contact.endpoints.count }
                + lists.right.reduce(0) { $0 + $1.contact.endpoints.count })
        for side in [lists.left, lists.right] {
            for listed in side {
                members.append(
                    Member(
                        node: listed.contact.node, isRoutable: listed.isRoutable,
                        endpointCount: UInt8(clamping: listed.contact.endpoints.count)))
                endpoints.append(contentsOf: listed.contact.endpoints.prefix(Int(UInt8.max)))
            }
        }
    }

    /// The contact of the member at `position` in `members`.
    func contact(at position: Int) -> RingContact {
        let begin = members[..<position].reduce(0) { $0 + Int($1.endpointCount) }
        let member = members[position]
        return RingContact(
            node: member.node, endpoints: Array(endpoints[begin..<begin + Int(member.endpointCount)]))
    }

    /// The lists as they were told.
    var lists: NeighbourLists {
        let all = members.indices.map {
            ListedNeighbour(contact: contact(at: $0), isRoutable: members[$0].isRoutable)
        }
        return NeighbourLists(left: Array(all.prefix(Int(leftCount))), right: Array(all.dropFirst(Int(leftCount))))
    }

    /// Where in `members` the farthest one of a side stands; `nil` when that side is empty.
    func farthest(clockwise: Bool) -> Int? {
        let right = members.count - Int(leftCount)
        if clockwise { return right > 0 ? members.count - 1 : nil }
        return leftCount > 0 ? Int(leftCount) - 1 : nil
    }

    /// Whether either list names `node`.
    func contains(_ node: NodeAddress) -> Bool {
        for index in members.indices where members[index].node == node { return true }
        return false
    }
}
