package import LinkSecurity
package import NetworkTypes

/// Every identity of a simulated world: what the certificate authority would have signed.
package final class SimulatedWorld {
    private var identities: [NodeAddress: PeerIdentity] = [:]

    package init() {}

    /// Registers a site of `grid`; its node address comes from `seed`.
    package func add(site: String, grid: String, prefixes: [IPPrefix], seed: UInt64) -> SimulatedIdentity {
        var random = SeededRandom(seed: seed)
        let node = NodeAddress(
            high: random.nextWord(), middle: random.nextWord(), low: UInt32(truncatingIfNeeded: random.nextWord()))
        identities[node] = PeerIdentity(
            node: node, site: site, grid: grid, prefixes: prefixes, notAfter: .max, certificate: node.bytes)
        return SimulatedIdentity(world: self, node: node)
    }

    /// Changes what a node's certificate says.
    package func update(_ node: NodeAddress, _ change: (inout PeerIdentity) -> Void) {
        guard var identity = identities[node] else { return }
        change(&identity)
        identities[node] = identity
    }

    func certificate(of node: NodeAddress, grid: String) -> Result<PeerIdentity, CertificateFault> {
        guard let identity = identities[node] else { return .failure(.untrusted) }
        return identity.grid == grid ? .success(identity) : .failure(.wrongGrid)
    }
}

/// A gateway's identity in a simulated world: signatures are the node address.
package final class SimulatedIdentity: IdentityAuthority {
    let world: SimulatedWorld
    private let node: NodeAddress

    init(world: SimulatedWorld, node: NodeAddress) {
        self.world = world
        self.node = node
    }

    /// What the own certificate says.
    package var own: PeerIdentity {
        for grid in ["physics", "chemistry"] {
            if case .success(let identity) = world.certificate(of: node, grid: grid) { return identity }
        }
        preconditionFailure("a simulated identity is registered before it is used")
    }

    /// Looks the certificate up in the world.
    package func verifyCertificate(_ certificate: [UInt8]) -> Result<PeerIdentity, CertificateFault> {
        guard let node = NodeAddress(bytes: certificate) else { return .failure(.malformed) }
        return world.certificate(of: node, grid: own.grid)
    }

    /// The node address and the length of the message.
    package func sign(_ message: [UInt8]) -> [UInt8] { node.bytes + [UInt8(truncatingIfNeeded: message.count)] }

    /// Whether node address and length are right.
    package func verifySignature(_ signature: [UInt8], of message: [UInt8], by certificate: [UInt8]) -> Bool {
        signature == certificate + [UInt8(truncatingIfNeeded: message.count)]
    }
}
