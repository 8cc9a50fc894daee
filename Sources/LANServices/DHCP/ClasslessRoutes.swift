import NetworkTypes
import WireFormat

/// Option 121: destinations and the routers to them (RFC 3442).
///
///     for each: | prefix length 1 | its significant bytes 0...4 | router 4 |
enum ClasslessRoutes {
    /// The option's bytes for as many IPv4 destinations as fit into `limit`, in their order.
    static func encode(_ destinations: [IPPrefix], router: IPAddress, limit: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for destination in destinations where destination.family == .v4 {
            let significant = (destination.length + 7) / 8
            guard bytes.count + 1 + significant + 4 <= limit else { break }
            bytes += [UInt8(destination.length)] + destination.address.bytes.prefix(significant) + router.bytes
        }
        return bytes
    }
}
