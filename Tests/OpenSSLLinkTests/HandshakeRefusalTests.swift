import LinkSecurity
import NetworkTypes
import OpenSSLLink
import Testing

@Suite struct HandshakeRefusalTests {
    @Test func `another authority is refused by whoever sees it first`() throws {
        let ours = try TestGrid()
        let theirs = try TestGrid()
        let pair = try HandshakePair(client: ours.identity("ufl"), server: theirs.identity("lsu"))

        pair.run(ticks: 1)

        // The client sees the server's certificate before it sends its own.
        #expect(pair.clientFault == .refused(.untrusted, site: "lsu"))
        #expect(pair.serverFault == .refusedByPeer(.untrusted))
    }

    @Test(arguments: [HandshakePair.Side.client, .server])
    func `a client or server of another authority is refused by the other side`(stranger: HandshakePair.Side) throws {
        let grid = try TestGrid()
        let foreign = try TestGrid().identity("ufl")
        let own = try grid.identity("lsu")
        let credulous = try DTLSHandshakeProvider(
            identity: foreign, judge: FixedVerdict(.success(own.own), own: foreign.own))

        try expect(.untrusted, of: credulous, by: DTLSHandshakeProvider(identity: own), as: stranger)
    }

    @Test(arguments: [HandshakePair.Side.client, .server])
    func `an expired certificate is refused with the reason at both ends`(expired: HandshakePair.Side) throws {
        let grid = try TestGrid()
        let short = try DTLSHandshakeProvider(identity: grid.identity("ufl", days: 1))
        let long = try DTLSHandshakeProvider(identity: grid.identity("lsu"))
        grid.now += 2 * 86_400

        try expect(.expired, of: short, by: long, as: expired)
    }

    @Test(arguments: CertificateFault.allCases.filter { $0 != .missing }, [HandshakePair.Side.client, .server])
    func `every reason reaches the other end`(fault: CertificateFault, refused: HandshakePair.Side) throws {
        let grid = try TestGrid()
        let ufl = try DTLSHandshakeProvider(identity: grid.identity("ufl"))
        let lsu = try grid.identity("lsu")
        let strict = try DTLSHandshakeProvider(identity: lsu, judge: FixedVerdict(.failure(fault), own: lsu.own))

        try expect(fault, of: ufl, by: strict, as: refused)
    }

    @Test func `a refused peer's further datagrams are ignored`() throws {
        let grid = try TestGrid()
        let pair = try HandshakePair(client: grid.identity("ufl"), server: TestGrid().identity("lsu"))
        pair.run(ticks: 3)
        for (sender, bytes) in pair.sent {
            #expect(pair.inject(bytes, to: sender == .client ? .server : .client).isEmpty)
        }
        #expect(pair.endCount == 2)
    }

    /// The site `ufl` is refused by `lsu`. Both must know why, whichever is the client.
    private func expect(
        _ fault: CertificateFault, of refused: DTLSHandshakeProvider, by refusing: DTLSHandshakeProvider,
        as side: HandshakePair.Side
    ) throws {
        let pair =
            side == .client
            ? HandshakePair(client: refused, server: refusing) : HandshakePair(client: refusing, server: refused)

        pair.run(ticks: 1)

        let ours = side == .client ? pair.serverFault : pair.clientFault
        let theirs = side == .client ? pair.clientFault : pair.serverFault
        #expect(ours == .refused(fault, site: "ufl"))
        #expect(theirs == .refusedByPeer(fault))
    }
}
