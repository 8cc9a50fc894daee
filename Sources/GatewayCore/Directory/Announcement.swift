package import LinkSecurity
package import NetworkTypes
package import WireFormat

/// What a gateway tells every other: where it is, and which subnets it makes reachable. Signed by its site's key.
///
/// Encoded: version, flags, node, sequence, lifetime, endpoints, exports, bridged subnet, certificate, then the
/// signature over all of that.
package struct Announcement: Equatable, Sendable {
    /// One exported subnet and what the grid calls it.
    package struct Export: Equatable, Sendable {
        /// The prefix on the site's LAN: the certificate must cover it.
        package var subnet: IPPrefix
        /// The prefix in the grid: the same, or a pool prefix of the same size.
        package var virtual: IPPrefix
        /// The create epoch of the store's lease of `virtual`; 0 while the site has none. Of two sites that announce
        /// one prefix the lower epoch owns it.
        package var claimEpoch: UInt64

        package init(subnet: IPPrefix, virtual: IPPrefix, claimEpoch: UInt64 = 0) {
            self.subnet = subnet
            self.virtual = virtual
            self.claimEpoch = claimEpoch
        }

        /// The grid knows it by other addresses than its LAN.
        package var isMapped: Bool { virtual != subnet }

        /// Whether hosts of the one can have addresses of the other, each its own.
        var isSound: Bool { virtual.family == subnet.family && virtual.length == subnet.length }
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
    /// The subnet of the pool that the site's LAN hosts live in, beside those of other sites.
    package var bridged: IPPrefix?
    /// The site's certificate, DER.
    package var certificate: [UInt8]

    package init(
        node: NodeAddress, sequence: UInt64, lifetimeSeconds: UInt32, isWithdrawn: Bool, endpoints: [Endpoint],
        exports: [Export], bridged: IPPrefix? = nil, certificate: [UInt8]
    ) {
        self.node = node
        self.sequence = sequence
        self.lifetimeSeconds = lifetimeSeconds
        self.isWithdrawn = isWithdrawn
        self.endpoints = endpoints
        self.exports = exports
        self.bridged = bridged
        self.certificate = certificate
    }

    private static let version: UInt8 = 1
    private static let withdrawnFlag: UInt8 = 1
    private static let bridgedFlag: UInt8 = 2

    /// The bytes that are signed.
    fileprivate var signedBytes: [UInt8] {
        var writer = WireWriter(capacity: 1_024)
        writer.write(Self.version)
        writer.write((isWithdrawn ? Self.withdrawnFlag : 0) | (bridged != nil ? Self.bridgedFlag : 0))
        writer.write(node)
        writer.write(sequence)
        writer.write(lifetimeSeconds)
        writer.write(count: endpoints.count)
        for endpoint in endpoints { writer.write(endpoint) }
        writer.write(count: exports.count)
        for export in exports {
            writer.write(export.subnet)
            writer.write(export.virtual)
            writer.write(export.claimEpoch)
        }
        if let bridged { writer.write(bridged) }
        writer.write(block: certificate)
        return writer.bytes
    }

    /// The announcement with its signature, ready to be spread.
    package func signed(by identity: any IdentityAuthority) -> [UInt8] {
        encoded(with: identity.sign(signedBytes))
    }

    func encoded(with signature: [UInt8]) -> [UInt8] {
        let message = signedBytes
        var writer = WireWriter(capacity: message.count + 2 + signature.count)
        writer.write(raw: message)
        writer.write(block: signature)
        return writer.bytes
    }

    /// Whose announcement this is and which, without reading the rest: enough to know that it is no news.
    package static func peek(_ encoded: [UInt8]) -> (node: NodeAddress, sequence: UInt64)? {
        var reader = WireReader(encoded.span.bytes)
        guard (try? reader.readUInt8()) == version, (try? reader.readUInt8()) != nil,
            let node = try? reader.readNodeAddress(), let sequence = try? reader.readUInt64()
        else { return nil }
        return (node, sequence)
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

        /// The record, after certificate, node address, signature and address blocks have been checked.
        ///
        /// Exports that the certificate does not cover are taken out of its announcement and told beside it, so that
        /// the rest of the site still works.
        package func verified(by identity: any IdentityAuthority) -> Result<AnnouncementRecord, AnnouncementFault> {
            let peer: PeerIdentity
            switch identity.verifyCertificate(announcement.certificate) {
            case .success(let verified): peer = verified
            case .failure(let fault): return .failure(.certificate(fault))
            }
            guard peer.node == announcement.node else { return .failure(.wrongNode) }
            guard identity.verifySignature(signature, of: message, by: announcement.certificate) else {
                return .failure(.badSignature)
            }
            // It is passed on from its parts, which must be what was signed.
            guard announcement.signedBytes == message else {
                return .failure(.malformed(.invalid(field: "announcement")))
            }
            var covered = announcement
            let uncovered = covered.exports.filter { !peer.covers($0.subnet) || !$0.isSound }
            if !uncovered.isEmpty { covered.exports.removeAll { uncovered.contains($0) } }
            return .success(
                AnnouncementRecord(
                    announcement: covered, identity: peer, announcedExports: announcement.exports,
                    uncovered: uncovered.map(\.subnet), signature: signature))
        }
    }

    private init(reading reader: inout WireReader) throws(WireError) {
        let version = try reader.readUInt8()
        guard version == Self.version else {
            throw .unknownValue(field: "announcement version", value: UInt64(version))
        }
        let flags = try reader.readUInt8()
        isWithdrawn = flags & Self.withdrawnFlag != 0
        node = try reader.readNodeAddress()
        sequence = try reader.readUInt64()
        lifetimeSeconds = try reader.readUInt32()
        // Just as large as they must be: a directory keeps thousands of them.
        let endpointCount = try reader.readCount("endpoints", limit: DirectoryLimits.endpointCount)
        endpoints = []
        endpoints.reserveCapacity(endpointCount)
        for _ in 0..<endpointCount {
            endpoints.append(try reader.readEndpoint())
        }
        let exportCount = try reader.readCount("exports", limit: DirectoryLimits.exportCount)
        exports = []
        exports.reserveCapacity(exportCount)
        for _ in 0..<exportCount {
            let subnet = try reader.readPrefix()
            let virtual = try reader.readPrefix()
            exports.append(Export(subnet: subnet, virtual: virtual, claimEpoch: try reader.readUInt64()))
        }
        bridged = flags & Self.bridgedFlag != 0 ? try reader.readPrefix() : nil
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
