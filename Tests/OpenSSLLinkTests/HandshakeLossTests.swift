import LinkSecurity
import NetworkTypes
import OpenSSLLink
import Testing

@Suite struct HandshakeLossTests {
    /// Datagrams of an undisturbed handshake, at most; `HandshakeTests` holds it to that.
    private static let flightDatagrams = 0..<12

    @Test(arguments: flightDatagrams) func `any one datagram may be lost`(position: Int) throws {
        let pair = try pair()
        pair.wire = { number, _, bytes in number == position ? [] : [bytes] }

        pair.run()

        #expect(pair.isComplete && pair.carriesBothWays)
    }

    @Test(arguments: flightDatagrams) func `any one datagram may be lost twice`(position: Int) throws {
        let pair = try pair()
        var lost: [UInt8] = []
        var lossCount = 0
        pair.wire = { number, _, bytes in
            if number == position { lost = bytes }
            guard bytes == lost, lossCount < 2 else { return [bytes] }
            lossCount += 1
            return []
        }

        pair.run()

        #expect(pair.isComplete && pair.carriesBothWays)
    }

    @Test(arguments: flightDatagrams) func `any one datagram may arrive twice`(position: Int) throws {
        let pair = try pair()
        pair.wire = { number, _, bytes in number == position ? [bytes, bytes] : [bytes] }

        pair.run()

        #expect(pair.isComplete && pair.carriesBothWays && pair.endCount == 2)
    }

    @Test(arguments: flightDatagrams) func `any two datagrams may change places`(position: Int) throws {
        let pair = try pair()
        var held: (sender: HandshakePair.Side, bytes: [UInt8])?
        pair.wire = { number, sender, bytes in
            if number == position {
                held = (sender, bytes)
                return []
            }
            guard let earlier = held, earlier.sender == sender else { return [bytes] }
            held = nil
            return [bytes, earlier.bytes]
        }

        pair.run()

        #expect(pair.isComplete && pair.carriesBothWays)
    }

    @Test(arguments: UInt64(1)...20) func `a wire that loses a third of all is survived`(seed: UInt64) throws {
        let pair = try pair()
        var random = SeededRandom(seed: seed)
        pair.wire = { _, _, bytes in random.chance(1, in: 3) ? [] : [bytes] }

        pair.run(ticks: 100)

        #expect(pair.isComplete && pair.carriesBothWays)
    }

    @Test func `a peer that never answers gets one flight a while, and never more`() throws {
        let pair = try pair()
        pair.wire = { _, _, _ in [] }

        pair.run(ticks: 20)

        #expect(pair.sent.count == 1 + 7)
        #expect(!pair.isComplete && pair.clientFault == nil)
    }

    private func pair() throws -> HandshakePair {
        let grid = try TestGrid()
        return try HandshakePair(client: grid.identity("ufl"), server: grid.identity("lsu"))
    }
}
