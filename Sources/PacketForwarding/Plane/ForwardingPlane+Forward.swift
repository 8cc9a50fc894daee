import LinkSecurity
import NetworkTypes
import WireFormat

extension ForwardingPlane {
    /// Forwards one read of the TAP: virtio_net_hdr, Ethernet header, IP packet. The frame is modified in place. What
    /// fits a train may be held back until `flush`.
    package func forwardFrame(_ frame: UnsafeMutableRawBufferPointer) {
        tally.current.framesRead &+= 1
        guard let base = frame.baseAddress, frame.count >= FrameLayout.packetOffset,
            frame.count <= Self.frameByteCountLimit
        else { return tally.drop(.malformedFrame) }
        forward(base, frame.count)
    }

    /// Forwards a frame that was counted before.
    func forward(_ frame: UnsafeMutableRawPointer, _ byteCount: Int) {
        let isBridged = hosts.pointee.isBridged
        if isBridged, !isForForwarding(frame, byteCount) { return }
        let bytes = frame + FrameLayout.packetOffset
        let kind = UnsafeRawPointer(frame).word(FrameLayout.packetOffset - 2)
        guard kind == FrameLayout.ipv4 || kind == FrameLayout.ipv6 else { return tally.drop(.notIP) }
        guard let packet = InnerPacket(bytes, available: byteCount - FrameLayout.packetOffset),
            packet.isV6 == (kind == FrameLayout.ipv6)
        else { return tally.drop(.malformedFrame) }
        let (source, destination) = packet.isV6 ? (bytes + 8, bytes + 24) : (bytes + 12, bytes + 16)
        let export =
            isBridged
            ? exportOfStation(frame, byteCount, packet) : exports.pointee.subnet(of: source, isV6: packet.isV6)
        guard export >= 0 else {
            if !isBridged { tally.drop(.sourceNotExported) }
            return
        }
        let isUnicast =
            packet.isV6
            ? ErrorMessages.isUnicastV6(destination)
            : ErrorMessages.isUnicastV4(UnsafeRawPointer(destination).doubleWord(0))
        guard isUnicast else { return tally.drop(.notUnicast) }
        if hosts.pointee.hasRanges, hosts.pointee.range(of: destination, isV6: packet.isV6) >= 0 {
            return forwardToHost(frame, byteCount, packet, export)
        }
        let way = peers.pointee.firstWay(to: destination, isV6: packet.isV6)
        guard way >= 0 else {
            if isBridged, exports.pointee.subnet(of: destination, isV6: packet.isV6) >= 0 {
                return turnBack(frame, packet, to: .overlayDevice)
            }
            errors.send(.noRoute, about: packet, bytes, now: now)
            return tally.drop(.noRoute)
        }
        send(frame, byteCount, packet, export, to: peers.pointee.choose(way))
    }

    /// Sends a packet to a peer, or keeps it until the peer can be reached.
    func send(
        _ frame: UnsafeMutableRawPointer, _ byteCount: Int, _ packet: InnerPacket, _ export: Int32,
        to peer: PeerTable.Record
    ) {
        guard peer.pointee.isUsable, let active = peer.pointee.active else {
            return hold(UnsafeRawBufferPointer(start: frame, count: byteCount), packet, for: peer)
        }
        let bytes = frame + FrameLayout.packetOffset
        // Not before it is sent for certain: a packet that has waited comes here again.
        if hosts.pointee.isBridged, isRoutedHere(bytes, packet), !countHop(bytes, packet) { return }
        let offload = VirtioNetHeader(reading: frame)
        let generation = active.pointee.generation
        if offload.kind == VirtioNetHeader.single {
            sendPacket(bytes, packet, offload, export, to: peer, generation)
        } else {
            sendSuperPacket(bytes, packet, offload, export, to: peer, generation)
        }
    }

    /// Sends a packet that is one packet for the kernel too.
    private func sendPacket(
        _ bytes: UnsafeMutableRawPointer, _ packet: InnerPacket, _ offload: VirtioNetHeader, _ export: Int32,
        to peer: PeerTable.Record, _ generation: KeyGeneration
    ) {
        guard let endpoint = peer.pointee.endpoint else { return tally.drop(.noPath) }
        var flags = SealedFlags(rawValue: 0)
        if offload.flags & VirtioNetHeader.needsChecksum != 0 {
            let start = Int(offload.checksumStart) - FrameLayout.ethernetByteCount
            let offset = Int(offload.checksumOffset)
            if packet.canDeferChecksum, start == packet.transportOffset, offset == packet.checksumOffset {
                flags.insert(.partialChecksum)
            } else {
                guard finishChecksum(bytes, packet, start: start, offset: offset) else {
                    return tally.drop(.malformedFrame)
                }
            }
        } else if offload.flags & VirtioNetHeader.dataValid != 0 {
            flags.insert(.validChecksum)
        }
        let payload = peer.pointee.payloadByteCount
        clampSegmentSize(bytes, packet, payloadByteCount: payload, isPartial: flags.contains(.partialChecksum))
        let byteCount = packet.byteCount
        // The sender is told of the packet as it knows it.
        if byteCount > payload { signalTooBig(bytes, packet, byteCount: byteCount, payloadByteCount: payload) }
        mapOut(bytes, packet, export, isPartial: flags.contains(.partialChecksum))

        train.begin(to: endpoint, trafficClass: packet.trafficClass(bytes))
        let isSent: Bool
        if byteCount <= payload {
            isSent = seal(.packet, flags, bytes, byteCount, generation, generation.sealing, into: train)
        } else {
            tally.current.packetsSliced &+= 1
            isSent = sealSlices(
                flags, bytes, byteCount, limit: payload, generation, generation.sealing, into: train)
        }
        guard isSent else { return tally.drop(.tooLarge) }
        count(sent: 1, byteCount: byteCount, peer)
    }

    /// Cuts a super-packet into segments, writes each one's header in front of its payload, where the payload before
    /// was sealed already, and seals it.
    private func sendSuperPacket(
        _ bytes: UnsafeMutableRawPointer, _ packet: InnerPacket, _ offload: VirtioNetHeader, _ export: Int32,
        to peer: PeerTable.Record, _ generation: KeyGeneration
    ) {
        let segmentSize = Int(offload.segmentSize)
        let headerByteCount = packet.headerByteCount
        guard let endpoint = peer.pointee.endpoint else { return tally.drop(.noPath) }
        guard isSound(packet, offload), packet.byteCount > headerByteCount else { return tally.drop(.malformedFrame) }
        let payload = peer.pointee.payloadByteCount
        let isSliced = headerByteCount + min(segmentSize, packet.byteCount - headerByteCount) > payload
        if isSliced {
            signalTooBig(bytes, packet, byteCount: headerByteCount + segmentSize, payloadByteCount: payload)
        }
        mapOut(bytes, packet, export, isPartial: true)

        train.begin(to: endpoint, trafficClass: packet.trafficClass(bytes))
        let cutter = SegmentCutter(bytes, packet, segmentSize: segmentSize, template: headerBuffer)
        let cipher = generation.sealing
        var left = packet.byteCount - headerByteCount
        var place = bytes
        var index = 0
        var sealedByteCount = 0
        while left > 0 {
            let payloadByteCount = min(segmentSize, left)
            left -= payloadByteCount
            cutter.writeHeader(to: place, index: index, payloadByteCount: payloadByteCount, isLast: left == 0)
            let byteCount = headerByteCount + payloadByteCount
            let isSent: Bool
            if byteCount <= payload {
                var flags: SealedFlags = .partialChecksum
                if index == 0 { flags.insert(.first) }
                if left == 0 { flags.insert(.last) }
                isSent = seal(.segment, flags, place, byteCount, generation, cipher, into: train)
            } else {
                tally.current.packetsSliced &+= 1
                isSent = sealSlices(
                    .partialChecksum, place, byteCount, limit: payload, generation, cipher, into: train)
            }
            guard isSent else {
                tally.drop(.tooLarge)
                break
            }
            sealedByteCount += byteCount
            place += segmentSize
            index += 1
        }
        count(sent: index, byteCount: sealedByteCount, peer)
    }

    /// Gives the packet's source the address that the grid knows.
    @inline(__always)
    private func mapOut(_ bytes: UnsafeMutableRawPointer, _ packet: InnerPacket, _ export: Int32, isPartial: Bool) {
        guard export != ExportTable.plain else { return }
        AddressTranslation.apply(.out, export, of: exports.pointee, bytes, packet, hasPartialChecksum: isPartial)
    }

    /// Whether the offload header fits the packet, and the far end can compute the segments' checksums.
    private func isSound(_ packet: InnerPacket, _ offload: VirtioNetHeader) -> Bool {
        switch offload.kind & ~VirtioNetHeader.congestionBit {
        case VirtioNetHeader.tcpV4:
            guard !packet.isV6, packet.isTCP else { return false }
        case VirtioNetHeader.tcpV6:
            guard packet.isV6, packet.isTCP else { return false }
        case VirtioNetHeader.udp:
            guard packet.isUDP else { return false }
        default:
            return false
        }
        guard offload.segmentSize > 0, packet.canDeferChecksum,
            packet.headerByteCount <= SegmentCutter.headerByteCountLimit
        else { return false }
        // A checksum that was neither left open nor verified must not be made good by cutting.
        guard offload.flags & VirtioNetHeader.needsChecksum != 0 else {
            return offload.flags & VirtioNetHeader.dataValid != 0
        }
        return Int(offload.checksumStart) == FrameLayout.ethernetByteCount + packet.transportOffset
            && Int(offload.checksumOffset) == packet.checksumOffset
    }

    /// Computes a checksum that the kernel has left to its device and that the far end cannot be asked to compute.
    func finishChecksum(
        _ bytes: UnsafeMutableRawPointer, _ packet: InnerPacket, start: Int, offset: Int
    ) -> Bool {
        // A place among the IP headers would make another packet of it.
        guard start >= packet.transportOffset, start + offset + 2 <= packet.byteCount else { return false }
        let checksum = ~InternetChecksum.sum(bytes + start, packet.byteCount - start)
        // 0 would mean "none" for UDP; the other zero says the same everywhere (RFC 768).
        bytes.setWord(checksum == 0 ? 0xffff : checksum, start + offset)
        return true
    }

    func clampSegmentSize(
        _ bytes: UnsafeMutableRawPointer, _ packet: InnerPacket, payloadByteCount: Int, isPartial: Bool
    ) {
        guard packet.isTCP else { return }
        if SegmentSizeClamp.apply(bytes, packet, payloadByteCount: payloadByteCount, hasPartialChecksum: isPartial) {
            tally.current.segmentSizesClamped &+= 1
        }
    }

    /// Tells a TCP sender that forbids fragments to send smaller segments. The packet itself still goes, in slices.
    private func signalTooBig(
        _ bytes: UnsafeRawPointer, _ packet: InnerPacket, byteCount: Int, payloadByteCount: Int
    ) {
        guard packet.isTCP, packet.byteCount > packet.headerByteCount else { return }
        if packet.isV6 {
            // Hosts need not go below IPv6's minimum of 1,280 (RFC 8201 §4).
            guard byteCount > 1_280 else { return }
            errors.send(.tooBig(max(payloadByteCount, 1_280)), about: packet, bytes, now: now)
        } else if bytes.word(6) & 0x4000 != 0 {
            errors.send(.tooBig(payloadByteCount), about: packet, bytes, now: now)
        }
    }

    private func count(sent packets: Int, byteCount: Int, _ peer: PeerTable.Record) {
        peer.pointee.counters.sentPackets &+= UInt64(packets)
        peer.pointee.counters.sentBytes &+= UInt64(byteCount)
        peer.pointee.counters.lastSent = now
    }
}
