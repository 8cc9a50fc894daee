import NetworkTypes

/// Says whether two hosts behind translators can come to a direct path at all: what paths are judged by.
///
/// Both know where third parties see the other. Each sends to every place of the other that it knows, and to every
/// place that the other's datagrams have come from, until nobody learns anything new. They meet when a datagram gets
/// through, and its answer comes back from where it was sent to.
package enum MeetingOracle {
    private struct End {
        let translator: AddressTranslator?
        let inside: Endpoint
        /// Places of the other end, in the order in which they became known.
        var places: [Endpoint] = []

        func outbound(to remote: Endpoint, _ now: Instant) -> Endpoint {
            translator?.outbound(from: inside, to: remote, now: now) ?? inside
        }

        func lets(in remote: Endpoint, at place: Endpoint, _ now: Instant) -> Bool {
            translator.map { $0.inbound(to: place.port, from: remote, now: now) != nil } ?? (place == inside)
        }
    }

    /// Rounds after which two symmetric translators that always choose new ports are given up.
    private static let rounds = 8

    /// Whether they can meet; `nil` stands for no translator.
    package static func canMeet(_ first: TranslatorBehaviour?, _ second: TranslatorBehaviour?) -> Bool {
        let now = Instant(nanoseconds: 1)
        let third = Endpoint(address: IPAddress(198, 51, 100, 1), port: 7_867)
        var ends = [first, second].enumerated().map { index, behaviour in
            let outside = IPAddress(203, 0, 113, UInt8(index + 1))
            let translator = behaviour.map {
                AddressTranslator(address: outside, behaviour: $0, place: 0, seed: UInt64(index + 1))
            }
            let address = translator == nil ? outside : IPAddress(192, 168, UInt8(index), 2)
            return End(translator: translator, inside: Endpoint(address: address, port: 7_867))
        }
        let seen = ends.map { $0.outbound(to: third, now) }
        ends[0].places = [seen[1]]
        ends[1].places = [seen[0]]
        for _ in 0..<rounds {
            for sender in 0...1 where meets(&ends, sender, now) { return true }
        }
        return false
    }

    private static func meets(_ ends: inout [End], _ sender: Int, _ now: Instant) -> Bool {
        let far = 1 - sender
        for place in ends[sender].places {
            let source = ends[sender].outbound(to: place, now)
            guard ends[far].lets(in: source, at: place, now) else { continue }
            if !ends[far].places.contains(source) { ends[far].places.append(source) }
            let answer = ends[far].outbound(to: source, now)
            if answer == place, ends[sender].lets(in: answer, at: source, now) { return true }
        }
        return false
    }
}
