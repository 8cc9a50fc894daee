import NetworkTypes
import WireFormat

/// Joins consecutive segments of one train into the super-packet that they were cut from.
///
/// Two frame buffers: `current` holds what is being joined, `spare` takes a datagram that does not go on with it. A
/// segment that may go on is opened in place: its header comes to lie on the last bytes that were accepted, which are
/// saved before and put back after, so a forged datagram damages nothing and payload is never copied.
final class SuperPacketBuilder {
    private static let finish: UInt8 = 0x01
    private static let push: UInt8 = 0x08
    private static let windowReduced: UInt8 = 0x80

    private(set) var isOpen = false
    private var current: UnsafeMutableRawPointer
    private(set) var spare: UnsafeMutableRawPointer
    private let saved: UnsafeMutableRawPointer
    private let writer: FrameWriter

    // Of the train that is open.
    private var localIndex: UInt32 = 0
    private var nextCounter: UInt64 = 0
    private var packet: InnerPacket?
    private var station = MACAddress.overlayDevice
    private var isV6 = false
    private var isTCP = false
    private var transportOffset = 0
    private var headerByteCount = 0
    private var segmentSize = 0
    /// Bytes of the super-packet so far.
    private var end = 0
    private var segmentCount = 0
    /// FIN and PSH of the last segment.
    private var closingFlags: UInt8 = 0
    /// What gives the destination the LAN's address, at the end.
    private var mapping = PrefixMapping.none

    init(writer: FrameWriter) {
        self.writer = writer
        // Room for the largest packet and one more datagram behind it, opened before it is known to fit.
        let byteCount =
            FrameLayout.packetOffset + ForwardingLimits.packetByteCount + 1 + ForwardingLimits.trainByteCount
        current = .allocate(byteCount: byteCount, alignment: 64)
        spare = .allocate(byteCount: byteCount, alignment: 64)
        saved = .allocate(byteCount: SegmentCutter.headerByteCountLimit, alignment: 8)
    }

    deinit {
        current.deallocate()
        spare.deallocate()
        saved.deallocate()
    }

    /// Where a datagram is opened to that does not go on.
    var sparePacket: UnsafeMutableRawPointer { spare + FrameLayout.packetOffset }

    /// Whether a segment may go on with what is open, as far as its clear header tells.
    func expects(_ header: SealedHeader) -> Bool {
        isOpen && header.counter == nextCounter && header.receiverIndex == localIndex && header.type == .segment
            && !header.flags.contains(.first)
    }

    /// Where to open a segment that may go on. Call `append` or `discard` next.
    func openingPlace() -> UnsafeMutableRawPointer {
        let place = current + FrameLayout.packetOffset + end - headerByteCount
        saved.copyMemory(from: place, byteCount: headerByteCount)
        return place
    }

    /// What was opened was not authentic: undoes `openingPlace`.
    func discard() {
        (current + FrameLayout.packetOffset + end - headerByteCount).copyMemory(from: saved, byteCount: headerByteCount)
    }

    /// Takes the segment of `byteCount` bytes at the opening place. When it does not go on after all, it is moved to
    /// `spare`, what is open is closed, and the result is `false`.
    func append(byteCount: Int, flags: SealedFlags, outer: UInt8) -> Bool {
        let segment = UnsafeRawPointer(current + FrameLayout.packetOffset + end - headerByteCount)
        guard flags.contains(.partialChecksum), goesOn(segment, byteCount: byteCount, outer: outer) else {
            sparePacket.copyMemory(from: segment, byteCount: byteCount)
            discard()
            close()
            return false
        }
        if isTCP { closingFlags = segment.byte(transportOffset + 13) & (Self.finish | Self.push) }
        discard()
        let payloadByteCount = byteCount - headerByteCount
        end += payloadByteCount
        segmentCount += 1
        nextCounter += 1
        if payloadByteCount < segmentSize || closingFlags != 0 || flags.contains(.last) { close() }
        return true
    }

    /// Begins with the packet in `spare`, which was found good and goes to `station`. Nothing may be open.
    func start(_ packet: InnerPacket, header: SealedHeader, to station: MACAddress, mapping: PrefixMapping) {
        precondition(!isOpen, "what is open is closed before")
        self.mapping = mapping
        swap(&current, &spare)
        let bytes = UnsafeRawPointer(current + FrameLayout.packetOffset)
        self.packet = packet
        self.station = station
        isV6 = packet.isV6
        isTCP = packet.isTCP
        transportOffset = packet.transportOffset
        headerByteCount = packet.headerByteCount
        segmentSize = packet.byteCount - packet.headerByteCount
        end = packet.byteCount
        segmentCount = 1
        localIndex = header.receiverIndex
        nextCounter = header.counter + 1
        closingFlags = isTCP ? bytes.byte(transportOffset + 13) & (Self.finish | Self.push) : 0
        isOpen = true
        if closingFlags != 0 || segmentSize == 0 || headerByteCount > SegmentCutter.headerByteCountLimit { close() }
    }

    /// Writes what is open.
    func close() {
        guard isOpen, let packet else { return }
        isOpen = false
        let bytes = current + FrameLayout.packetOffset
        if !mapping.isNone { AddressTranslation.rewriteHeader(bytes, mapping, isV6: isV6, isSource: false) }
        var offload = VirtioNetHeader()
        offload.flags = VirtioNetHeader.needsChecksum
        offload.checksumStart = UInt16(FrameLayout.ethernetByteCount + transportOffset)
        offload.checksumOffset = UInt16(packet.checksumOffset)
        if segmentCount > 1 {
            let congestion = finishHeaders(bytes)
            offload.kind = isTCP ? (isV6 ? VirtioNetHeader.tcpV6 : VirtioNetHeader.tcpV4) : VirtioNetHeader.udp
            if congestion { offload.kind |= VirtioNetHeader.congestionBit }
            offload.headerByteCount = UInt16(FrameLayout.ethernetByteCount + headerByteCount)
            offload.segmentSize = UInt16(segmentSize)
        }
        bytes.setWord(
            packet.pseudoHeaderSum(bytes, transportByteCount: end - transportOffset),
            transportOffset + packet.checksumOffset)
        writer.write(current, packetByteCount: end, isV6: isV6, offload: offload, to: station)
    }

    /// Brings lengths and flags up to the whole super-packet. Returns whether its first segment has CWR set.
    private func finishHeaders(_ bytes: UnsafeMutableRawPointer) -> Bool {
        if isV6 {
            bytes.setWord(UInt16(end - 40), 4)
        } else {
            bytes.setWord(UInt16(end), 2)
            bytes.setWord(0, 10)
            bytes.setWord(~InternetChecksum.sum(bytes, transportOffset), 10)
        }
        guard isTCP else {
            bytes.setWord(UInt16(end - transportOffset), transportOffset + 4)
            return false
        }
        let flags = UnsafeRawPointer(bytes).byte(transportOffset + 13) | closingFlags
        bytes.setByte(flags, transportOffset + 13)
        return flags & Self.windowReduced != 0
    }

    /// Whether an authentic segment has the header that must come next.
    private func goesOn(_ segment: UnsafeRawPointer, byteCount: Int, outer: UInt8) -> Bool {
        let first = UnsafeRawPointer(current + FrameLayout.packetOffset)
        let payloadByteCount = byteCount - headerByteCount
        guard payloadByteCount > 0, payloadByteCount <= segmentSize,
            end + payloadByteCount <= ForwardingLimits.packetByteCount
        else { return false }
        let sameNetwork =
            isV6
            ? sameV6(first, segment, byteCount: byteCount, outer: outer)
            : sameV4(first, segment, byteCount: byteCount, outer: outer)
        guard sameNetwork else { return false }
        let (left, right) = (first + transportOffset, segment + transportOffset)
        guard left.doubleWord(0) == right.doubleWord(0) else { return false }
        guard isTCP else { return Int(right.word(4)) == byteCount - transportOffset }
        return sameTCP(left, right)
    }

    private func sameV4(_ first: UnsafeRawPointer, _ segment: UnsafeRawPointer, byteCount: Int, outer: UInt8) -> Bool {
        let number = first.word(4) &+ UInt16(truncatingIfNeeded: segmentCount)
        guard first.byte(0) == segment.byte(0), Int(segment.word(2)) == byteCount, segment.word(4) == number,
            first.doubleWord(6) == segment.doubleWord(6),
            (first + 12).equals(segment + 12, transportOffset - 12)
        else { return false }
        return sameTrafficClass(first.byte(1), segment.byte(1), outer: outer)
    }

    private func sameV6(_ first: UnsafeRawPointer, _ segment: UnsafeRawPointer, byteCount: Int, outer: UInt8) -> Bool {
        guard (first.doubleWord(0) ^ segment.doubleWord(0)) & ~0x0ff0_0000 == 0,
            Int(segment.word(4)) == byteCount - 40,
            (first + 6).equals(segment + 6, transportOffset - 6)
        else { return false }
        return sameTrafficClass(
            UInt8(truncatingIfNeeded: first.word(0) >> 4), UInt8(truncatingIfNeeded: segment.word(0) >> 4), outer: outer
        )
    }

    /// The first segment's field was marked already when it left the tunnel.
    private func sameTrafficClass(_ first: UInt8, _ segment: UInt8, outer: UInt8) -> Bool {
        guard let marked = CongestionMarking.leaving(inner: segment, outer: outer) else { return false }
        return first == segment & ~3 | marked
    }

    private func sameTCP(_ first: UnsafeRawPointer, _ segment: UnsafeRawPointer) -> Bool {
        let flags = segment.byte(13) & ~(Self.finish | Self.push)
        let sequence = first.doubleWord(4) &+ UInt32(truncatingIfNeeded: end - headerByteCount)
        return segment.doubleWord(4) == sequence && first.doubleWord(8) == segment.doubleWord(8)
            && first.byte(12) == segment.byte(12) && flags == first.byte(13) & ~Self.windowReduced
            && first.word(14) == segment.word(14)
            && (first + 18).equals(segment + 18, headerByteCount - transportOffset - 18)
    }
}
