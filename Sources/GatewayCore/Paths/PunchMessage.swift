package import NetworkTypes
package import WireFormat

/// Where a gateway can be reached, told over the ring to one that is to send there now: a connect-to-me request
/// (Brunet), and its answer. Both ends then send at once, so that each NAT lets the other's datagrams in (RFC 5128
/// §3.3).
///
///     0         1       2
///     | mapping | flags | count | endpoints ...
///
/// The ring's hops are not trusted with it: it makes a gateway send a few handshake datagrams to a few endpoints, now
/// and then, and nothing else.
package struct PunchMessage: Equatable, Sendable {
    /// How the sender's NAT maps, as far as it knows.
    package var mapping: MappingBehaviour
    /// The sender's network lets no UDP through.
    package var isUDPBlocked: Bool
    /// At most `PathLimits.punchEndpoints`, the likeliest first.
    package var endpoints: [Endpoint]

    package init(mapping: MappingBehaviour, isUDPBlocked: Bool, endpoints: [Endpoint]) {
        self.mapping = mapping
        self.isUDPBlocked = isUDPBlocked
        self.endpoints = Array(endpoints.prefix(PathLimits.punchEndpoints))
    }

    /// Whether the sender may be in reach where it was not when it sent `other`.
    func tellsMore(than other: PunchMessage) -> Bool {
        guard !mapping.isDependent else { return mapping != other.mapping }
        return mapping != other.mapping || isUDPBlocked != other.isUDPBlocked
            || !endpoints.allSatisfy(other.endpoints.contains)
    }

    /// The message's bytes.
    package var encoded: [UInt8] {
        var writer = WireWriter()
        writer.write(mapping.rawValue)
        writer.write(UInt8(isUDPBlocked ? 1 : 0))
        writer.write(UInt8(endpoints.count))
        for endpoint in endpoints { writer.write(endpoint) }
        return writer.bytes
    }

    /// Reads a message; a mapping that is not known reads as unknown, and what follows is ignored.
    package init(reading bytes: RawSpan) throws(WireError) {
        var reader = WireReader(bytes)
        mapping = MappingBehaviour(rawValue: try reader.readUInt8()) ?? .unknown
        isUDPBlocked = try reader.readUInt8() & 1 != 0
        let count = Int(try reader.readUInt8())
        guard count <= PathLimits.punchEndpoints else {
            throw .tooLong(field: "endpoints", count: count, limit: PathLimits.punchEndpoints)
        }
        endpoints = []
        for _ in 0..<count { endpoints.append(try reader.readEndpoint()) }
    }
}
