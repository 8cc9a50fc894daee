import LinkSecurity
import OpenSSLLink
import Testing

/// Two ends of a TLS connection in memory.
@Suite struct StreamTests {
    /// Moves bytes between the ends until neither has any, in pieces of `size`.
    private func exchange(_ client: TLSStream, _ server: TLSStream, size: Int = 65_536) -> (
        atClient: [UInt8], atServer: [UInt8]
    ) {
        var atClient: [UInt8] = []
        var atServer: [UInt8] = []
        while client.outputByteCount > 0 || server.outputByteCount > 0 {
            client.takeOutput(limit: size).withUnsafeBytes { server.receive($0, plaintext: &atServer) }
            server.takeOutput(limit: size).withUnsafeBytes { client.receive($0, plaintext: &atClient) }
        }
        return (atClient, atServer)
    }

    private func pair(
        _ near: SiteIdentity, _ far: SiteIdentity, judge: (any IdentityAuthority)? = nil
    ) throws -> (client: TLSStream, server: TLSStream) {
        let client = try #require(try TLSStreamProvider(identity: near).makeClient())
        let server = try #require(try TLSStreamProvider(identity: far, judge: judge).makeServer())
        client.start()
        server.start()
        return (client, server)
    }

    @Test(arguments: [1, 7, 1_000, 65_536]) func `two members have a connection, however its bytes are cut`(size: Int)
        throws
    {
        let grid = try TestGrid()
        let (ufl, lsu) = (try grid.identity("ufl"), try grid.identity("lsu"))
        let (client, server) = try pair(ufl, lsu)
        _ = exchange(client, server, size: size)
        guard case .open(let atClient) = client.progress, case .open(let atServer) = server.progress else {
            Issue.record("\(client.progress), \(server.progress)")
            return
        }
        #expect(atClient.node == lsu.own.node && atServer.node == ufl.own.node)
        let message = (0..<40_000).map { UInt8(truncatingIfNeeded: $0) }
        message.withUnsafeBytes { client.write($0) }
        message.reversed().withUnsafeBytes { server.write($0) }
        let moved = exchange(client, server, size: size)
        #expect(moved.atServer == message && moved.atClient == message.reversed())
        client.close()
        _ = exchange(client, server, size: size)
        #expect(server.progress == .closed)
    }

    @Test(arguments: CertificateFault.allCases.filter { $0 != .missing })
    func `a certificate that is refused is refused with its reason at both ends`(fault: CertificateFault) throws {
        let grid = try TestGrid()
        let (ufl, lsu) = (try grid.identity("ufl"), try grid.identity("lsu"))
        let verdict = FixedVerdict(.failure(fault), own: lsu.own)

        let (client, server) = try pair(ufl, lsu, judge: verdict)
        _ = exchange(client, server)
        #expect(server.progress == .failed(.refused(fault, site: "ufl")))
        #expect(client.progress == .failed(.refusedByPeer(fault)))

        let judging = try #require(try TLSStreamProvider(identity: ufl, judge: verdict).makeClient())
        let judged = try #require(try TLSStreamProvider(identity: lsu).makeServer())
        judging.start()
        judged.start()
        _ = exchange(judging, judged)
        #expect(judging.progress == .failed(.refused(fault, site: "lsu")))
        #expect(judged.progress == .failed(.refusedByPeer(fault)))
    }

    @Test func `a member of another authority is refused by who sees it first`() throws {
        let (client, server) = try pair(TestGrid().identity("ufl"), TestGrid().identity("lsu"))
        _ = exchange(client, server)
        #expect(client.progress == .failed(.refused(.untrusted, site: "lsu")))
        #expect(server.progress == .failed(.refusedByPeer(.untrusted)))
    }

    @Test func `an expired certificate is refused`() throws {
        let grid = try TestGrid()
        let (ufl, lsu) = (try grid.identity("ufl", days: 30), try grid.identity("lsu"))
        grid.now += 40 * 86_400
        let (client, server) = try pair(ufl, lsu)
        _ = exchange(client, server)
        #expect(server.progress == .failed(.refused(.expired, site: "ufl")))
    }

    @Test func `bytes that are no TLS end the connection`() throws {
        let server = try #require(try TLSStreamProvider(identity: TestGrid().identity("lsu")).makeServer())
        var plaintext: [UInt8] = []
        Array("GET / HTTP/1.1\r\n\r\n".utf8).withUnsafeBytes { server.receive($0, plaintext: &plaintext) }
        guard case .failed(.protocolError) = server.progress else {
            Issue.record("\(server.progress)")
            return
        }
        #expect(plaintext.isEmpty)
    }

    @Test func `every beginning of a handshake only waits`() throws {
        let grid = try TestGrid()
        let provider = try TLSStreamProvider(identity: grid.identity("lsu"))
        let client = try #require(try TLSStreamProvider(identity: grid.identity("ufl")).makeClient())
        client.start()
        let hello = client.takeOutput(limit: 65_536)
        for count in 0..<hello.count {
            let server = try #require(provider.makeServer())
            server.start()
            var plaintext: [UInt8] = []
            hello[..<count].withUnsafeBytes { server.receive($0, plaintext: &plaintext) }
            #expect(server.progress == .negotiating && server.outputByteCount == 0)
        }
    }
}
