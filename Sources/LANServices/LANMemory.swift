package import NetworkTypes
package import WireFormat

/// What the services on the LAN keep over a restart: the static hosts, and who has or had which address by DHCP.
///
///     label | count 2 | hosts | count 2 | leases | FNV-1a of all before 8
///     host: address | MAC 6
///     lease: length 2, client | address | MAC 6 | length 2, name | expiry 8
///
/// The expiry is in seconds since 1970, as another life has another clock; 0 is that of a lease that has ended. An
/// empty name is none.
package struct LANMemory: Equatable, Sendable {
    /// A host with an address of its own choice.
    package struct Host: Equatable, Sendable {
        package let address: IPAddress
        package let mac: MACAddress
    }

    /// A DHCP client and its address.
    package struct Lease: Equatable, Sendable {
        /// Its identifier, or its hardware's type and address.
        package let client: [UInt8]
        package let address: IPAddress
        package let mac: MACAddress
        package let name: String?
        /// `nil`: the lease has ended, and the address is kept for the client.
        package let expiresUnixSeconds: Int64?

        /// How long the lease runs from `unixSeconds` on. A clock that went back does not make it longer than `limit`.
        func secondsLeft(unixSeconds: Int64, limit: UInt32) -> Int64 {
            guard let expiresUnixSeconds else { return 0 }
            let left = expiresUnixSeconds.subtractingReportingOverflow(unixSeconds)
            return left.overflow ? 0 : min(max(left.partialValue, 0), Int64(limit))
        }
    }

    package let hosts: [Host]
    package let leases: [Lease]

    package init(hosts: [Host] = [], leases: [Lease] = []) {
        self.hosts = hosts
        self.leases = leases
    }

    /// Bytes of the largest: label 17, counts 4, sum 8, hosts of 23 bytes and leases of 2 + 255 + 17 + 6 + 2 + 63 + 8.
    package static let byteCount = 29 + LANLimits.hosts * 23 + LANLimits.bindings * 353
    private static let label = Array("ipop-lan-memory-1".utf8)
    private static let clientByteCount = 255
    private static let nameByteCount = 63

    /// What goes to the disk.
    package var encoded: [UInt8] {
        var writer = WireWriter(capacity: 64 + hosts.count * 11 + leases.count * 48)
        writer.write(raw: Self.label)
        writer.write(count: hosts.count)
        for host in hosts {
            writer.write(host.address)
            writer.write(host.mac)
        }
        writer.write(count: leases.count)
        for lease in leases {
            writer.write(block: lease.client)
            writer.write(lease.address)
            writer.write(lease.mac)
            writer.write(text: lease.name ?? "")
            writer.write(UInt64(bitPattern: lease.expiresUnixSeconds ?? 0))
        }
        writer.write(Checksum.fnv1a(writer.bytes))
        return writer.bytes
    }

    /// Reads what came from the disk. What is not exactly as it was written is an error.
    package init(reading bytes: [UInt8]) throws(WireError) {
        var reader = WireReader(bytes.span.bytes)
        guard try reader.readBytes(Self.label.count) == Self.label else { throw .invalid(field: "label") }
        var hosts: [Host] = []
        for _ in 0..<(try reader.readCount("hosts", limit: LANLimits.hosts)) {
            let address = try reader.readIPAddress()
            hosts.append(Host(address: address, mac: try Self.readStation(&reader)))
        }
        var leases: [Lease] = []
        for _ in 0..<(try reader.readCount("leases", limit: LANLimits.bindings)) {
            let client = try reader.readBlock("client", limit: Self.clientByteCount)
            guard !client.isEmpty else { throw .invalid(field: "client") }
            let address = try reader.readIPAddress()
            let mac = try Self.readStation(&reader)
            let name = try reader.readText("name", limit: Self.nameByteCount)
            guard name.isEmpty || SiteName.isValid(name) else { throw .invalid(field: "name") }
            let expiry = Int64(bitPattern: try reader.readUInt64())
            leases.append(
                Lease(
                    client: client, address: address, mac: mac, name: name.isEmpty ? nil : name,
                    expiresUnixSeconds: expiry == 0 ? nil : expiry))
        }
        let covered = bytes.count - reader.left
        guard try reader.readUInt64() == Checksum.fnv1a(bytes[..<covered]) else { throw .invalid(field: "sum") }
        try reader.finish()
        self.hosts = hosts
        self.leases = leases
    }

    private static func readStation(_ reader: inout WireReader) throws(WireError) -> MACAddress {
        let mac = try reader.readMACAddress()
        guard mac.isStation else { throw .invalid(field: "hardware address") }
        return mac
    }
}
