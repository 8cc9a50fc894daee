package import LinkSecurity
package import NetworkTypes
package import WireFormat

/// What a gateway tells every other: where it is, and which subnets it makes reachable. Signed by its site's key.
///
/// Encoded: version, flags, node, sequence, lifetime, endpoints, exports, certificate, then the signature over all of
/// that.
package struct Announcement: Equatable, Sendable {
    /// One exported subnet and what the grid calls it.
    package struct Export: Equatable, Sendable {
        /// The prefix on the site's LAN: the certificate must cover it.
        package var subnet: IPPrefix
        /// The prefix in the grid: the same, or a pool prefix of the same size.
        package var virtual: IPPrefix

        package init(subnet: IPPrefix, virtual: IPPrefix) {
            self.subnet = subnet
            self.virtual = virtual
        }
    }

    package var node: NodeAddress
    /// A newer announcement of a node has a higher number.
    package var sequence: UInt64
    /// Seconds from its making until it is void.
    package var lifetimeSeconds: UInt32
    /// The gateway stops, or the site leaves: nothing is exported any more.
    package var isWithdrawn: Bool
    /// Where the gateway may be reached: own addresses that others can route to, and endpoints that members have seen.
    package var endpoints: [Endpoint]
    package var exports: [Export]
    /// The site's certificate, DER.
    package var certificate: [UInt8]

    package init(
        node: NodeAddress, sequence: UInt64, lifetimeSeconds: UInt32, isWithdrawn: Bool, endpoints: [Endpoint],
        exports: [Export], certificate: [UInt8]
    ) {
        self.node = node
        self.sequence = sequence
        self.lifetimeSeconds = lifetimeSeconds
        self.isWithdrawn = isWithdrawn
        self.endpoints = endpoints
        self.exports = exports
        self.certificate = certificate
    }

    private static let version: UInt8 = 1
    private static let withdrawnFlag: UInt8 = 1

    /// The bytes that are signed.
    private var signedBytes: [UInt8] {
        var writer = WireWriter(capacity: 1_024)
        writer.write(Self.version)
        writer.write(isWithdrawn ? Self.withdrawnFlag : 0)
        writer.write(node)
        writer.write(sequence)
        writer.write(lifetimeSeconds)
        writer.write(count: endpoints.count)
        for endpoint in endpoints { writer.write(endpoint) }
        writer.write(count: exports.count)
        for export in exports {
            writer.write(export.subnet)
            writer.write(export.virtual)
        }
        writer.write(block: certificate)
        return writer.bytes
    }

    /// The announcement with its signature, ready to be spread.
    package func signed(by identity: any IdentityAuthority) -> [UInt8] {
        let message = signedBytes
        var writer = WireWriter(capacity: message.count + 80)
        writer.write(raw: message)
        writer.write(block: identity.sign(message))
        return writer.bytes
    }

    /// An announcement as it came, not yet verified.
    package struct Unverified {
        package var announcement: Announcement
        fileprivate var message: [UInt8]
        fileprivate var signature: [UInt8]

        /// Reads an encoded announcement.
        package init(reading encoded: [UInt8]) throws(WireError) {
            let span = encoded.span
            var reader = WireReader(span.bytes)
            announcement = try Announcement(reading: &reader)
            message = Array(encoded.prefix(encoded.count - reader.left))
            signature = try reader.readBlock("signature", limit: DirectoryLimits.signatureByteCount)
            try reader.finish()
        }

        /// Who made it, after certificate, node address, signature and address blocks have been checked.
        ///
        /// Exports that the certificate does not cover are taken out of `announcement`; they are returned, so that the
        /// rest of the site still works.
        package mutating func verify(by identity: any IdentityAuthority) -> Result<Verdict, AnnouncementFault> {
            let peer: PeerIdentity
            switch identity.verifyCertificate(announcement.certificate) {
            case .success(let verified): peer = verified
            case .failure(let fault): return .failure(.certificate(fault))
            }
            guard peer.node == announcement.node else { return .failure(.wrongNode) }
            guard identity.verifySignature(signature, of: message, by: announcement.certificate) else {
                return .failure(.badSignature)
            }
            let uncovered = announcement.exports.filter { !peer.covers($0.subnet) || $0.virtual != $0.subnet }
            announcement.exports.removeAll { uncovered.contains($0) }
            return .success(Verdict(peer: peer, uncovered: uncovered.map(\.subnet)))
        }
    }

    /// The outcome of a successful verification.
    package struct Verdict {
        package var peer: PeerIdentity
        /// Announced, and not covered by the certificate.
        package var uncovered: [IPPrefix]
    }

    private init(reading reader: inout WireReader) throws(WireError) {
        let version = try reader.readUInt8()
        guard version == Self.version else {
            throw .unknownValue(field: "announcement version", value: UInt64(version))
        }
        isWithdrawn = try reader.readUInt8() & Self.withdrawnFlag != 0
        node = try reader.readNodeAddress()
        sequence = try reader.readUInt64()
        lifetimeSeconds = try reader.readUInt32()
        endpoints = []
        for _ in 0..<(try reader.readCount("endpoints", limit: DirectoryLimits.endpointCount)) {
            endpoints.append(try reader.readEndpoint())
        }
        exports = []
        for _ in 0..<(try reader.readCount("exports", limit: DirectoryLimits.exportCount)) {
            let subnet = try reader.readPrefix()
            exports.append(Export(subnet: subnet, virtual: try reader.readPrefix()))
        }
        certificate = try reader.readBlock("certificate", limit: DirectoryLimits.certificateByteCount)
    }
}

/// Why an announcement is refused.
package enum AnnouncementFault: Error, Equatable, Sendable {
    case malformed(WireError)
    case certificate(CertificateFault)
    /// The node address is not that of the certificate's key.
    case wrongNode
    case badSignature
    /// The directory is full.
    case tooMany
}
