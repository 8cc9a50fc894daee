import LinkSecurity
import NetworkTypes
import OpenSSLLink
import Testing

@Suite struct HostileDatagramTests {
    @Test func `a first datagram is answered by a smaller cookie request and nothing is kept`() throws {
        let grid = try TestGrid()
        let server = try DTLSHandshakeProvider(identity: grid.identity("lsu"))
        let first = try clientHello(grid)

        for _ in 0..<100 {
            let answers = try stateless(server, first, from: HandshakePair.clientEndpoint)
            #expect(answers.count == 1 && answers.allSatisfy { $0.count <= 48 && $0.count < first.count })
        }
    }

    @Test func `a cookie holds for its own address and port only`() throws {
        let grid = try TestGrid()
        let server = try DTLSHandshakeProvider(identity: grid.identity("lsu"))
        let client = try DTLSHandshakeProvider(identity: grid.identity("ufl")).makeClient(localIndex: 1)
        var output = HandshakeOutput()
        _ = client.start(output: &output)
        let request = try stateless(server, output.datagrams[0], from: HandshakePair.clientEndpoint)[0]
        output = HandshakeOutput()
        _ = client.receive(request, output: &output)
        let second = output.datagrams[0]

        for other in ["192.0.2.1:7868", "192.0.2.2:7867", "[2001:db8::1]:7867"] {
            let answers = try stateless(server, second, from: Endpoint(other)!)
            #expect(answers.allSatisfy { $0.count <= second.count })
        }
        var answers = HandshakeOutput()
        let admission = server.admit(second, from: HandshakePair.clientEndpoint, localIndex: 2, output: &answers)
        guard case .accepted(_, .running) = admission else {
            Issue.record("the right source was not accepted: \(admission)")
            return
        }
        #expect(!answers.datagrams.isEmpty)
    }

    @Test func `a first datagram that is cut off or changed makes no state, trap or larger answer`() throws {
        let grid = try TestGrid()
        let server = try DTLSHandshakeProvider(identity: grid.identity("lsu"))
        let first = try clientHello(grid)

        for count in 0..<first.count {
            let cut = Array(first[..<count])
            #expect(try stateless(server, cut, from: HandshakePair.clientEndpoint).allSatisfy { $0.count <= count })
        }
        for index in first.indices {
            for change in [UInt8(0x01), 0x80, 0xff] {
                var changed = first
                changed[index] ^= change
                let answers = try stateless(server, changed, from: HandshakePair.clientEndpoint)
                #expect(answers.reduce(0) { $0 + $1.count } <= changed.count)
            }
        }
        // The smallest hello that could be one gets no answer larger than itself.
        #expect(try stateless(server, first, from: HandshakePair.clientEndpoint).count == 1)
    }

    @Test(arguments: 0..<12) func `a datagram cut off at any length does no lasting harm`(position: Int) throws {
        let grid = try TestGrid()
        let ufl = try grid.identity("ufl")
        let lsu = try grid.identity("lsu")
        var count = 0
        var length = Int.max
        while count < length {
            let pair = try HandshakePair(client: ufl, server: lsu)
            pair.wire = { number, _, bytes in
                guard number == position else { return [bytes] }
                length = bytes.count
                return [Array(bytes.prefix(count))]
            }
            pair.run()
            if length == .max { return }
            // A cut may end the handshake with an error (the core then starts another), never with a wrong result.
            if pair.isComplete { #expect(pair.carriesBothWays) }
            #expect(pair.isComplete || pair.clientFault != nil || pair.serverFault != nil)
            count += 37
        }
    }

    @Test(arguments: UInt64(1)...8) func `a wire that changes bytes never gives two results that differ`(seed: UInt64)
        throws
    {
        let grid = try TestGrid()
        let ufl = try grid.identity("ufl")
        let lsu = try grid.identity("lsu")
        var random = SeededRandom(seed: seed)
        for _ in 0..<40 {
            let pair = try HandshakePair(client: ufl, server: lsu)
            pair.wire = { _, _, bytes in
                guard random.chance(1, in: 4) else { return [bytes] }
                var changed = bytes
                changed[Int(random.below(UInt64(bytes.count)))] ^= UInt8(truncatingIfNeeded: 1 + random.below(255))
                return [changed]
            }
            pair.run()
            if pair.isComplete { #expect(pair.carriesBothWays) }
            if let client = pair.clientResult { #expect(client.peer.site == "lsu") }
            if let server = pair.serverResult { #expect(server.peer.site == "ufl") }
        }
    }

    @Test(arguments: UInt64(1)...4) func `noise is ignored in every state`(seed: UInt64) throws {
        let grid = try TestGrid()
        let pair = try HandshakePair(client: grid.identity("ufl"), server: grid.identity("lsu"))
        var random = SeededRandom(seed: seed)
        func noise() -> [UInt8] {
            var bytes = (0..<Int(random.below(300))).map { _ in UInt8(truncatingIfNeeded: random.nextWord()) }
            // First bytes of DTLS records, versions and epochs get further into a parser. Epoch 0 carries plain
            // messages, which anyone can forge; what is sealed cannot be.
            if bytes.count > 5 {
                bytes.replaceSubrange(0..<5, with: [20 + UInt8(random.below(4)), 0xfe, 0xfd, 0, 1])
            }
            return bytes
        }
        pair.wire = { _, _, bytes in [noise(), bytes, noise()] }

        pair.run()

        #expect(pair.isComplete && pair.carriesBothWays)
        for _ in 0..<200 {
            #expect(pair.inject(noise(), to: .client).isEmpty)
            #expect(pair.inject(noise(), to: .server).isEmpty)
        }
    }

    private func clientHello(_ grid: TestGrid) throws -> [UInt8] {
        let client = try DTLSHandshakeProvider(identity: grid.identity("ufl")).makeClient(localIndex: 1)
        var output = HandshakeOutput()
        _ = client.start(output: &output)
        return try #require(output.datagrams.first)
    }

    /// What the server answers to a datagram that it must not accept.
    private func stateless(_ server: DTLSHandshakeProvider, _ datagram: [UInt8], from source: Endpoint) throws
        -> [[UInt8]]
    {
        var output = HandshakeOutput()
        let admission = server.admit(datagram, from: source, localIndex: 1, output: &output)
        guard case .stateless = admission else { throw UnexpectedAdmission() }
        return output.datagrams
    }

    private struct UnexpectedAdmission: Error {}
}
