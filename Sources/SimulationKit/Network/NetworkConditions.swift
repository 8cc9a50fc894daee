package import NetworkTypes

/// How the virtual network treats datagrams. What happens to one follows from these, the two places and the seed.
package struct NetworkConditions: Sendable {
    package var latency = LatencyModel.even
    /// Lost datagrams in a thousand.
    package var lossPerMille: UInt64 = 0
    /// Datagrams in a thousand that arrive twice.
    package var duplicationPerMille: UInt64 = 0
    /// Datagrams in a thousand that wait up to three times as long as the others, so that later ones overtake them.
    package var reorderingPerMille: UInt64 = 0
    /// The largest IP packet that crosses; larger ones vanish without a word.
    package var mtu = 1_500
    /// Endpoints that are cut off.
    package var unreachable: Set<Endpoint> = []
    /// Endpoints to and from which everything takes so much longer. Look-ups only.
    package var slow: [Endpoint: Duration] = [:]
    /// Which pairs of places can talk at all.
    package var connectivity = PairConnectivity()
    /// Pairs of places for which something else holds.
    package var pairs: [PairConditions] = []

    package init() {}

    /// What IPv4 and UDP add to a datagram.
    package static let headerByteCount = 28
}

/// What the network does between two places, both ways.
package struct PairConditions: Equatable, Sendable {
    package var first: Int
    package var second: Int
    /// Lost datagrams in a thousand; all of them: the pair is cut.
    package var lossPerMille: UInt64 = 0
    /// Added to each way.
    package var delay: Duration = .zero

    package init(_ first: Int, _ second: Int, lossPerMille: UInt64 = 0, delay: Duration = .zero) {
        self.first = first
        self.second = second
        self.lossPerMille = lossPerMille
        self.delay = delay
    }

    /// Nothing passes, TCP neither.
    var isCut: Bool { lossPerMille >= 1_000 }

    func concerns(_ one: Int, _ other: Int) -> Bool {
        first == one && second == other || first == other && second == one
    }
}

/// Who a datagram goes to, as far as the outside can tell.
package enum NetworkTarget: Equatable, Sendable {
    /// The handle of a host with an address of its own.
    case host(Int32)
    /// The number of an address translator.
    case translator(Int32)
    /// A `StreamEnd`.
    case stream(Int)
}

/// Who is at which endpoint: look-ups only, never iterated. Shared by the simulator and its hosts, which may move.
final class EndpointTable {
    var hosts: [Endpoint: Int32] = [:]
    var translators: [IPAddress: Int32] = [:]

    func target(at endpoint: Endpoint) -> NetworkTarget? {
        if let handle = hosts[endpoint] { return .host(handle) }
        if translators.isEmpty { return nil }
        return translators[endpoint.address].map { .translator($0) }
    }
}
