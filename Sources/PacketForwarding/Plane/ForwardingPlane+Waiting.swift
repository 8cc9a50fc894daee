import NetworkTypes

// Packets that wait for a peer or for a host's place.
extension ForwardingPlane {
    /// Keeps a frame until its peer can be reached, or tells its sender that the peer is down.
    func hold(_ frame: UnsafeRawBufferPointer, _ packet: InnerPacket, for peer: PeerTable.Record) {
        let since = peer.pointee.waitingSince ?? now
        peer.pointee.waitingSince = since
        if now - since > limits.waitingTime {
            if let base = frame.baseAddress {
                errors.send(.hostDown, about: packet, base + FrameLayout.packetOffset, now: now)
            }
            tally.drop(.noPath)
        } else {
            waiting.append(frame, peer: peer, peerLimit: limits.waitingPacketsPerPeer, now: now)
        }
        guard peer.pointee.noticedBatch != batch else { return }
        peer.pointee.noticedBatch = batch
        control.needsPath(peer.pointee.node)
    }

    /// Forwards what waits for a peer, if it is usable now.
    func releaseWaiting(_ peer: PeerTable.Record) {
        guard peer.pointee.isUsable else { return }
        peer.pointee.waitingSince = nil
        guard peer.pointee.waitingPackets > 0 else { return }
        for _ in 0..<peer.pointee.waitingPackets {
            guard let byteCount = waiting.take(of: peer, to: frameBuffer) else { break }
            forward(frameBuffer, byteCount)
        }
        train.send()
    }

    /// Gives up packets that have waited too long, and tells their senders.
    func dropExpiredPackets() {
        guard !waiting.isEmpty else { return }
        let limit = now + (.zero - limits.waitingTime)
        while let byteCount = waiting.takeExpired(before: limit, to: frameBuffer) {
            let bytes = frameBuffer + FrameLayout.packetOffset
            if let packet = InnerPacket(bytes, available: byteCount - FrameLayout.packetOffset) {
                errors.send(.hostDown, about: packet, bytes, now: now)
            }
            tally.drop(.noPath)
        }
    }

    /// Keeps a frame until it is known where its destination in a bridged subnet is, and asks.
    func hold(_ frame: UnsafeRawBufferPointer, for key: HostKey) {
        guard let slot = hosts.pointee.unresolved.find(key) ?? hosts.pointee.unresolved.claim(key) else {
            return tally.drop(.unknownHost)
        }
        waiting.append(frame, peer: slot.pointee.queue, peerLimit: limits.waitingPacketsPerPeer, now: now)
        if let askedAt = slot.pointee.askedAt, now - askedAt < ForwardingLimits.resolveInterval { return }
        slot.pointee.askedAt = now
        hostSink?.needsHost(key.address)
    }

    /// Forwards what waits for an address of which it is known now where it is.
    func releaseWaiting(_ key: HostKey) {
        guard let slot = hosts.pointee.unresolved.find(key) else { return }
        let queue = slot.pointee.queue
        for _ in 0..<queue.pointee.waitingPackets {
            guard let byteCount = waiting.take(of: queue, to: frameBuffer) else { break }
            forward(frameBuffer, byteCount)
        }
        hosts.pointee.unresolved.release(slot)
        train.send()
    }

    /// Gives up what waits for an address that is nowhere, and tells the senders.
    func giveUpWaiting(_ key: HostKey) {
        guard let slot = hosts.pointee.unresolved.find(key) else { return }
        while let byteCount = waiting.take(of: slot.pointee.queue, to: frameBuffer) {
            let bytes = frameBuffer + FrameLayout.packetOffset
            if let packet = InnerPacket(bytes, available: byteCount - FrameLayout.packetOffset) {
                errors.send(.hostDown, about: packet, bytes, now: now)
            }
            tally.drop(.unknownHost)
        }
        hosts.pointee.unresolved.release(slot)
    }
}
