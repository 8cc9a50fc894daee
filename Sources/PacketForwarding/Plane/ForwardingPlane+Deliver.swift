import NetworkTypes
import WireFormat

extension ForwardingPlane {
    /// Checks an authentic packet and writes it to the TAP, or begins a super-packet with it.
    ///
    /// The packet stands at `FrameLayout.packetOffset` of `frame`, which is the builder's spare, or of a joined
    /// packet's own frame.
    func deliver(
        _ frame: UnsafeMutableRawPointer, _ byteCount: Int, _ header: SealedHeader, trafficClass: UInt8,
        from peer: PeerTable.Record
    ) {
        let bytes = frame + FrameLayout.packetOffset
        let isPartial = header.flags.contains(.partialChecksum)
        guard let packet = InnerPacket(bytes, available: byteCount), packet.byteCount == byteCount,
            !isPartial || packet.canDeferChecksum
        else { return tally.drop(.malformedPacket) }
        guard leavesTunnel(bytes, packet, outer: trafficClass) else { return tally.drop(.congestionMarked) }
        guard isAllowed(bytes, packet, from: peer) else { return }
        count(received: byteCount, peer)
        clampSegmentSize(bytes, packet, payloadByteCount: peer.pointee.payloadByteCount, isPartial: isPartial)

        builder.close()
        let rebuilds = packet.isTCP ? rebuildsTCP : rebuildsUDP
        if header.type == .segment, isPartial, rebuilds, !header.flags.contains(.last) {
            return builder.start(packet, header: header)
        }
        var offload = VirtioNetHeader()
        if isPartial {
            offload.flags = VirtioNetHeader.needsChecksum
            offload.checksumStart = UInt16(FrameLayout.ethernetByteCount + packet.transportOffset)
            offload.checksumOffset = UInt16(packet.checksumOffset)
            bytes.setWord(
                packet.pseudoHeaderSum(bytes, transportByteCount: packet.transportByteCount),
                packet.transportOffset + packet.checksumOffset)
        } else if header.flags.contains(.validChecksum) {
            offload.flags = VirtioNetHeader.dataValid
        }
        writer.write(frame, packetByteCount: byteCount, isV6: packet.isV6, offload: offload)
    }

    /// Hands on what was joined from slices: a packet or a control message.
    func deliverJoined(_ slot: Int, _ header: SealedHeader, from peer: PeerTable.Record, _ arrival: Arrival) {
        let frame = reassembly.frame(slot)
        let byteCount = reassembly.byteCount(slot)
        let kind = reassembly.kind(slot)
        tally.current.packetsJoined &+= 1
        if kind.contains(.slicedControl) {
            let message = UnsafeRawBufferPointer(start: frame + FrameLayout.packetOffset, count: byteCount)
            // Released first: the control core may remove the peer. The bytes stay until the next slice.
            reassembly.release(slot)
            control.receivedControl(message, from: peer.pointee.node, source: arrival.source)
        } else {
            var whole = header
            whole.type = .packet
            whole.flags = kind
            deliver(frame, byteCount, whole, trafficClass: reassembly.trafficClass(slot), from: peer)
            reassembly.release(slot)
        }
    }

    /// Copies a congestion mark of the outer header to the packet. `false` when the packet must be dropped.
    private func leavesTunnel(_ bytes: UnsafeMutableRawPointer, _ packet: InnerPacket, outer: UInt8) -> Bool {
        let inner = packet.trafficClass(bytes) & 3
        guard outer & 3 != CongestionMarking.notCapable else { return true }
        guard let field = CongestionMarking.leaving(inner: inner, outer: outer) else { return false }
        if field != inner { CongestionMarking.set(field, bytes, isV6: packet.isV6) }
        return true
    }

    /// Whether the packet comes from an address of the sending peer's and goes to one of ours.
    private func isAllowed(_ bytes: UnsafeRawPointer, _ packet: InnerPacket, from peer: PeerTable.Record) -> Bool {
        let (source, destination) = packet.isV6 ? (bytes + 8, bytes + 24) : (bytes + 12, bytes + 16)
        let way = peers.pointee.firstWay(to: source, isV6: packet.isV6)
        guard way >= 0, peers.pointee.contains(peer, in: way) else {
            peer.pointee.counters.sourceCheckDrops &+= 1
            tally.drop(.sourceCheck)
            return false
        }
        guard exports.pointee.value(at: destination, isV6: packet.isV6) >= 0 else {
            peer.pointee.counters.destinationDrops &+= 1
            tally.drop(.destinationNotExported)
            return false
        }
        return true
    }
}
