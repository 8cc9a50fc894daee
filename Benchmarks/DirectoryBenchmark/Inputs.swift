import GatewayCore
import LinkSecurity
import NetworkTypes
import OpenSSLLink

/// Signed announcements of a grid's sites, one behind the other in one piece of memory. Keys and certificates that made
/// them are gone.
struct Inputs {
    /// The gateway that takes the announcements.
    let identity: SiteIdentity
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    /// An authority, and `count` sites with a key, a certificate for one /24 of 10.0.0.0/8 and an announcement each.
    init(count: Int) throws(OpenSSLError) {
        let authority = try CertificateAuthority.create(grid: "benchmark", days: 365)
        identity = try Self.site("taker", prefixes: [], of: authority)
        bytes.reserveCapacity(count * 1_024)
        ends.reserveCapacity(count)
        for number in 0..<count {
            let (upper, lower) = (UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number))
            let prefix = IPPrefix(containing: IPAddress(10, upper, lower, 0), length: 24)
            let site = try Self.site("site\(number)", prefixes: [prefix], of: authority)
            let announcement = Announcement(
                node: site.own.node, sequence: 1, lifetimeSeconds: 86_400, isWithdrawn: false,
                endpoints: [Endpoint(address: IPAddress(192, 0, upper, lower), port: 7_867)],
                exports: [.init(subnet: prefix, virtual: prefix)], certificate: site.own.certificate)
            bytes += announcement.signed(by: site)
            ends.append(bytes.count)
        }
    }

    private static func site(
        _ name: String, prefixes: [IPPrefix], of authority: CertificateAuthority
    ) throws(OpenSSLError) -> SiteIdentity {
        let key = try PrivateKey.generate()
        let certificate = try authority.issue(site: name, prefixes: prefixes, days: 300, publicKey: key.publicKey)
        return try SiteIdentity(
            certificate: certificate, key: key, authority: authority.certificate, grid: authority.grid)
    }

    /// A copy of one announcement, as it would come from the network.
    subscript(number: Int) -> [UInt8] {
        Array(bytes[(number == 0 ? 0 : ends[number - 1])..<ends[number]])
    }

    /// Bytes of all announcements, encoded.
    var byteCount: Int { bytes.count }
}
