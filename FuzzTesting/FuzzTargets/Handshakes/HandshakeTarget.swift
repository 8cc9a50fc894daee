import LinkSecurity
import NetworkTypes
import OpenSSLLink

/// DTLS datagrams of a stranger, and in the middle of a handshake between two honest gateways.
///
///     | position | change | bytes ...
///
/// `position` 255: a stranger's first datagram. Otherwise the datagram of that number is replaced (`change` 0),
/// preceded (1) or followed (2) by the bytes, or has them combined with it by exclusive or (3).
enum HandshakeTarget {
    static let stranger: UInt8 = 255

    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        guard input.count >= 2, let identities = TestIdentities.shared else { return }
        let bytes = Array(input[2...])
        if input[0] == stranger {
            try runStranger(bytes, identities)
        } else {
            try runPair(position: Int(input[0]), change: input[1] & 3, bytes, identities)
        }
    }

    private static func runStranger(_ bytes: [UInt8], _ identities: TestIdentities) throws(PropertyViolation) {
        guard let provider = try? DTLSHandshakeProvider(identity: identities.server) else { return }
        for _ in 0..<2 {
            var output = HandshakeOutput()
            let admission = provider.admit(
                bytes, from: HandshakeWire.clientEndpoint, localIndex: 1, output: &output)
            guard case .stateless = admission else {
                throw PropertyViolation(description: "nobody can guess a cookie")
            }
            let answered = output.datagrams.reduce(0) { $0 + $1.count }
            try expect(answered <= bytes.count, "an answer to a stranger is no larger than the question")
        }
    }

    private static func runPair(
        position: Int, change: UInt8, _ bytes: [UInt8], _ identities: TestIdentities
    ) throws(PropertyViolation) {
        guard let wire = HandshakeWire(identities) else { return }
        wire.alter = { number, datagram in
            guard number == position else { return [datagram] }
            switch change {
            case 0: return [bytes]
            case 1: return [bytes, datagram]
            case 2: return [datagram, bytes]
            default:
                return [datagram.indices.map { $0 < bytes.count ? datagram[$0] ^ bytes[$0] : datagram[$0] }]
            }
        }
        wire.run()
        try expect(wire.endCount <= 2, "each side ends once")
        try expect(wire.sentByteCount <= 100_000, "a handshake is bounded")
        if let client = wire.clientResult {
            try expect(client.peer.site == "lsu", "the client ends up with the server")
        }
        if let server = wire.serverResult {
            try expect(server.peer.site == "ufl", "the server ends up with the client")
        }
        guard let client = wire.clientResult, let server = wire.serverResult else { return }
        try expect(HandshakeWire.carries(from: client.sealing, to: server.opening), "both have the client's key")
        try expect(HandshakeWire.carries(from: server.sealing, to: client.opening), "both have the server's key")
    }
}

/// Two gateways of one grid, made once a process.
final class TestIdentities {
    nonisolated(unsafe) static let shared = try? TestIdentities()

    let client: SiteIdentity
    let server: SiteIdentity

    init() throws(OpenSSLError) {
        let authority = try CertificateAuthority.create(grid: "physics", days: 3_650)
        func identity(_ site: String) throws(OpenSSLError) -> SiteIdentity {
            let key = try PrivateKey.generate()
            let certificate = try authority.issue(site: site, prefixes: [], days: 365, publicKey: key.publicKey)
            return try SiteIdentity(
                certificate: certificate, key: key, authority: authority.certificate, grid: authority.grid)
        }
        client = try identity("ufl")
        server = try identity("lsu")
    }
}
