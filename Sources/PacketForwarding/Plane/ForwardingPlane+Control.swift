import LinkSecurity
package import NetworkTypes
import WireFormat

extension ForwardingPlane {
    /// Seals a control message and sends it at once, as one datagram or in slices.
    ///
    /// - `endpoint`: where to; `nil` is the peer's path.
    /// - `payloadByteCount`: zero bytes fill the message up to this size, and it is not sliced: for path MTU probes.
    /// - `localIndex`: the generation to seal with; `nil` is the active one.
    ///
    /// Returns `false`, and sends nothing, without keys or an endpoint, or when the message is too large even for
    /// slices.
    @discardableResult
    package func sendControl(
        _ message: [UInt8], to node: NodeAddress, endpoint: Endpoint? = nil,
        paddedTo payloadByteCount: Int? = nil, localIndex: UInt32? = nil
    ) -> Bool {
        guard let peer = peers.pointee.find(node), let destination = endpoint ?? peer.pointee.endpoint else {
            return false
        }
        let found = localIndex.map { generations.pointee.find($0) } ?? peer.pointee.active
        guard let record = found, record.pointee.peer == peer else { return false }
        let byteCount = max(message.count, payloadByteCount ?? 0)
        guard byteCount + SealedHeader.overhead <= ForwardingLimits.trainByteCount else { return false }

        message.withUnsafeBytes { bytes in
            if let source = bytes.baseAddress { controlBuffer.copyMemory(from: source, byteCount: bytes.count) }
        }
        (controlBuffer + message.count).initializeMemory(as: UInt8.self, repeating: 0, count: byteCount - message.count)

        let isOnPath = destination == peer.pointee.endpoint
        let limit = isOnPath ? peer.pointee.payloadByteCount : ForwardingLimits.defaultPayloadByteCount
        let generation = record.pointee.generation
        controlTrain.begin(to: destination, trafficClass: 0)
        let isSent: Bool
        if payloadByteCount != nil || byteCount <= limit {
            isSent = seal(.control, [], controlBuffer, byteCount, generation, generation.sealing, into: controlTrain)
        } else {
            isSent = sealSlices(
                .slicedControl, controlBuffer, byteCount, limit: limit, generation, generation.sealing,
                into: controlTrain)
        }
        controlTrain.send()
        if isSent { peer.pointee.counters.lastSent = now }
        return isSent
    }

    /// Seals `byteCount` bytes into `train`. `false` when the key has been used too often.
    @inline(__always)
    func seal(
        _ type: SealedType, _ flags: SealedFlags, _ plaintext: UnsafeRawPointer, _ byteCount: Int,
        _ generation: KeyGeneration, _ cipher: any PacketCipher, into train: OutgoingTrain
    ) -> Bool {
        let counter = generation.sendCounter
        guard counter < ForwardingLimits.counterLimit else { return false }
        generation.sendCounter = counter + 1
        let datagram = train.reserve(byteCount + SealedHeader.overhead)
        SealedHeader(
            type: type, epoch: generation.epoch, flags: flags, receiverIndex: generation.remoteIndex, counter: counter
        ).write(to: datagram)
        cipher.seal(
            header: datagram, plaintext: plaintext, byteCount: byteCount, output: datagram + SealedHeader.byteCount)
        train.commit(byteCount + SealedHeader.overhead)
        return true
    }

    /// Seals what is larger than `limit` in slices of one size, the last of which may be shorter. `false` when there
    /// would be too many.
    func sealSlices(
        _ flags: SealedFlags, _ bytes: UnsafeRawPointer, _ byteCount: Int, limit: Int,
        _ generation: KeyGeneration, _ cipher: any PacketCipher, into train: OutgoingTrain
    ) -> Bool {
        // Rounded up twice: as few slices as possible, then as equal as possible.
        let pieces = (byteCount + limit - 1) / limit
        guard pieces <= SealedFlags.sliceCountLimit else { return false }
        let size = (byteCount + pieces - 1) / pieces
        var offset = 0
        var index = 0
        while offset < byteCount {
            let count = min(size, byteCount - offset)
            var sliceFlags = flags
            sliceFlags.sliceIndex = index
            if offset + count == byteCount { sliceFlags.insert(.last) }
            guard seal(.slice, sliceFlags, bytes + offset, count, generation, cipher, into: train) else { return false }
            offset += count
            index += 1
        }
        return true
    }
}
