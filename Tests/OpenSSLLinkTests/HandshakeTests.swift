import LinkSecurity
import NetworkTypes
import OpenSSLLink
import Testing

@Suite struct HandshakeTests {
    @Test func `two gateways know each other and share keys`() throws {
        let grid = try TestGrid()
        let ufl = try grid.identity("ufl", ["192.168.10.0/24"])
        let lsu = try grid.identity("lsu", ["192.168.20.0/24", "2001:db8::/48"])
        let pair = try HandshakePair(client: ufl, server: lsu)

        pair.run(ticks: 0)

        let client = try #require(pair.clientResult)
        let server = try #require(pair.serverResult)
        #expect(client.peer == lsu.own)
        #expect(server.peer == ufl.own)
        #expect(client.remoteIndex == HandshakePair.serverIndex)
        #expect(server.remoteIndex == HandshakePair.clientIndex)
        #expect(client.version == 1 && server.version == 1)
        #expect((8...12).contains(pair.sent.count))
        #expect(pair.carriesBothWays)
    }

    @Test func `no datagram is larger than it may be, not even with a large certificate`() throws {
        let grid = try TestGrid()
        let prefixes = (0..<500).map { "10.\($0 / 100).\($0 % 100 * 2).0/24" }
        let pair = try HandshakePair(client: grid.identity("ufl", prefixes), server: grid.identity("lsu", prefixes))

        pair.run(ticks: 0)

        #expect(pair.isComplete)
        #expect(pair.sent.count > 10)
        #expect(pair.sent.allSatisfy { $0.bytes.count <= HandshakeLimits.datagramByteCount })
        #expect(pair.sent.allSatisfy { (20...63).contains($0.bytes[0]) })
    }

    @Test func `the fastest common suite is used`() throws {
        let grid = try TestGrid()
        let withAES: [AEADAlgorithm] = [.aes128GCM, .aes256GCM, .chaCha20Poly1305]
        let without: [AEADAlgorithm] = [.chaCha20Poly1305, .aes128GCM, .aes256GCM]
        for (client, server) in [
            (withAES, withAES), (withAES, without), (without, withAES), ([.aes256GCM], withAES),
            (without, [.aes256GCM]),
        ] {
            let pair = HandshakePair(
                client: try DTLSHandshakeProvider(identity: grid.identity("ufl"), algorithms: client),
                server: try DTLSHandshakeProvider(identity: grid.identity("lsu"), algorithms: server))
            pair.run(ticks: 0)
            #expect(pair.isComplete && pair.carriesBothWays)
            let cipher = try #require(pair.clientResult?.sealing as? AEADCipher)
            let slow = client.first == .chaCha20Poly1305 || server.first == .chaCha20Poly1305
            let expected: AEADAlgorithm =
                client.count == 1 || server.count == 1 ? .aes256GCM : slow ? .chaCha20Poly1305 : .aes128GCM
            #expect(cipher.algorithm == expected)
        }
    }

    @Test func `handshakes in both directions at once work on their own`() throws {
        let grid = try TestGrid()
        let ufl = try grid.identity("ufl")
        let lsu = try grid.identity("lsu")
        let one = try HandshakePair(client: ufl, server: lsu)
        let other = try HandshakePair(client: lsu, server: ufl)

        one.run(ticks: 0)
        other.run(ticks: 0)

        #expect(one.isComplete && other.isComplete && one.carriesBothWays && other.carriesBothWays)
        #expect(!HandshakePair.carries(from: one.clientResult!.sealing, to: other.serverResult!.opening))
    }

    @Test func `a renewed certificate is presented by the next handshake`() throws {
        let grid = try TestGrid()
        let ufl = try grid.identity("ufl", ["10.1.0.0/16"])
        let provider = try DTLSHandshakeProvider(identity: ufl)
        let lsu = try DTLSHandshakeProvider(identity: grid.identity("lsu"))

        try ufl.replace(certificate: grid.certificate("ufl", ["10.2.0.0/16"], key: ufl.key))
        let pair = HandshakePair(client: lsu, server: provider)
        pair.run(ticks: 0)

        #expect(pair.clientResult?.peer.prefixes == [IPPrefix("10.2.0.0/16")!])
    }

    @Test func `a completed engine answers a repeated hello and ends once`() throws {
        let grid = try TestGrid()
        let pair = try HandshakePair(client: grid.identity("ufl"), server: grid.identity("lsu"))
        // The server's hello, an application record (23), is lost; so the client asks again.
        var lost = false
        pair.wire = { _, sender, bytes in
            if sender == .server, bytes[0] == 23, !lost {
                lost = true
                return []
            }
            return [bytes]
        }

        pair.run(ticks: 0)
        #expect(lost && pair.serverResult != nil && pair.clientResult == nil)
        pair.tick()

        #expect(pair.isComplete && pair.endCount == 2 && pair.carriesBothWays)
    }

    @Test func `only what the peer has sealed is answered after completion`() throws {
        let grid = try TestGrid()
        let pair = try HandshakePair(client: grid.identity("ufl"), server: grid.identity("lsu"))
        pair.run(ticks: 0)
        #expect(pair.isComplete)
        for (sender, bytes) in pair.sent {
            let receiver: HandshakePair.Side = sender == .client ? .server : .client
            #expect(pair.inject(bytes, to: receiver).isEmpty)
        }
        #expect(pair.endCount == 2)
    }
}
