import NetworkTypes
import WireFormat

/// A DHCP message for an Ethernet interface (RFC 2131 §2).
///
///     | operation 1 | hardware 1 = 1 | its length 1 = 6 | hops 1 | transaction 4 | seconds 2 | flags 2 |
///     | client's address 4 | your address 4 | next server 4 | relay 4 | client's hardware 16 | server name 64 |
///     | file 128 | cookie 4 | options |
struct DHCPMessage: Equatable {
    /// What a message is (option 53).
    enum Kind: UInt8 {
        case discover = 1
        case offer = 2
        case request = 3
        case decline = 4
        case acknowledgement = 5
        case refusal = 6
        case release = 7
        case inform = 8
    }

    /// UDP ports (RFC 2131 §4.1).
    static let serverPort: UInt16 = 67
    static let clientPort: UInt16 = 68
    /// A message has so many bytes at least (RFC 1542 §2.1).
    static let byteCountMinimum = 300
    /// Bytes before the options.
    static let headByteCount = 240
    /// So much every client takes, headers of IP and UDP included (RFC 2131 §2).
    static let packetByteCount = 576

    private static let cookie: UInt32 = 0x6382_5363
    private static let none = IPAddress(v4: 0)

    var isReply: Bool
    var hops: UInt8 = 0
    var transaction: UInt32
    var seconds: UInt16 = 0
    /// The client cannot take frames to its own MAC before it has an address.
    var wantsBroadcast: Bool
    /// What the client has; 0.0.0.0: nothing yet.
    var current = Self.none
    /// What the client is given.
    var given = Self.none
    /// The relay agent that has passed the message on; 0.0.0.0: none.
    var relay = Self.none
    var mac: MACAddress
    var options = DHCPOptions()

    init(isReply: Bool, transaction: UInt32, wantsBroadcast: Bool, mac: MACAddress) {
        self.isReply = isReply
        self.transaction = transaction
        self.wantsBroadcast = wantsBroadcast
        self.mac = mac
    }

    /// Reads the payload of a datagram. Options may go on in the file and server name fields (RFC 2131 §4.1).
    init(reading bytes: RawSpan) throws(WireError) {
        var reader = WireReader(bytes)
        let operation = try reader.readUInt8()
        guard operation == 1 || operation == 2 else {
            throw .unknownValue(field: "operation", value: UInt64(operation))
        }
        isReply = operation == 2
        guard try reader.readUInt8() == 1, try reader.readUInt8() == 6 else { throw .invalid(field: "hardware") }
        hops = try reader.readUInt8()
        transaction = try reader.readUInt32()
        seconds = try reader.readUInt16()
        wantsBroadcast = try reader.readUInt16() >> 15 == 1
        current = try reader.readIPv4()
        given = try reader.readIPv4()
        try reader.skip(4)
        relay = try reader.readIPv4()
        mac = try reader.readMACAddress()
        guard mac.isStation else { throw .invalid(field: "hardware address") }
        try reader.skip(10 + 64 + 128)
        guard try reader.readUInt32() == Self.cookie else { throw .invalid(field: "cookie") }
        try options.read(bytes.extracting(Self.headByteCount...))
        guard let overload = options[.overload] else { return }
        guard overload.count == 1, (1...3).contains(overload[0]) else { throw .invalid(field: "overload") }
        options.remove(.overload)
        if overload[0] & 1 != 0 { try options.read(bytes.extracting(108..<236)) }
        if overload[0] & 2 != 0 { try options.read(bytes.extracting(44..<108)) }
        guard options[.overload] == nil else { throw .invalid(field: "overload") }
    }

    /// The message's bytes, filled up to what the oldest clients want.
    var encoded: [UInt8] {
        var writer = WireWriter(capacity: Self.byteCountMinimum)
        writer.write(UInt8(isReply ? 2 : 1))
        writer.write(UInt8(1))
        writer.write(UInt8(6))
        writer.write(hops)
        writer.write(transaction)
        writer.write(seconds)
        writer.write(UInt16(wantsBroadcast ? 1 << 15 : 0))
        writer.write(bare: current)
        writer.write(bare: given)
        writer.write(bare: Self.none)
        writer.write(bare: relay)
        writer.write(mac)
        writer.write(raw: repeatElement(0, count: 10 + 64 + 128))
        writer.write(Self.cookie)
        writer.write(raw: options.encoded)
        writer.write(raw: repeatElement(0, count: max(0, Self.byteCountMinimum - writer.bytes.count)))
        return writer.bytes
    }
}
