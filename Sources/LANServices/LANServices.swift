package import NetworkTypes
import WireFormat

/// What a gateway is to the LAN that it is bridged into: it answers for remote hosts, and knows the local ones.
///
/// A pure state machine. The driver hands in what comes from the TAP and is not forwarded, what the data plane and the
/// core know, and the time; it carries out the effects after every input, in their order, and asks for `nextWakeup`.
///
/// Nothing of what it hears crosses to another site: ARP, neighbour discovery, router advertisements and DHCP end here.
/// It is silent about local hosts, so that they talk to each other past it.
package struct LANServices: ~Copyable {
    package private(set) var settings: LANServiceSettings
    /// What has been answered, and what was dropped and why.
    package internal(set) var counters = LANCounters()

    var random: SeededRandom
    var table = HostTable()
    var remotes = RemoteHosts()
    var sweep = HostSweep()
    var newcomers = Newcomers()
    var dhcp = DHCPServer()
    var zone: NameZone
    var nameClients = WaitingQuestions<NameClient>()
    var nextRound: Instant
    var registrations = TokenBucket(rate: LANLimits.registrationRate, burst: LANLimits.registrationBurst)
    var answers = TokenBucket(rate: LANLimits.answerRate, burst: LANLimits.answerBurst)
    var echoes = TokenBucket(rate: LANLimits.echoRate, burst: LANLimits.echoRate)
    var errors = TokenBucket(rate: LANLimits.errorRate, burst: LANLimits.errorRate)
    var names = TokenBucket(rate: LANLimits.nameRate, burst: LANLimits.nameBurst)
    var requests = TokenBucket(rate: LANLimits.requestRate, burst: LANLimits.requestBurst)
    var clashes = TokenBucket(rate: 1, burst: 1)

    package init(settings: LANServiceSettings, seed: UInt64, now: Instant) {
        self.settings = settings
        random = SeededRandom(seed: seed)
        nextRound = now
        zone = settings.zone(sites: [])
    }

    /// When `handleTimeout` wants to be called.
    package var nextWakeup: Instant? {
        let pending = dhcp.pending.compactMap(\.deadline).min()
        return [remotes.nextWakeup, pending, nameClients.nextWakeup].compactMap { $0 }.reduce(nextRound, min)
    }

    /// The hosts of this LAN, in the order in which they were found.
    package var hosts: [LANHost] { table.hosts }

    /// The settings are others than before; the bridged subnets, the service's MAC and the site are the same. Hosts
    /// keep what they have.
    package mutating func settingsChanged(_ new: LANServiceSettings) {
        precondition(
            new.prefixes == settings.prefixes && new.serviceMAC == settings.serviceMAC && new.site == settings.site,
            "services of another LAN are made anew")
        zone = new.zone(sites: zone.sites)
        settings = new
        dhcp.isCountDue = true
    }

    /// A frame has come from the TAP that is not forwarded: from the Ethernet header on, with all checksums complete.
    package mutating func receive(
        _ frame: UnsafeRawBufferPointer, now: Instant, effects: inout LANEffects
    ) {
        receive(frame.bytes, now, &effects)
    }

    private mutating func receive(_ frame: RawSpan, _ now: Instant, _ effects: inout LANEffects) {
        do throws(WireError) {
            let header = try EthernetHeader(reading: frame)
            // Own frames come back when a bridge has a loop.
            guard header.source != settings.serviceMAC else { return drop(.ownFrame) }
            let content = frame.extracting(EthernetHeader.byteCount...)
            switch header.content {
            case .arp: receive(try ARPPacket(reading: content), header, now, &effects)
            case .ipv4: try receive(content, .v4, header, now, &effects)
            case .ipv6: try receive(content, .v6, header, now, &effects)
            }
        } catch {
            drop(.malformedFrame)
        }
    }

    private mutating func receive(
        _ packet: RawSpan, _ family: AddressFamily, _ link: EthernetHeader, _ now: Instant, _ effects: inout LANEffects
    ) throws(WireError) {
        let header = try IPHeader(reading: packet, family: family)
        guard !header.isFragment else { return drop(.fragment) }
        let content = packet.extracting(header.content)
        if header.transport == IPHeader.Transport.icmpV6,
            let message = try NeighbourMessage(reading: content, of: header)
        {
            return receive(message, from: header.source, link, now, &effects)
        }
        sourceSeen(header.source, link.source, now: now, effects: &effects)
        let isForService = header.destination == settings.serviceAddress(family)
        if header.transport == IPHeader.Transport.udp, isForService || isBroadcast(header.destination) {
            let datagram = try UDPDatagram(reading: content, of: header)
            let payload = content.extracting(datagram.payload)
            if serve(datagram, payload, header, link, now, &effects) { return }
        }
        guard isForService, link.destination == settings.serviceMAC, header.source.canBeAnswered else {
            return drop(.notForService)
        }
        serve(packet, content, header, link, now, &effects)
    }

    /// Whether packets to `address` are for all hosts of the LAN.
    private func isBroadcast(_ address: IPAddress) -> Bool {
        address == IPAddress(255, 255, 255, 255) || address == settings.prefix(.v4)?.lastAddress
    }

    /// Hands a datagram to the service that it is for. Returns whether there is one.
    private mutating func serve(
        _ datagram: UDPDatagram, _ payload: RawSpan, _ header: IPHeader, _ link: EthernetHeader, _ now: Instant,
        _ effects: inout LANEffects
    ) -> Bool {
        switch datagram.destinationPort {
        case DHCPMessage.serverPort where header.source.family == .v4:
            receiveDHCP(payload, link, now: now, &effects)
            return true
        case NameClient.serverPort
        where settings.answersNames && header.destination == settings.serviceAddress(header.source.family):
            guard header.source.canBeAnswered, datagram.sourcePort != 0 else { return false }
            let source = Endpoint(address: header.source, port: datagram.sourcePort)
            receiveName(payload, from: source, to: header.destination, link, now: now, &effects)
            return true
        default:
            return false
        }
    }

    /// A packet to the service address that is no message to one of its services.
    private mutating func serve(
        _ packet: RawSpan, _ content: RawSpan, _ header: IPHeader, _ link: EthernetHeader, _ now: Instant,
        _ effects: inout LANEffects
    ) {
        switch header.transport {
        case IPHeader.Transport.icmp, IPHeader.Transport.icmpV6:
            guard let reply = ICMPPacket.echoReply(to: content, of: header) else { return drop(.notForService) }
            guard echoes.take(now: now) else { return drop(.paced) }
            counters.echoes += 1
            send(reply, header.source.family, to: link.source, &effects)
        case IPHeader.Transport.udp, IPHeader.Transport.tcp:
            guard errors.take(now: now) else { return drop(.paced) }
            counters.errors += 1
            send(
                ICMPPacket.portUnreachable(about: packet, header), header.source.family, to: link.source, &effects)
        default:
            drop(.notForService)
        }
    }

    // MARK: Time

    /// Something is due: a round of looking after hosts, or a question that nobody has answered.
    package mutating func handleTimeout(now: Instant, effects: inout LANEffects) {
        remotes.handleTimeout(now: now)
        handlePendingClients(now: now, &effects)
        nameClients.handleTimeout(now: now)
        guard nextRound <= now else { return }
        nextRound = now + LANLimits.round
        lookAfterLeases(now: now, &effects)
        lookAfterHosts(now: now, &effects)
    }

    // MARK: Sending

    mutating func drop(_ reason: LANDrop) { counters.drops[reason] += 1 }

    func send(
        _ packet: [UInt8], _ family: AddressFamily, to destination: MACAddress, _ effects: inout LANEffects
    ) {
        let header = EthernetHeader(
            destination: destination, source: settings.serviceMAC, content: family == .v4 ? .ipv4 : .ipv6)
        effects.append(.send(header.frame(packet)))
    }
}

extension IPAddress {
    /// Whether a packet from here may have an answer: it is a station's address.
    var canBeAnswered: Bool { !isUnspecified && !isMulticast && !isLoopback && self != IPAddress(255, 255, 255, 255) }
}
