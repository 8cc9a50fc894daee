import LinkSecurity
package import NetworkTypes
import WireFormat

extension ForwardingPlane {
    /// What is the same for all datagrams of one read.
    struct Arrival {
        var source: Endpoint
        var trafficClass: UInt8
    }

    /// What the control core is to hear of a datagram, after the datagram was dealt with.
    struct News: OptionSet {
        let rawValue: UInt8
        static let confirmed = News(rawValue: 1)
        static let sourceChanged = News(rawValue: 2)
    }

    /// Takes one read of the UDP socket: one datagram, or with UDP_GRO several of `segmentSize` bytes, the last of
    /// which may be shorter. `trafficClass` is the outer TOS or traffic class byte. What may go on with the next read
    /// is held back until `flush`.
    package func receiveDatagrams(
        _ datagrams: UnsafeMutableRawBufferPointer, segmentSize: Int, source: Endpoint, trafficClass: UInt8
    ) {
        guard let base = datagrams.baseAddress else { return }
        let step = segmentSize > 0 ? segmentSize : datagrams.count
        let arrival = Arrival(source: source, trafficClass: trafficClass)
        var offset = 0
        while offset < datagrams.count {
            let byteCount = min(step, datagrams.count - offset)
            guard let header = sealedHeader(base + offset, byteCount) else {
                offset += byteCount
                continue
            }
            guard let record = generations.pointee.find(header.receiverIndex) else {
                tally.current.datagramsReceived &+= 1
                tally.drop(.unknownIndex)
                offset += byteCount
                continue
            }
            let run = UnsafeMutableRawBufferPointer(start: base + offset, count: datagrams.count - offset)
            offset += receiveRun(run, step: step, record, record.pointee.generation.opening, arrival)
        }
    }

    /// The header of a datagram; what has none is counted.
    @inline(__always)
    private func sealedHeader(_ datagram: UnsafeRawPointer, _ byteCount: Int) -> SealedHeader? {
        if byteCount >= SealedHeader.overhead, byteCount <= ForwardingLimits.trainByteCount,
            let header = SealedHeader(reading: datagram)
        {
            return header
        }
        tally.current.datagramsReceived &+= 1
        tally.drop(.malformedDatagram)
        return nil
    }

    /// Takes datagrams as long as they are of one generation and the tables stay as they are: the key is looked up and
    /// retained once. Returns how many bytes were dealt with, at least one datagram's.
    private func receiveRun(
        _ datagrams: UnsafeMutableRawBufferPointer, step: Int, _ record: GenerationTable.Record,
        _ cipher: any PacketCipher, _ arrival: Arrival
    ) -> Int {
        guard let base = datagrams.baseAddress else { return datagrams.count }
        let version = generations.pointee.version
        let index = record.pointee.generation.localIndex
        var offset = 0
        while offset < datagrams.count, generations.pointee.version == version {
            let datagram = base + offset
            let byteCount = min(step, datagrams.count - offset)
            guard let header = sealedHeader(datagram, byteCount) else {
                offset += byteCount
                continue
            }
            guard header.receiverIndex == index else { return offset }
            offset += byteCount
            tally.current.datagramsReceived &+= 1
            guard record.pointee.window.accepts(header.counter) else {
                tally.drop(.replayed)
                continue
            }
            switch header.type {
            case .packet, .segment:
                receivePacket(datagram, byteCount, header, record, cipher, arrival)
            case .slice:
                receiveSlice(datagram, byteCount, header, record, cipher, arrival)
            case .control:
                receiveControl(datagram, byteCount, header, record, cipher, arrival)
            }
        }
        return offset
    }

    private func receivePacket(
        _ datagram: UnsafeMutableRawPointer, _ byteCount: Int, _ header: SealedHeader,
        _ record: GenerationTable.Record, _ cipher: any PacketCipher, _ arrival: Arrival
    ) {
        let peer = record.pointee.peer
        let goesOn = builder.expects(header)
        let place = goesOn ? builder.openingPlace() : builder.sparePacket
        guard open(datagram, byteCount, cipher, to: place) else {
            if goesOn { builder.discard() }
            return
        }
        let news = accept(header, record, arrival)
        let plainByteCount = byteCount - SealedHeader.overhead
        if goesOn, builder.append(byteCount: plainByteCount, flags: header.flags, outer: arrival.trafficClass) {
            count(received: plainByteCount, peer)
        } else {
            deliver(builder.spare, plainByteCount, header, trafficClass: arrival.trafficClass, from: peer)
        }
        if !news.isEmpty { tell(news, peer, header.receiverIndex, arrival.source) }
    }

    private func receiveSlice(
        _ datagram: UnsafeMutableRawPointer, _ byteCount: Int, _ header: SealedHeader,
        _ record: GenerationTable.Record, _ cipher: any PacketCipher, _ arrival: Arrival
    ) {
        let peer = record.pointee.peer
        let place = builder.sparePacket
        guard open(datagram, byteCount, cipher, to: place) else { return }
        let news = accept(header, record, arrival)
        let slice = SliceReassembly.Slice(
            header: header,
            bytes: UnsafeRawBufferPointer(start: place, count: byteCount - SealedHeader.overhead),
            trafficClass: arrival.trafficClass, peer: peer)
        switch reassembly.insert(slice, now: now) {
        case .waiting: break
        case .malformed: tally.drop(.malformedPacket)
        case .complete(let slot): deliverJoined(slot, header, from: peer, arrival)
        }
        if !news.isEmpty { tell(news, peer, header.receiverIndex, arrival.source) }
    }

    private func receiveControl(
        _ datagram: UnsafeMutableRawPointer, _ byteCount: Int, _ header: SealedHeader,
        _ record: GenerationTable.Record, _ cipher: any PacketCipher, _ arrival: Arrival
    ) {
        let peer = record.pointee.peer
        let place = builder.sparePacket
        guard open(datagram, byteCount, cipher, to: place) else { return }
        // The core knows which control messages tell where the peer is.
        let news = accept(header, record, arrival).subtracting(.sourceChanged)
        let node = peer.pointee.node
        if !news.isEmpty { tell(news, peer, header.receiverIndex, arrival.source) }
        let message = UnsafeRawBufferPointer(start: place, count: byteCount - SealedHeader.overhead)
        control.receivedControl(message, from: node, source: arrival.source)
    }

    /// Opens a datagram to `place`, which nothing that was accepted may overlap without being saved.
    @inline(__always)
    private func open(
        _ datagram: UnsafeRawPointer, _ byteCount: Int, _ cipher: any PacketCipher,
        to place: UnsafeMutableRawPointer
    ) -> Bool {
        let isAuthentic = cipher.open(
            header: datagram, ciphertext: datagram + SealedHeader.byteCount,
            byteCount: byteCount - SealedHeader.byteCount, output: place)
        if !isAuthentic { tally.drop(.notAuthentic) }
        return isAuthentic
    }

    /// Notes an authentic datagram, and finds what the control core is to hear.
    @inline(__always)
    private func accept(_ header: SealedHeader, _ record: GenerationTable.Record, _ arrival: Arrival) -> News {
        let peer = record.pointee.peer
        let isNewest = record.pointee.window.record(header.counter)
        peer.pointee.counters.lastReceived = now
        var news: News = []
        if !record.pointee.isConfirmed {
            record.pointee.isConfirmed = true
            news.insert(.confirmed)
        }
        if isNewest, peer.pointee.endpoint != arrival.source { news.insert(.sourceChanged) }
        return news
    }

    /// Tells the control core, which may change the tables: nothing of a generation may be used afterwards.
    private func tell(_ news: News, _ peer: PeerTable.Record, _ localIndex: UInt32, _ source: Endpoint) {
        let node = peer.pointee.node
        if news.contains(.confirmed) { control.confirmed(node, localIndex: localIndex) }
        guard news.contains(.sourceChanged) else { return }
        let isRepeated =
            peer.pointee.reportedSource == source
            && now - peer.pointee.reportedAt < ForwardingLimits.sourceReportInterval
        guard !isRepeated, peer.pointee.endpoint != source else { return }
        peer.pointee.reportedSource = source
        peer.pointee.reportedAt = now
        control.sourceChanged(node, source: source)
    }

    func count(received byteCount: Int, _ peer: PeerTable.Record) {
        peer.pointee.counters.receivedPackets &+= 1
        peer.pointee.counters.receivedBytes &+= UInt64(byteCount)
    }
}
