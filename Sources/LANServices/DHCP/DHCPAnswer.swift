import NetworkTypes
import WireFormat

/// What the server answers: messages, and where they go.
enum DHCPAnswer {
    /// An OFFER or ACK with an address, or the ACK to an INFORM, which has none.
    static func message(
        _ kind: DHCPMessage.Kind, to request: DHCPRequest, address: IPAddress?, leaseSeconds: UInt32,
        settings: LANServiceSettings
    ) -> DHCPMessage {
        var reply = head(kind, to: request, settings: settings)
        reply.current = kind == .acknowledgement ? request.message.current : IPAddress(v4: 0)
        if let address {
            reply.given = address
            reply.options.append(.leaseTime, leaseSeconds)
            reply.options.append(.renewalTime, leaseSeconds / 2)
            reply.options.append(.rebindingTime, leaseSeconds - leaseSeconds / 8)
        }
        if let prefix = settings.prefix(.v4) {
            // The mask stands before the routers (RFC 2132 §3.3).
            reply.options.append(.subnetMask, mask(of: prefix))
            reply.options.append(.routers, settings.routers)
            reply.options.append(.broadcastAddress, [prefix.lastAddress])
        }
        let nameServer = settings.answersNames ? settings.serviceAddress(.v4) : nil
        reply.options.append(.nameServers, nameServer.map { [$0] } ?? [])
        reply.options.append(.domainName, Array(settings.domain.utf8))
        let mtu = UInt16(clamping: settings.mtu)
        reply.options.append(.interfaceMTU, [UInt8(mtu >> 8), UInt8(mtu & 255)])
        let limit = min(request.packetByteCount, settings.mtu) - 28
        fit(&reply, limit: limit - relayByteCount(request))
        appendRoutes(to: &reply, for: request, settings: settings, limit: limit - relayByteCount(request))
        appendRelayInformation(to: &reply, of: request)
        return reply
    }

    /// A NAK: the client may not have the address that it wants.
    static func refusal(of request: DHCPRequest, settings: LANServiceSettings) -> DHCPMessage {
        var reply = head(.refusal, to: request, settings: settings)
        // Behind a relay agent it must be told to reach the client by broadcast (RFC 2131 §4.3.2).
        reply.wantsBroadcast = reply.wantsBroadcast || request.relay != nil
        appendRelayInformation(to: &reply, of: request)
        return reply
    }

    /// A frame with the message, to where RFC 2131 §4.1 has it go. `link` is where the request came from.
    static func frame(
        _ reply: DHCPMessage, to request: DHCPRequest, at link: MACAddress, settings: LANServiceSettings
    ) -> [UInt8] {
        let service = settings.serviceAddress(.v4) ?? IPAddress(v4: 0)
        let isRefusal = reply.options[.messageType] == [DHCPMessage.Kind.refusal.rawValue]
        let everybody = IPAddress(255, 255, 255, 255)
        let target: (MACAddress, Endpoint)
        if let relay = request.relay {
            target = (link, Endpoint(address: relay, port: DHCPMessage.serverPort))
        } else if isRefusal {
            target = (.broadcast, Endpoint(address: everybody, port: DHCPMessage.clientPort))
        } else if !request.message.current.isUnspecified {
            target = (request.mac, Endpoint(address: request.message.current, port: DHCPMessage.clientPort))
        } else if request.message.wantsBroadcast || reply.given.isUnspecified {
            target = (.broadcast, Endpoint(address: everybody, port: DHCPMessage.clientPort))
        } else {
            target = (request.mac, Endpoint(address: reply.given, port: DHCPMessage.clientPort))
        }
        let packet = UDPDatagram.packet(
            from: Endpoint(address: service, port: DHCPMessage.serverPort), to: target.1, payload: reply.encoded)
        return EthernetHeader(destination: target.0, source: settings.serviceMAC, content: .ipv4).frame(packet)
    }

    private static func head(
        _ kind: DHCPMessage.Kind, to request: DHCPRequest, settings: LANServiceSettings
    ) -> DHCPMessage {
        var reply = DHCPMessage(
            isReply: true, transaction: request.message.transaction, wantsBroadcast: request.message.wantsBroadcast,
            mac: request.mac)
        reply.relay = request.message.relay
        reply.options.append(.messageType, [kind.rawValue])
        reply.options.append(.serverIdentifier, settings.serviceAddress(.v4).map { [$0] } ?? [])
        // RFC 6842 §3.
        if let identifier = request.message.options[.clientIdentifier] {
            reply.options.append(.clientIdentifier, identifier)
        }
        return reply
    }

    private static func mask(of prefix: IPPrefix) -> [UInt8] {
        IPPrefix(containing: IPAddress(255, 255, 255, 255), length: prefix.length).address.bytes
    }

    /// Leaves out what a client can do without, until the message fits.
    private static func fit(_ reply: inout DHCPMessage, limit: Int) {
        for option in [DHCPOption.domainName, .broadcastAddress, .clientIdentifier, .interfaceMTU] {
            if byteCount(reply) <= limit { return }
            reply.options.remove(option)
        }
    }

    /// The service's address leads to the other sites' prefixes. A client that takes these takes no routers, so they
    /// are said again as the way to everything else (RFC 3442).
    private static func appendRoutes(
        to reply: inout DHCPMessage, for request: DHCPRequest, settings: LANServiceSettings, limit: Int
    ) {
        guard request.wants(.classlessRoutes), let service = settings.serviceAddress(.v4), !settings.routes.isEmpty
        else { return }
        var bytes: [UInt8] = []
        if let router = settings.routers.first {
            let everything = IPPrefix(containing: IPAddress(v4: 0), length: 0)
            bytes = ClasslessRoutes.encode([everything], router: router, limit: 5)
        }
        // Each piece of 255 bytes has a head of two.
        let room = (limit - byteCount(reply)) * 255 / 257 - 2 - bytes.count
        bytes += ClasslessRoutes.encode(settings.routes, router: service, limit: room)
        if room > 0, !bytes.isEmpty { reply.options.append(.classlessRoutes, bytes) }
    }

    /// What a relay agent has added goes back to it, at the end (RFC 3046 §2.2).
    private static func appendRelayInformation(to reply: inout DHCPMessage, of request: DHCPRequest) {
        guard request.relay != nil, let information = request.message.options[.relayInformation] else { return }
        reply.options.append(.relayInformation, information)
    }

    private static func relayByteCount(_ request: DHCPRequest) -> Int {
        guard request.relay != nil, let bytes = request.message.options[.relayInformation] else { return 0 }
        return bytes.count + 2 * (bytes.count / 255 + 1)
    }

    private static func byteCount(_ reply: DHCPMessage) -> Int {
        DHCPMessage.headByteCount + reply.options.encoded.count
    }
}
