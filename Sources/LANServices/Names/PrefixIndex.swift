import NetworkTypes

/// Whether an address lies in one of many prefixes: a look-up for each length that occurs, however many there are.
struct PrefixIndex: Equatable, Sendable {
    private let prefixes: Set<IPPrefix>
    private let lengths: [AddressFamily: [Int]]

    init(_ list: [IPPrefix]) {
        prefixes = Set(list)
        var lengths: [AddressFamily: Set<Int>] = [:]
        for prefix in list { lengths[prefix.family, default: []].insert(prefix.length) }
        self.lengths = lengths.mapValues { $0.sorted() }
    }

    func contains(_ address: IPAddress) -> Bool {
        lengths[address.family]?.contains { prefixes.contains(IPPrefix(containing: address, length: $0)) } ?? false
    }
}
