import LinkSecurity
import NetworkTypes
import OverlayStore

/// An identity whose certificate says in plain text what it certifies, and whose signature is a sum that anybody could
/// compute: enough to see what is signed and what is checked.
final class PlainIdentity: IdentityAuthority {
    let own: PeerIdentity
    /// Bytes before the sum, so that a signature can be as long as a real one.
    var padding = 0

    init(node: NodeAddress, site: String, grid: String = "test") {
        own = PeerIdentity(
            node: node, site: site, grid: grid, prefixes: [], notAfter: .max,
            certificate: node.bytes + Array(site.utf8))
    }

    func revoke(_ serials: [String]) {}

    func verifyCertificate(_ certificate: [UInt8]) -> Result<PeerIdentity, CertificateFault> {
        .failure(.untrusted)
    }

    func sign(_ message: [UInt8]) -> [UInt8] {
        [UInt8](repeating: 0, count: padding) + Self.sum(message, by: own.certificate)
    }

    func verifySignature(_ signature: [UInt8], of message: [UInt8], by certificate: [UInt8]) -> Bool {
        Array(signature.suffix(8)) == Self.sum(message, by: certificate)
    }

    private static func sum(_ message: [UInt8], by certificate: [UInt8]) -> [UInt8] {
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        func take(_ bytes: [UInt8]) {
            bytes.withUnsafeBytes { raw in
                var offset = 0
                while offset + 8 <= raw.count {
                    sum = (sum ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0x0000_0100_0000_01b3
                    sum ^= sum >> 29
                    offset += 8
                }
                while offset < raw.count {
                    sum = (sum ^ UInt64(raw[offset])) &* 0x0000_0100_0000_01b3
                    offset += 1
                }
            }
        }
        take(certificate)
        take(message)
        return (0..<8).map { UInt8(truncatingIfNeeded: sum >> UInt64(8 * $0)) }
    }
}

/// What one member knows of the others.
struct DirectoryView: StoreMembers {
    /// Ascending.
    private(set) var nodes: [NodeAddress]
    private var sites: [NodeAddress: String]

    init(_ members: [(node: NodeAddress, site: String)]) {
        nodes = members.map(\.node).sorted()
        sites = Dictionary(uniqueKeysWithValues: members.map { ($0.node, $0.site) })
    }

    var count: Int { nodes.count }

    subscript(position: Int) -> NodeAddress { nodes[position] }

    func certificate(of node: NodeAddress) -> [UInt8]? { sites[node].map { node.bytes + Array($0.utf8) } }

    func site(of node: NodeAddress) -> String? { sites[node] }
}
