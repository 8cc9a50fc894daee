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
        guard let receiver = receiver(of: packet, bytes, from: peer) else { return }
        count(received: byteCount, peer)
        clampSegmentSize(bytes, packet, payloadByteCount: peer.pointee.payloadByteCount, isPartial: isPartial)

        builder.close()
        let rebuilds = packet.isTCP ? rebuildsTCP : rebuildsUDP
        if header.type == .segment, isPartial, rebuilds, !header.flags.contains(.last) {
            // The segments that follow are compared with this one as it came.
            let mapping = exports.pointee.mappingIn(receiver.export)
            return builder.start(packet, header: header, to: receiver.station, mapping: mapping)
        }
        if receiver.export != ExportTable.plain {
            AddressTranslation.apply(
                .into, receiver.export, of: exports.pointee, bytes, packet, hasPartialChecksum: isPartial)
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
        writer.write(frame, packetByteCount: byteCount, isV6: packet.isV6, offload: offload, to: receiver.station)
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

    /// Whom the packet goes to: the kernel, or a host of the bridged LAN. `nil`, counted, when it does not come from an
    /// address of the sending peer's or does not go to one of ours.
    private func receiver(
        of packet: InnerPacket, _ bytes: UnsafeRawPointer, from peer: PeerTable.Record
    ) -> Receiver? {
        if hosts.pointee.hasRanges { return receiverAmongHosts(of: packet, bytes, from: peer) }
        guard isRouted(packet, bytes, from: peer) else { return refuseSource(peer) }
        return exportReceiver(of: packet, bytes, from: peer)
    }

    /// Whether a route to the sending peer covers the packet's source.
    func isRouted(_ packet: InnerPacket, _ bytes: UnsafeRawPointer, from peer: PeerTable.Record) -> Bool {
        let way = peers.pointee.firstWay(to: bytes + (packet.isV6 ? 8 : 12), isV6: packet.isV6)
        return way >= 0 && peers.pointee.contains(peer, in: way)
    }

    /// The kernel, if the packet's destination is in an exported subnet of this site as the grid knows it.
    func exportReceiver(
        of packet: InnerPacket, _ bytes: UnsafeRawPointer, from peer: PeerTable.Record
    ) -> Receiver? {
        let export = exports.pointee.virtual(of: bytes + (packet.isV6 ? 24 : 16), isV6: packet.isV6)
        return export >= 0 ? Receiver(export: export) : refuseDestination(peer)
    }

    /// Counts a packet whose source is not the sending peer's.
    func refuseSource(_ peer: PeerTable.Record) -> Receiver? {
        peer.pointee.counters.sourceCheckDrops &+= 1
        tally.drop(.sourceCheck)
        return nil
    }

    /// Counts a packet whose destination is not this site's.
    func refuseDestination(_ peer: PeerTable.Record) -> Receiver? {
        peer.pointee.counters.destinationDrops &+= 1
        tally.drop(.destinationNotExported)
        return nil
    }
}
