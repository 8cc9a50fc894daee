import NetworkTypes
import WireFormat

/// ICMP errors to this site's hosts: RFC 792, RFC 1191, RFC 1812 §4.3 and RFC 4443.
final class ErrorMessages {
    /// What is wrong with a packet.
    enum Fault {
        /// No site has the destination: type 3 code 0, v6 type 1 code 0.
        case noRoute
        /// The destination's site is down: type 3 code 1, v6 type 1 code 3.
        case hostDown
        /// It has passed as many routers as it may: type 11 code 0, v6 type 3 code 0.
        case lifetimeExceeded
        /// Smaller packets would be better, up to so many bytes: type 3 code 4, v6 type 2.
        case tooBig(Int)
    }

    /// Bytes of a whole error: RFC 1812 §4.3.2.3 and RFC 4443 §2.4 (c).
    private static let byteCountLimitV4 = 576
    private static let byteCountLimitV6 = 1_280
    /// Precedence 6, internetwork control (RFC 1812 §4.3.2.5).
    private static let trafficClassV4: UInt8 = 0xc0

    /// Where the errors come from; none are sent without.
    var addressV4: UInt32?
    var addressV6: (UInt64, UInt64)?
    /// Whether errors go to the station that the packet came from, as on a bridged LAN, and not always to the kernel.
    var answersStations = false

    private let writer: FrameWriter
    private let tally: Tally
    private let frame: UnsafeMutableRawPointer
    private var bucket: TokenBucket
    private var identification: UInt16 = 0

    init(writer: FrameWriter, limits: ForwardingLimits, tally: Tally) {
        self.writer = writer
        self.tally = tally
        bucket = TokenBucket(rate: limits.errorsPerSecond, burst: limits.errorBurst)
        frame = .allocate(byteCount: FrameLayout.packetOffset + Self.byteCountLimitV6, alignment: 16)
    }

    deinit {
        frame.deallocate()
    }

    /// Tells the sender of the packet at `bytes`, if it may be told. The Ethernet header that it came with stands in
    /// front of it.
    func send(_ fault: Fault, about packet: InnerPacket, _ bytes: UnsafeRawPointer, now: Instant) {
        guard packet.isV6 ? maySendV6(about: packet, bytes) : maySendV4(about: packet, bytes), bucket.take(now: now)
        else { return }
        tally.current.errorsSent &+= 1
        let station = answersStations ? (bytes - FrameLayout.ethernetByteCount).sourceStation : .overlayDevice
        if packet.isV6 {
            writeV6(fault, about: packet, bytes, to: station)
        } else {
            writeV4(fault, about: packet, bytes, to: station)
        }
    }

    /// RFC 1812 §4.3.2.7: never about errors, later fragments, packets to or from many.
    private func maySendV4(about packet: InnerPacket, _ bytes: UnsafeRawPointer) -> Bool {
        guard addressV4 != nil, !packet.isLaterFragment, Self.isUnicastV4(bytes.doubleWord(12)),
            Self.isUnicastV4(bytes.doubleWord(16))
        else { return false }
        guard packet.transportProtocol == InnerPacket.icmp else { return true }
        guard packet.transportByteCount > 0 else { return false }
        switch bytes.byte(packet.transportOffset) {
        case 3, 4, 5, 11, 12: return false
        default: return true
        }
    }

    /// RFC 4443 §2.4 (e).
    private func maySendV6(about packet: InnerPacket, _ bytes: UnsafeRawPointer) -> Bool {
        guard addressV6 != nil, !packet.isLaterFragment, Self.isUnicastV6(bytes + 8), Self.isUnicastV6(bytes + 24)
        else { return false }
        guard packet.transportProtocol == InnerPacket.icmpV6 else { return true }
        guard packet.transportByteCount > 0 else { return false }
        let type = bytes.byte(packet.transportOffset)
        return type >= 128 && type != 137
    }

    /// Not 0/8, 127/8, multicast, class E or broadcast.
    static func isUnicastV4(_ address: UInt32) -> Bool {
        let first = address >> 24
        return first != 0 && first != 127 && first < 224
    }

    /// Not unspecified, loopback or multicast.
    static func isUnicastV6(_ bytes: UnsafeRawPointer) -> Bool {
        bytes.byte(0) != 0xff && bytes.wide(0) > 1
    }

    private func writeV4(
        _ fault: Fault, about packet: InnerPacket, _ bytes: UnsafeRawPointer, to station: MACAddress
    ) {
        let quoted = min(packet.byteCount, Self.byteCountLimitV4 - 28)
        let error = frame + FrameLayout.packetOffset
        identification &+= 1
        error.setWord(0x4500 | UInt16(Self.trafficClassV4), 0)
        error.setWord(UInt16(28 + quoted), 2)
        error.setWord(identification, 4)
        error.setWord(0, 6)
        error.setWord(64 << 8 | UInt16(InnerPacket.icmp), 8)
        error.setWord(0, 10)
        error.setDoubleWord(addressV4 ?? 0, 12)
        error.setDoubleWord(bytes.doubleWord(12), 16)
        error.setWord(~InternetChecksum.sum(error, 20), 10)
        let (kind, mtu): (UInt16, Int) =
            switch fault {
            case .noRoute: (3 << 8, 0)
            case .hostDown: (3 << 8 | 1, 0)
            case .lifetimeExceeded: (11 << 8, 0)
            case .tooBig(let mtu): (3 << 8 | 4, mtu)
            }
        error.setWord(kind, 20)
        error.setWord(0, 22)
        error.setDoubleWord(UInt32(mtu), 24)
        (error + 28).copyMemory(from: bytes, byteCount: quoted)
        error.setWord(~InternetChecksum.sum(error + 20, 8 + quoted), 22)
        writer.write(
            frame, packetByteCount: 28 + quoted, isV6: false, offload: VirtioNetHeader(), to: station)
    }

    private func writeV6(
        _ fault: Fault, about packet: InnerPacket, _ bytes: UnsafeRawPointer, to station: MACAddress
    ) {
        let quoted = min(packet.byteCount, Self.byteCountLimitV6 - 48)
        let error = frame + FrameLayout.packetOffset
        error.setDoubleWord(6 << 28, 0)
        error.setWord(UInt16(8 + quoted), 4)
        error.setWord(UInt16(InnerPacket.icmpV6) << 8 | 64, 6)
        let (high, low) = addressV6 ?? (0, 0)
        error.storeBytes(of: high.bigEndian, toByteOffset: 8, as: UInt64.self)
        error.storeBytes(of: low.bigEndian, toByteOffset: 16, as: UInt64.self)
        (error + 24).copyMemory(from: bytes + 8, byteCount: 16)
        let (kind, mtu): (UInt16, Int) =
            switch fault {
            case .noRoute: (1 << 8, 0)
            case .hostDown: (1 << 8 | 3, 0)
            case .lifetimeExceeded: (3 << 8, 0)
            case .tooBig(let mtu): (2 << 8, mtu)
            }
        error.setWord(kind, 40)
        error.setWord(0, 42)
        error.setDoubleWord(UInt32(mtu), 44)
        (error + 48).copyMemory(from: bytes, byteCount: quoted)
        let pseudo = InternetChecksum.sum(
            error + 8, 32, start: InternetChecksum.fold(UInt64(8 + quoted) + UInt64(InnerPacket.icmpV6)))
        error.setWord(~InternetChecksum.sum(error + 40, 8 + quoted, start: pseudo), 42)
        writer.write(frame, packetByteCount: 48 + quoted, isV6: true, offload: VirtioNetHeader(), to: station)
    }
}
