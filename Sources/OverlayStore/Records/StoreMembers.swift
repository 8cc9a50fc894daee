package import NetworkTypes

/// The directory, as the store needs it: who is a member, and by which certificate.
///
/// Members that do not answer count: a majority of those that happen to answer would be no majority.
package protocol StoreMembers {
    /// How many members there are, the own gateway among them.
    var count: Int { get }
    /// The members in ascending order of their addresses, from 0 to `count - 1`.
    subscript(position: Int) -> NodeAddress { get }
    /// The verified certificate of a member, DER; `nil` for a stranger, and for one whose certificate is revoked.
    func certificate(of node: NodeAddress) -> [UInt8]?
    /// The site in that certificate.
    func site(of node: NodeAddress) -> String?
}

extension StoreMembers {
    /// The `limit` members nearest to `place`, nearest first; of two equally near, the one clockwise. A binary search
    /// and `limit` steps.
    package func nearest(to place: NodeAddress, limit: Int) -> [NodeAddress] {
        let wanted = Swift.min(limit, count)
        guard wanted > 0 else { return [] }
        var list: [NodeAddress] = []
        list.reserveCapacity(wanted)
        var ahead = position(of: place)
        var behind = ahead - 1
        while list.count < wanted {
            let after = self[ahead % count]
            let before = self[(behind + count) % count]
            if place.ringDistance(to: after) <= place.ringDistance(to: before) {
                list.append(after)
                ahead += 1
            } else {
                list.append(before)
                behind -= 1
            }
        }
        return list
    }

    /// The first position whose address is not below `place`.
    private func position(of place: NodeAddress) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < place { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
