package import NetworkTypes
import WireFormat

// Bridged subnets: where their hosts are is known host by host, and on a bridged LAN the hosts' own frames come to the
// TAP.
extension ForwardingPlane {
    /// Replaces the bridged subnets: that of this LAN, if it is bridged, and those that only other sites bridge into.
    /// `sink` hears of their hosts. Hosts that are known stay known.
    package func setBridgedSubnets(own lan: BridgedLAN?, remote: [IPPrefix], sink: (any HostSink)?) {
        hosts.pointee.setRanges(own: lan, remote: remote)
        hostSink = sink
        errors.answersStations = lan != nil
    }

    /// Notes that a host is on this LAN, at an Ethernet address. `false` when there are too many hosts.
    @discardableResult
    package func setHost(_ address: IPAddress, station: MACAddress) -> Bool {
        place(HostKey(address), .station(station))
    }

    /// Notes that a host is behind a peer. `false` when there are too many hosts.
    @discardableResult
    package func setHost(_ address: IPAddress, behind node: NodeAddress) -> Bool {
        let peer = peers.pointee.lodge(at: node)
        let isTaken = place(HostKey(address), .peer(peer))
        if !isTaken { peers.pointee.leave(peer) }
        return isTaken
    }

    /// Forgets a host that is on that side; one that has come to the other meanwhile stays known.
    package func removeHost(_ address: IPAddress, of side: HostSide) {
        let key = HostKey(address)
        switch (hosts.pointee.table.find(key), side) {
        case (.station, .thisLAN), (.peer, .peers): moveOut(hosts.pointee.table.remove(key))
        case (.station, .peers), (.peer, .thisLAN), (nil, _): return
        }
    }

    /// It was found out that a host is nowhere: what waits for it is given up, and its senders are told.
    package func giveUpHost(_ address: IPAddress) {
        giveUpWaiting(HostKey(address))
    }

    /// Writes an Ethernet frame of the gateway itself to the TAP, of at most `ForwardingLimits.gatewayFrameByteCount`
    /// bytes.
    package func writeFrame(_ frame: UnsafeRawBufferPointer) {
        guard frame.count <= ForwardingLimits.gatewayFrameByteCount else { return }
        writer.write(whole: frame, through: gatewayFrame)
    }

    /// Forgets every host behind a peer.
    func removeHosts(behind peer: PeerTable.Record) {
        guard peer.pointee.hostCount > 0 else { return }
        for key in hosts.pointee.table.hosts(behind: peer) { moveOut(hosts.pointee.table.remove(key)) }
    }

    private func place(_ key: HostKey, _ place: HostTable.Place) -> Bool {
        let (isTaken, old) = hosts.pointee.table.insert(key, place)
        moveOut(old)
        if isTaken { releaseWaiting(key) }
        return isTaken
    }

    private func moveOut(_ place: HostTable.Place?) {
        if case .peer(let peer)? = place { peers.pointee.leave(peer) }
    }
}

// MARK: - From the LAN

extension ForwardingPlane {
    /// Whether a frame of the bridged LAN is for the gateway to forward. What stations send to each other is left
    /// alone; ARP and what goes to all stations is for the gateway itself.
    func isForForwarding(_ frame: UnsafeMutableRawPointer, _ byteCount: Int) -> Bool {
        let ethernet = UnsafeRawPointer(frame) + FrameLayout.ethernetOffset
        let station = ethernet.destinationStation
        guard station.isGroup || station == .virtualNextHop else {
            tally.current.framesIgnored &+= 1
            reportStray(ethernet, byteCount - FrameLayout.ethernetOffset)
            return false
        }
        let kind = ethernet.word(FrameLayout.ethernetByteCount - 2)
        guard station.isGroup || kind == FrameLayout.arp else { return true }
        switch kind {
        case FrameLayout.arp: take(frame, byteCount)
        case FrameLayout.ipv4, FrameLayout.ipv6: takePacket(frame, byteCount, toAll: true)
        default: tally.current.framesIgnored &+= 1
        }
        return false
    }

    /// Tells of a frame between two stations that cannot arrive: its packet is for a host that is not on this LAN.
    private func reportStray(_ ethernet: UnsafeRawPointer, _ byteCount: Int) {
        let kind = ethernet.word(FrameLayout.ethernetByteCount - 2)
        let isV6 = kind == FrameLayout.ipv6
        guard isV6 || kind == FrameLayout.ipv4, byteCount >= FrameLayout.ethernetByteCount + (isV6 ? 40 : 20) else {
            return
        }
        let packet = ethernet + FrameLayout.ethernetByteCount
        let (source, destination) = isV6 ? (packet + 8, packet + 24) : (packet + 12, packet + 16)
        guard hosts.pointee.range(of: source, isV6: isV6) == HostDirectory.own,
            hosts.pointee.range(of: destination, isV6: isV6) == HostDirectory.own
        else { return }
        let key = HostKey(at: destination, isV6: isV6)
        if case .station? = hosts.pointee.table.find(key) { return }
        guard strayReports.take(now: now) else { return }
        hostSink?.frameStrayed(
            from: HostKey(at: source, isV6: isV6).address, ethernet.sourceStation, to: key.address)
    }

    /// The exported subnet that a packet comes from which a station has sent to the gateway; `plain` when its source is
    /// a host of this LAN that is known at this very station. What is neither, or for the gateway itself, does not go
    /// on: `nothing`.
    func exportOfStation(_ frame: UnsafeMutableRawPointer, _ byteCount: Int, _ packet: InnerPacket) -> Int32 {
        let bytes = UnsafeRawPointer(frame + FrameLayout.packetOffset)
        let (source, destination) = packet.isV6 ? (bytes + 8, bytes + 24) : (bytes + 12, bytes + 16)
        let isLinkLocal = packet.isV6 && destination.word(0) & 0xffc0 == 0xfe80
        if isLinkLocal || packet.isNeighbourDiscovery(bytes)
            || hosts.pointee.isService(HostKey(at: destination, isV6: packet.isV6))
        {
            takePacket(frame, byteCount, toAll: false)
            return ExportTable.nothing
        }
        guard hosts.pointee.range(of: source, isV6: packet.isV6) == HostDirectory.own else {
            let export = exports.pointee.subnet(of: source, isV6: packet.isV6)
            if export < 0 { tally.drop(.sourceNotExported) }
            return export
        }
        if packet.isDHCP(bytes) {
            takePacket(frame, byteCount, toAll: false)
            return ExportTable.nothing
        }
        let sender = (bytes - FrameLayout.ethernetByteCount).sourceStation
        if case .station(sender)? = hosts.pointee.table.find(HostKey(at: source, isV6: packet.isV6)) {
            return ExportTable.plain
        }
        // Nobody has told where this host is: it may be new here, or another host's address may be forged.
        tally.drop(.unknownHost)
        takePacket(frame, byteCount, toAll: false)
        return ExportTable.nothing
    }

    /// Forwards a packet to a host of a bridged subnet.
    func forwardToHost(
        _ frame: UnsafeMutableRawPointer, _ byteCount: Int, _ packet: InnerPacket, _ export: Int32
    ) {
        let bytes = UnsafeRawPointer(frame + FrameLayout.packetOffset)
        guard !packet.isNeighbourDiscovery(bytes), !packet.isDHCP(bytes) else { return tally.drop(.lanProtocol) }
        let key = HostKey(at: bytes + (packet.isV6 ? 24 : 16), isV6: packet.isV6)
        switch hosts.pointee.table.find(key) {
        case .peer(let peer): send(frame, byteCount, packet, export, to: peer)
        case .station(let station): turnBack(frame, packet, to: station)
        case nil: hold(UnsafeRawBufferPointer(start: frame, count: byteCount), for: key)
        }
    }

    /// Sends a packet back into the LAN that it came from: the gateway is a router between the hosts of the bridged
    /// subnet and the kernel's other subnets.
    func turnBack(_ frame: UnsafeMutableRawPointer, _ packet: InnerPacket, to station: MACAddress) {
        guard countHop(frame + FrameLayout.packetOffset, packet) else { return }
        writer.write(
            frame, packetByteCount: packet.byteCount, isV6: packet.isV6, offload: VirtioNetHeader(reading: frame),
            to: station)
    }

    /// Whether the gateway is a router for the packet: it leaves this LAN's bridged subnet. Within the subnet hosts are
    /// on one link, wherever they are, and for all others the kernel is the router.
    func isRoutedHere(_ bytes: UnsafeRawPointer, _ packet: InnerPacket) -> Bool {
        let (source, destination) = packet.isV6 ? (bytes + 8, bytes + 24) : (bytes + 12, bytes + 16)
        return hosts.pointee.range(of: source, isV6: packet.isV6) == HostDirectory.own
            && hosts.pointee.range(of: destination, isV6: packet.isV6) != HostDirectory.own
    }

    /// Takes one from the packet's time to live; `false`, and its sender is told, when there is nothing left.
    func countHop(_ bytes: UnsafeMutableRawPointer, _ packet: InnerPacket) -> Bool {
        let offset = packet.isV6 ? 7 : 8
        let left = UnsafeRawPointer(bytes).byte(offset)
        guard left > 1 else {
            errors.send(.lifetimeExceeded, about: packet, bytes, now: now)
            tally.drop(.lifetimeExceeded)
            return false
        }
        let old = UnsafeRawPointer(bytes).word(8)
        bytes.setByte(left - 1, offset)
        if !packet.isV6 {
            let checksum = UnsafeRawPointer(bytes).word(10)
            bytes.setWord(InternetChecksum.updated(checksum, from: old, to: old &- 0x100), 10)
        }
        return true
    }

    /// Hands a packet to the gateway itself, with its checksums complete. Of what goes to all stations only that which
    /// may come from a host of the bridged subnet, or from one that has no address yet.
    private func takePacket(_ frame: UnsafeMutableRawPointer, _ byteCount: Int, toAll: Bool) {
        let bytes = frame + FrameLayout.packetOffset
        guard let packet = InnerPacket(bytes, available: byteCount - FrameLayout.packetOffset) else {
            return tally.drop(.malformedFrame)
        }
        if toAll, !mayBeHost(UnsafeRawPointer(bytes) + (packet.isV6 ? 8 : 12), packet) {
            tally.current.framesIgnored &+= 1
            return
        }
        let offload = VirtioNetHeader(reading: frame)
        guard offload.kind == VirtioNetHeader.single else { return tally.drop(.tooLarge) }
        if offload.flags & VirtioNetHeader.needsChecksum != 0 {
            let start = Int(offload.checksumStart) - FrameLayout.ethernetByteCount
            guard finishChecksum(bytes, packet, start: start, offset: Int(offload.checksumOffset)) else {
                return tally.drop(.malformedFrame)
            }
        }
        take(frame, byteCount)
    }

    /// Whether the source is in this LAN's bridged subnet, link-local, or none at all.
    private func mayBeHost(_ source: UnsafeRawPointer, _ packet: InnerPacket) -> Bool {
        if hosts.pointee.range(of: source, isV6: packet.isV6) == HostDirectory.own { return true }
        return packet.isV6
            ? source.word(0) & 0xffc0 == 0xfe80 || source.wide(0) == 0 : source.doubleWord(0) == 0
    }

    private func take(_ frame: UnsafeRawPointer, _ byteCount: Int) {
        let count = byteCount - FrameLayout.ethernetOffset
        guard count <= ForwardingLimits.gatewayFrameByteCount else { return tally.drop(.tooLarge) }
        tally.current.framesTaken &+= 1
        hostSink?.receivedFrame(UnsafeRawBufferPointer(start: frame + FrameLayout.ethernetOffset, count: count))
    }
}

// MARK: - From peers

extension ForwardingPlane {
    /// `receiver` where there are bridged subnets: an address in one of them is a peer's, or a station's, only if the
    /// host is known there.
    func receiverAmongHosts(
        of packet: InnerPacket, _ bytes: UnsafeRawPointer, from peer: PeerTable.Record
    ) -> Receiver? {
        let (source, destination) = packet.isV6 ? (bytes + 8, bytes + 24) : (bytes + 12, bytes + 16)
        let sourceRange = hosts.pointee.range(of: source, isV6: packet.isV6)
        let destinationRange = hosts.pointee.range(of: destination, isV6: packet.isV6)
        if sourceRange >= 0 {
            guard isHost(HostKey(at: source, isV6: packet.isV6), behind: peer) else { return refuseSource(peer) }
        } else {
            guard isRouted(packet, bytes, from: peer) else { return refuseSource(peer) }
        }
        guard destinationRange >= 0 || sourceRange >= 0 else {
            return exportReceiver(of: packet, bytes, from: peer)
        }
        guard !packet.isNeighbourDiscovery(bytes), !packet.isDHCP(bytes) else {
            tally.drop(.lanProtocol)
            return nil
        }
        switch destinationRange {
        case HostDirectory.own:
            let key = HostKey(at: destination, isV6: packet.isV6)
            guard case .station(let station)? = hosts.pointee.table.find(key) else {
                peer.pointee.counters.destinationDrops &+= 1
                tally.drop(.unknownHost)
                return nil
            }
            return Receiver(station: station)
        case HostDirectory.remote:
            return refuseDestination(peer)
        default:
            return exportReceiver(of: packet, bytes, from: peer)
        }
    }

    /// Whether a host is known behind the peer. One that is not known at all is asked for: it may have come to the peer
    /// a moment ago.
    private func isHost(_ key: HostKey, behind peer: PeerTable.Record) -> Bool {
        switch hosts.pointee.table.find(key) {
        case .peer(peer): return true
        case .peer, .station: return false
        case nil:
            if sourceQuestions.take(now: now) { hostSink?.needsHost(key.address) }
            return false
        }
    }
}
