import NetworkTypes
import WireFormat

/// An ARP packet for IPv4 over Ethernet (RFC 826).
///
///     | hardware 2 = 1 | protocol 2 = 0800 | lengths 1 = 6, 1 = 4 | operation 2 | sender 6, 4 | target 6, 4 |
struct ARPPacket: Equatable {
    enum Operation: UInt16 {
        case request = 1
        case reply = 2
    }

    static let byteCount = 28

    let operation: Operation
    let senderMAC: MACAddress
    let sender: IPAddress
    let targetMAC: MACAddress
    let target: IPAddress

    init(
        operation: Operation, senderMAC: MACAddress, sender: IPAddress, targetMAC: MACAddress, target: IPAddress
    ) {
        self.operation = operation
        self.senderMAC = senderMAC
        self.sender = sender
        self.targetMAC = targetMAC
        self.target = target
    }

    /// A question whether anybody has an address, by somebody who has none yet (RFC 5227 §1.1).
    var isProbe: Bool { operation == .request && sender.isUnspecified && !target.isUnspecified }

    /// Somebody's word that it has an address (RFC 5227 §1.1).
    var isAnnouncement: Bool { sender == target && !sender.isUnspecified }

    /// Reads a packet; what follows it is the frame's filling.
    init(reading bytes: RawSpan) throws(WireError) {
        var reader = WireReader(bytes)
        guard try reader.readUInt16() == 1, try reader.readUInt16() == EthernetHeader.Content.ipv4.rawValue,
            try reader.readUInt8() == 6, try reader.readUInt8() == 4
        else { throw .invalid(field: "kind") }
        let number = try reader.readUInt16()
        guard let operation = Operation(rawValue: number) else {
            throw .unknownValue(field: "operation", value: UInt64(number))
        }
        self.operation = operation
        senderMAC = try reader.readMACAddress()
        sender = try reader.readIPv4()
        targetMAC = try reader.readMACAddress()
        target = try reader.readIPv4()
    }

    /// The packet's bytes.
    var encoded: [UInt8] {
        var writer = WireWriter(capacity: Self.byteCount)
        writer.write(UInt16(1))
        writer.write(EthernetHeader.Content.ipv4.rawValue)
        writer.write(UInt8(6))
        writer.write(UInt8(4))
        writer.write(operation.rawValue)
        writer.write(senderMAC)
        writer.write(bare: sender)
        writer.write(targetMAC)
        writer.write(bare: target)
        return writer.bytes
    }

    /// The packet in a frame to `destination`, from its sender.
    func frame(to destination: MACAddress) -> [UInt8] {
        EthernetHeader(destination: destination, source: senderMAC, content: .arp).frame(encoded)
    }
}
