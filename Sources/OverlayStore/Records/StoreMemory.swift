package import NetworkTypes
package import WireFormat

/// What a member keeps of the store over a restart: its Lamport time and its own leases.
///
///     label | node 20 | clock 8 | count 2 | leases | FNV-1a of all before 8
///     lease: kind, name | length 2, value | epoch 8 | sequence 8 | lifetime 4 | expiry 8
///
/// The expiry is in seconds since 1970: another life has another clock.
package struct StoreMemory: Equatable, Sendable {
    /// One own lease or value.
    package struct Lease: Equatable, Sendable {
        package var key: StoreKey
        package var value: [UInt8]
        package var epoch: UInt64
        package var sequence: UInt64
        package var lifetimeSeconds: UInt32
        /// When the replicas let go of it, in seconds since 1970-01-01T00:00:00Z.
        package var expiresUnixSeconds: Int64

        package init(
            key: StoreKey, value: [UInt8], epoch: UInt64, sequence: UInt64, lifetimeSeconds: UInt32,
            expiresUnixSeconds: Int64
        ) {
            self.key = key
            self.value = value
            self.epoch = epoch
            self.sequence = sequence
            self.lifetimeSeconds = lifetimeSeconds
            self.expiresUnixSeconds = expiresUnixSeconds
        }

        /// As the store takes it up at `now`, which is `unixSeconds` by the wall clock. A clock that went back does not
        /// make it live longer than its lifetime.
        package func remembered(now: Instant, unixSeconds: Int64) -> RememberedLease {
            let left = expiresUnixSeconds.subtractingReportingOverflow(unixSeconds)
            let bounded = left.overflow ? 0 : min(max(left.partialValue, 0), Int64(lifetimeSeconds))
            return RememberedLease(
                key: key, value: value, epoch: epoch, sequence: sequence, lifetimeSeconds: lifetimeSeconds,
                expires: now + .seconds(bounded))
        }
    }

    /// Whose it is: with another key the gateway is another member.
    package var node: NodeAddress
    /// No Lamport time that the member has told anybody is above it.
    package var clock: UInt64
    package var leases: [Lease]

    package init(node: NodeAddress, clock: UInt64, leases: [Lease]) {
        self.node = node
        self.clock = clock
        self.leases = leases
    }

    /// Bytes of the largest: label 19, head 30, the most leases of 608 bytes, sum 8.
    package static let byteCount = 57 + StoreLimits.ownLeases * 608
    private static let label = Array("ipop-store-memory-1".utf8)

    /// What goes to the disk.
    package var encoded: [UInt8] {
        var writer = WireWriter(capacity: 64 + leases.count * 128)
        writer.write(raw: Self.label)
        writer.write(node)
        writer.write(clock)
        writer.write(count: leases.count)
        for lease in leases {
            writer.write(lease.key)
            writer.write(block: lease.value)
            writer.write(lease.epoch)
            writer.write(lease.sequence)
            writer.write(lease.lifetimeSeconds)
            writer.write(UInt64(bitPattern: lease.expiresUnixSeconds))
        }
        writer.write(Checksum.fnv1a(writer.bytes))
        return writer.bytes
    }

    /// Reads what came from the disk. What is not exactly as it was written is an error.
    package init(reading bytes: [UInt8]) throws(WireError) {
        var reader = WireReader(bytes.span.bytes)
        guard try reader.readBytes(Self.label.count) == Self.label else { throw .invalid(field: "label") }
        node = try reader.readNodeAddress()
        clock = try reader.readUInt64()
        guard clock <= StoreLimits.counter else { throw .invalid(field: "clock") }
        leases = []
        for _ in 0..<(try reader.readCount("leases", limit: StoreLimits.ownLeases)) {
            let key = try reader.readStoreKey()
            let value = try reader.readBlock("value", limit: StoreLimits.valueByteCount)
            let epoch = try reader.readUInt64()
            let sequence = try reader.readUInt64()
            guard epoch <= StoreLimits.counter, sequence <= StoreLimits.counter else {
                throw .invalid(field: "counter")
            }
            let lifetime = try reader.readUInt32()
            guard StoreLimits.lifetimeSeconds.contains(lifetime) else { throw .invalid(field: "lifetime") }
            leases.append(
                Lease(
                    key: key, value: value, epoch: epoch, sequence: sequence, lifetimeSeconds: lifetime,
                    expiresUnixSeconds: Int64(bitPattern: try reader.readUInt64())))
        }
        let covered = bytes.count - reader.left
        guard try reader.readUInt64() == Checksum.fnv1a(bytes[..<covered]) else { throw .invalid(field: "sum") }
        try reader.finish()
    }
}
