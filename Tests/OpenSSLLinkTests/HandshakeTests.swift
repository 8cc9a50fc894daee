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
        #expect(carries(from: client.sealing, to: server.opening))
        #expect(carries(from: server.sealing, to: client.opening))
        #expect(!carries(from: client.sealing, to: client.opening))
    }

    /// Whether what one cipher seals the other opens to the same bytes.
    private func carries(from sealing: any PacketCipher, to opening: any PacketCipher) -> Bool {
        let header = [UInt8](0..<16)
        let plain = Array("a datagram".utf8)
        var sealed = [UInt8](repeating: 0, count: plain.count + 16)
        var opened = [UInt8](repeating: 0, count: plain.count)
        sealing.seal(header: header, plaintext: plain, byteCount: plain.count, output: &sealed)
        return opening.open(header: header, ciphertext: sealed, byteCount: sealed.count, output: &opened)
            && opened == plain
    }
}
