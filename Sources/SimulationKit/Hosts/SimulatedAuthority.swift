package import LinkSecurity
package import NetworkTypes
import WireFormat

/// The authority of a simulated world: its signature is one word.
///
///     signature 8 | version 8 | count 2 | revoked nodes 20 each | count 2 | pools | filling
package final class SimulatedAuthority: PublicationAuthority {
    private static let signature: UInt64 = 0x6175_7468_6f72_6974

    package init() {}

    /// A revocation list, or a profile with `pools`. `filling` makes it as long as a large one.
    package static func content(
        version: UInt64, revoking nodes: [NodeAddress] = [], pools: [IPPrefix] = [], filling: Int = 0
    ) -> [UInt8] {
        var writer = WireWriter()
        writer.write(signature)
        writer.write(version)
        writer.write(count: nodes.count)
        for node in nodes { writer.write(node) }
        writer.write(count: pools.count)
        for pool in pools { writer.write(pool) }
        writer.write(raw: [UInt8](repeating: 0, count: filling))
        return writer.bytes
    }

    /// What the content says, when the word is right.
    package func verify(_ kind: PublicationKind, _ content: [UInt8]) -> Result<Publication, PublicationFault> {
        var reader = WireReader(content.span.bytes)
        guard (try? reader.readUInt64()) == Self.signature else { return .failure(.notByAuthority) }
        guard let version = try? reader.readUInt64(), let count = try? reader.readUInt16() else {
            return .failure(.malformed)
        }
        var serials: [String] = []
        for _ in 0..<count {
            guard let node = try? reader.readNodeAddress() else { return .failure(.malformed) }
            serials.append(Hexadecimal.encode(node.bytes))
        }
        var terms = ProfileTerms(version: version)
        for _ in 0..<((try? reader.readUInt16()) ?? 0) {
            guard let pool = try? reader.readPrefix() else { return .failure(.malformed) }
            terms.pools.append(pool)
        }
        return .success(
            Publication(
                kind: kind, version: version, content: content, revokedSerials: serials,
                terms: kind == .gridProfile ? terms : nil))
    }
}
