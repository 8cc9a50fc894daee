package import NetworkTypes
import WireFormat

/// Proves that a mapping is the asker's own when it is renewed (RFC 6887 §11.2): 96 bits that nobody can guess.
package struct MappingNonce: Equatable, Sendable {
    package let high: UInt32
    package let low: UInt64

    package init(high: UInt32, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// What a router is asked.
package enum PortMappingRequest: Equatable, Sendable {
    /// A mapping by PCP: opcode MAP (RFC 6887 §11.1). Lifetime 0 deletes it. `suggested` is the endpoint of before.
    case portControlMap(
        client: IPAddress, nonce: MappingNonce, transport: MappedTransport, port: UInt16, suggested: Endpoint,
        lifetimeSeconds: UInt32)
    /// The public address by NAT-PMP (RFC 6886 §3.2).
    case natPMPAddress
    /// A mapping by NAT-PMP (RFC 6886 §3.3). Lifetime 0 deletes it.
    case natPMPMap(transport: MappedTransport, port: UInt16, suggestedPort: UInt16, lifetimeSeconds: UInt32)

    /// The datagram.
    package var encoded: [UInt8] {
        var writer = WireWriter(capacity: 60)
        switch self {
        case .portControlMap(let client, let nonce, let transport, let port, let suggested, let lifetime):
            writer.write(UInt8(2))
            writer.write(UInt8(1))
            writer.write(UInt16(0))
            writer.write(lifetime)
            writer.write(mapped: client)
            writer.write(nonce.high)
            writer.write(nonce.low)
            writer.write(transport.rawValue)
            writer.write(raw: [0, 0, 0])
            writer.write(port)
            writer.write(suggested.port)
            writer.write(mapped: suggested.address)
        case .natPMPAddress:
            writer.write(UInt16(0))
        case .natPMPMap(let transport, let port, let suggestedPort, let lifetime):
            writer.write(UInt8(0))
            writer.write(UInt8(transport == .udp ? 1 : 2))
            writer.write(UInt16(0))
            writer.write(port)
            writer.write(suggestedPort)
            writer.write(lifetime)
        }
        return writer.bytes
    }
}

extension WireWriter {
    /// An address as PCP has it: 16 bytes, v4 mapped into v6 (RFC 6887 §5).
    fileprivate mutating func write(mapped address: IPAddress) {
        write(address.family == .v4 ? 0 : address.high)
        write(address.family == .v4 ? 0xffff_0000_0000 | address.low : address.low)
    }
}
