/// Where a gateway can be sent to: an IP address and a UDP (or TCP) port, and by which of this host's uplinks.
///
/// The uplink is nobody else's business: it is in no message, and texts have none.
public struct Endpoint: Hashable, Comparable, Sendable {
    public let address: IPAddress
    public let port: UInt16
    public let uplink: Uplink

    public init(address: IPAddress, port: UInt16, over uplink: Uplink = .any) {
        self.address = address
        self.port = port
        self.uplink = uplink
    }

    /// The same without the uplink: what others are told, and what they tell.
    public var place: Endpoint { over(.any) }

    /// The same place by that uplink.
    public func over(_ uplink: Uplink) -> Endpoint { Endpoint(address: address, port: port, over: uplink) }

    public static func < (lhs: Endpoint, rhs: Endpoint) -> Bool {
        if lhs.address != rhs.address { return lhs.address < rhs.address }
        return lhs.port != rhs.port ? lhs.port < rhs.port : lhs.uplink < rhs.uplink
    }
}

extension Endpoint: CustomStringConvertible, LosslessStringConvertible {
    /// `a.b.c.d:port` or `[v6]:port`.
    public var description: String {
        address.family == .v4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }

    /// Reads `a.b.c.d:port` or `[v6]:port`, port 1 to 65535; names are not endpoints (see `HostAndPort`).
    public init?(_ text: String) {
        guard let parsed = HostAndPort(text), let address = IPAddress(parsed.host) else { return nil }
        if address.family == .v6, !text.hasPrefix("[") { return nil }
        self.init(address: address, port: parsed.port)
    }
}

/// A host, by name or address, and a port, as an operator writes it: `gw.ufl.example:7867`, `[2001:db8::1]:7867`.
public struct HostAndPort: Hashable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    /// A DNS name or an address, without brackets.
    public let host: String
    public let port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    public init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        var host = String(text[..<colon])
        let digits = Array(text[text.index(after: colon)...].utf8)[...]
        guard let port = IPAddress.parseDecimal(digits, limit: 65_535), port > 0 else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard let address = IPAddress(host), address.family == .v6 else { return nil }
        } else {
            guard Self.isName(host) else { return nil }
        }
        self.init(host: host, port: UInt16(port))
    }

    public var description: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Letters, digits, dots and hyphens, as RFC 1123 §2.1 has host names (underscores are tolerated).
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 253
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default:
                    false
                }
            }
    }
}
