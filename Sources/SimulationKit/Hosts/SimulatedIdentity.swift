package import LinkSecurity
package import NetworkTypes

/// Every identity of a simulated world: what the certificate authority would have signed.
package final class SimulatedWorld {
    /// What a node's certificate says; shared by everybody who looks at it.
    final class Record {
        var identity: PeerIdentity

        init(_ identity: PeerIdentity) { self.identity = identity }
    }

    private var records: [NodeAddress: Record] = [:]

    package init() {}

    /// Registers a site of `grid`; its node address comes from `seed`.
    package func add(site: String, grid: String, prefixes: [IPPrefix], seed: UInt64) -> SimulatedIdentity {
        var random = SeededRandom(seed: seed)
        let node = NodeAddress(
            high: random.nextWord(), middle: random.nextWord(), low: UInt32(truncatingIfNeeded: random.nextWord()))
        let record = Record(
            PeerIdentity(
                node: node, site: site, grid: grid, prefixes: prefixes, notAfter: .max, certificate: node.bytes,
                serial: Hexadecimal.encode(node.bytes)))
        records[node] = record
        return SimulatedIdentity(world: self, record: record)
    }

    /// Changes what a node's certificate says.
    package func update(_ node: NodeAddress, _ change: (inout PeerIdentity) -> Void) {
        guard let record = records[node] else { return }
        change(&record.identity)
    }

    func certificate(of node: NodeAddress, grid: String) -> Result<PeerIdentity, CertificateFault> {
        guard let record = records[node] else { return .failure(.untrusted) }
        return record.identity.grid == grid ? .success(record.identity) : .failure(.wrongGrid)
    }
}

/// A gateway's identity in a simulated world: signatures are the node address.
package final class SimulatedIdentity: IdentityAuthority {
    let world: SimulatedWorld
    private let record: SimulatedWorld.Record
    /// Look-ups only.
    private var revoked: Set<String> = []

    init(world: SimulatedWorld, record: SimulatedWorld.Record) {
        self.world = world
        self.record = record
    }

    /// What the own certificate says.
    package var own: PeerIdentity { record.identity }

    /// Refuses certificates with these serial numbers from now on.
    package func revoke(_ serials: [String]) { revoked = Set(serials) }

    /// Looks the certificate up in the world.
    package func verifyCertificate(_ certificate: [UInt8]) -> Result<PeerIdentity, CertificateFault> {
        guard let node = NodeAddress(bytes: certificate) else { return .failure(.malformed) }
        let verdict = world.certificate(of: node, grid: record.identity.grid)
        if case .success(let peer) = verdict, revoked.contains(peer.serial) { return .failure(.revoked) }
        return verdict
    }

    /// The node address and the length of the message.
    package func sign(_ message: [UInt8]) -> [UInt8] {
        record.identity.certificate + [UInt8(truncatingIfNeeded: message.count)]
    }

    /// Whether node address and length are right.
    package func verifySignature(_ signature: [UInt8], of message: [UInt8], by certificate: [UInt8]) -> Bool {
        signature == certificate + [UInt8(truncatingIfNeeded: message.count)]
    }
}
