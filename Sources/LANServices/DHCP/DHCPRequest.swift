import NetworkTypes
import WireFormat

/// What a DHCP client wants, checked.
struct DHCPRequest {
    let kind: DHCPMessage.Kind
    let message: DHCPMessage
    let client: DHCPClient
    /// The address that the client would like (option 50).
    let requested: IPAddress?
    /// The server that the client has chosen (option 54).
    let server: IPAddress?
    /// A DNS label, from the name by which the client calls itself (option 12).
    let name: String?
    /// The options that it asks for (option 55).
    let wanted: [UInt8]
    /// The largest IP packet that it takes (option 57).
    let packetByteCount: Int
    let vendorClass: [UInt8]?

    /// Relay agents between a client and here; RFC 1542 §4.1.1 has relays drop more.
    private static let hopLimit = 16
    /// A client identifier fills one option at most.
    private static let identifierByteCount = 1...255

    var mac: MACAddress { message.mac }
    /// The relay agent that has passed it on.
    var relay: IPAddress? { message.relay.isUnspecified ? nil : message.relay }

    /// Reads the payload of a datagram to the server's port. What is wrong with it says why it is dropped.
    init(reading bytes: RawSpan, settings: LANServiceSettings) throws(LANDrop) {
        guard let message = try? DHCPMessage(reading: bytes), !message.isReply else { throw .dhcpMalformed }
        self.message = message
        let options = message.options
        guard let number = try options.number(.messageType, byteCount: 1) else { throw .dhcpMalformed }
        guard let kind = UInt8(exactly: number).flatMap(DHCPMessage.Kind.init(rawValue:)), kind.isClients else {
            throw .dhcpMalformed
        }
        self.kind = kind
        if message.hops > Self.hopLimit { throw .dhcpRelayLoop }
        // The server is where relayed messages end: none may come back as if it had relayed them.
        if message.relay == settings.serviceAddress(.v4) { throw .dhcpRelayLoop }
        if !message.relay.isUnspecified, !settings.isHostAddress(message.relay) { throw .dhcpForeignRelay }
        requested = try options.address(.requestedAddress)
        server = try options.address(.serverIdentifier)
        let size = try options.number(.maximumSize, byteCount: 2)
        packetByteCount = max(DHCPMessage.packetByteCount, size ?? 0)
        wanted = options[.parameterList] ?? []
        vendorClass = options[.vendorClass]
        name = options[.hostName].flatMap(HostLabel.label(from:))
        let identifier = options[.clientIdentifier]
        if let identifier, !Self.identifierByteCount.contains(identifier.count) { throw .dhcpOptionLength }
        client = DHCPClient(identifier: identifier, mac: message.mac)
    }

    func wants(_ option: DHCPOption) -> Bool { wanted.contains(option.rawValue) }
}

/// By what a server knows a client (RFC 2131 §4.2): its identifier, or else its hardware's address.
struct DHCPClient: Hashable {
    let bytes: [UInt8]

    init(identifier: [UInt8]?, mac: MACAddress) {
        // As an identifier would be written that is the hardware's type and address (RFC 2132 §9.14).
        bytes = identifier ?? [1] + mac.bytes
    }

    init(bytes: [UInt8]) { self.bytes = bytes }
}

extension DHCPMessage.Kind {
    /// Whether clients send it.
    fileprivate var isClients: Bool {
        switch self {
        case .discover, .request, .decline, .release, .inform: true
        case .offer, .acknowledgement, .refusal: false
        }
    }
}
