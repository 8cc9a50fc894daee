package import NetworkTypes
package import WireFormat

/// What a router answers. Everything in it is the word of whoever has the router's address: it is used for nothing but
/// telling others where to try.
package enum PortMappingAnswer: Equatable, Sendable {
    /// To a MAP request of PCP (RFC 6887 §11.1); `result` 0 is success, and the lifetime of a failure says how long it
    /// will last.
    case portControlMap(
        result: UInt8, lifetimeSeconds: UInt32, epoch: UInt32, nonce: MappingNonce, transport: UInt8, port: UInt16,
        external: Endpoint)
    /// PCP, but nothing of this version or operation (RFC 6887 §7.2, §9).
    case portControlFailure(result: UInt8, lifetimeSeconds: UInt32)
    /// The public address by NAT-PMP (RFC 6886 §3.2).
    case natPMPAddress(result: UInt16, epoch: UInt32, address: IPAddress)
    /// A mapping by NAT-PMP (RFC 6886 §3.3).
    case natPMPMap(
        result: UInt16, epoch: UInt32, transport: MappedTransport, port: UInt16, externalPort: UInt16,
        lifetimeSeconds: UInt32)
    /// What NAT-PMP says to requests that it does not know, those of PCP among them (RFC 6886 §3.5).
    case natPMPFailure(result: UInt16)

    /// Reads a datagram; options of PCP behind the answer are passed over.
    package init(reading bytes: RawSpan) throws(WireError) {
        var reader = WireReader(bytes)
        let version = try reader.readUInt8()
        let operation = try reader.readUInt8()
        guard operation >= 128 else { throw .invalid(field: "operation") }
        switch version {
        case 0: self = try Self.readNATPMP(operation: operation & 127, &reader)
        default: self = try Self.readPortControl(version: version, operation: operation & 127, &reader)
        }
    }

    private static func readPortControl(
        version: UInt8, operation: UInt8, _ reader: inout WireReader
    ) throws(WireError) -> PortMappingAnswer {
        try reader.skip(1)
        let result = try reader.readUInt8()
        let lifetime = try reader.readUInt32()
        let epoch = try reader.readUInt32()
        try reader.skip(12)
        guard version == 2, operation == 1, reader.left > 0 else {
            guard result != 0 else { throw .unknownValue(field: "version and operation", value: UInt64(version)) }
            return .portControlFailure(result: result, lifetimeSeconds: lifetime)
        }
        let high = try reader.readUInt32()
        let nonce = MappingNonce(high: high, low: try reader.readUInt64())
        let transport = try reader.readUInt8()
        try reader.skip(3)
        let port = try reader.readUInt16()
        let externalPort = try reader.readUInt16()
        let externalHigh = try reader.readUInt64()
        let external = IPAddress(v6High: externalHigh, low: try reader.readUInt64()).canonical
        return .portControlMap(
            result: result, lifetimeSeconds: lifetime, epoch: epoch, nonce: nonce, transport: transport, port: port,
            external: Endpoint(address: external, port: externalPort))
    }

    private static func readNATPMP(
        operation: UInt8, _ reader: inout WireReader
    ) throws(WireError) -> PortMappingAnswer {
        let result = try reader.readUInt16()
        let epoch = reader.left >= 4 ? try reader.readUInt32() : 0
        switch operation {
        case 0 where reader.left > 0 || result == 0:
            return .natPMPAddress(result: result, epoch: epoch, address: IPAddress(v4: try reader.readUInt32()))
        case 1 where reader.left > 0 || result == 0, 2 where reader.left > 0 || result == 0:
            let port = try reader.readUInt16()
            let externalPort = try reader.readUInt16()
            return .natPMPMap(
                result: result, epoch: epoch, transport: operation == 1 ? .udp : .tcp, port: port,
                externalPort: externalPort, lifetimeSeconds: try reader.readUInt32())
        default:
            guard result != 0 else { throw .unknownValue(field: "operation", value: UInt64(operation)) }
            return .natPMPFailure(result: result)
        }
    }
}
