package import NetworkTypes

/// The packet that `ipop explain` is about: the first of a connection.
package struct ExplainedPacket: Equatable, Sendable {
    package var source: IPAddress
    /// Of the source's family.
    package var destination: IPAddress
    /// The IP header's protocol: 1 and 58 are ICMP, 6 TCP, 17 UDP.
    package var transport: UInt8
    /// The destination's port; `nil` for protocols without ports.
    package var port: UInt16?

    package init(source: IPAddress, destination: IPAddress, transport: UInt8, port: UInt16? = nil) {
        self.source = source
        self.destination = destination
        self.transport = transport
        self.port = port
    }

    /// ICMP's number in a family.
    package static func icmp(_ family: AddressFamily) -> UInt8 { family == .v4 ? 1 : 58 }

    /// Protocol and port of `tcp/443`, `udp/53` or `icmp`; `nil` for anything else.
    package static func transport(_ text: String, _ family: AddressFamily) -> (number: UInt8, port: UInt16?)? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 1 { return text == "icmp" ? (icmp(family), nil) : nil }
        let number: UInt8? = parts[0] == "tcp" ? 6 : parts[0] == "udp" ? 17 : nil
        guard let number, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(parts[1]),
            port > 0
        else { return nil }
        return (number, port)
    }

    /// `tcp/443`, `icmp`, `protocol 47`.
    package var transportText: String {
        let portText = port.map { "/\($0)" } ?? ""
        return switch transport {
        case 1, 58: "icmp"
        case 6: "tcp" + portText
        case 17: "udp" + portText
        default: "protocol \(transport)"
        }
    }
}
