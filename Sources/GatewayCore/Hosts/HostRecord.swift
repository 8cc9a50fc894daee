package import NetworkTypes
import WireFormat

/// A host with an address in a bridged subnet, as its lease in the store tells it.
///
/// Encoded, the value of the lease: MAC address 6, origin 1, name behind a byte with its length.
package struct HostRecord: Equatable, Sendable {
    /// How it came by its address.
    package enum Origin: UInt8, Sendable {
        /// From a gateway's DHCP server.
        case dhcp = 1
        /// Configured on the host, and noticed.
        case fixed = 2
    }

    package var address: IPAddress
    package var mac: MACAddress
    package var origin: Origin
    /// What the host calls itself; empty when it has not said.
    package var name: String

    package init(address: IPAddress, mac: MACAddress, origin: Origin, name: String = "") {
        self.address = address
        self.mac = mac
        self.origin = origin
        self.name = name.utf8.count <= HostLimits.nameByteCount ? name : ""
    }

    var value: [UInt8] {
        var writer = WireWriter(capacity: 72)
        writer.write(raw: mac.bytes)
        writer.write(origin.rawValue)
        writer.write(UInt8(name.utf8.count))
        writer.write(raw: Array(name.utf8))
        return writer.bytes
    }

    /// Reads the value of the lease of `address`.
    init(_ address: IPAddress, value: [UInt8]) throws(WireError) {
        var reader = WireReader(value.span.bytes)
        self.address = address
        mac = try reader.readMACAddress()
        let tag = try reader.readUInt8()
        guard let origin = Origin(rawValue: tag) else {
            throw .unknownValue(field: "host origin", value: UInt64(tag))
        }
        self.origin = origin
        let count = Int(try reader.readUInt8())
        guard count <= HostLimits.nameByteCount else {
            throw .tooLong(field: "host name", count: count, limit: HostLimits.nameByteCount)
        }
        guard let name = String(validating: try reader.readBytes(count), as: UTF8.self) else {
            throw .invalid(field: "host name")
        }
        self.name = name
        try reader.finish()
    }
}

extension WireReader {
    mutating func readMACAddress() throws(WireError) -> MACAddress {
        MACAddress(rawValue: try readBytes(6).reduce(0) { $0 << 8 | UInt64($1) })
    }
}
