import NetworkTypes

/// Builds frames of the TAP field by field, without a line of the code under test.
struct TestPacket {
    enum Transport {
        case tcp
        case udp
        /// Any other protocol: the payload is all there is.
        case other(UInt8)
    }

    enum Checksum {
        /// Right and complete.
        case complete
        /// The pseudo-header's sum, and NEEDS_CSUM.
        case partial
        /// Right and complete, and DATA_VALID.
        case valid
    }

    var receiver = MACAddress.virtualNextHop
    var sender = MACAddress(rawValue: 0x02_01_01_01_01_01)
    var source = Site.address4(1, 5)
    var destination = Site.address4(2, 9)
    var transport = Transport.tcp
    var payload: [UInt8] = []
    /// Makes the frame a super-packet.
    var segmentSize: Int?
    var checksum = Checksum.partial
    var trafficClass: UInt8 = 0
    /// TTL or hop limit.
    var lifetime: UInt8 = 61
    var identification: UInt16 = 0x4321
    /// DF and fragment offset, IPv4.
    var fragment: UInt16 = 0x4000
    var flowLabel: UInt32 = 0xabcde
    /// IPv4 options, or whole IPv6 extension headers.
    var options: [UInt8] = []
    /// The protocol number of the first IPv6 extension header in `options`.
    var extensionProtocol: UInt8 = 60
    var sourcePort: UInt16 = 40_000
    var destinationPort: UInt16 = 443
    var sequence: UInt32 = 0xffff_f000
    var acknowledgement: UInt32 = 77
    var flags: UInt8 = 0x10
    var window: UInt16 = 501
    var transportOptions: [UInt8] = []

    var isV6: Bool { source.family == .v6 }

    private var protocolNumber: UInt8 {
        switch transport {
        case .tcp: 6
        case .udp: 17
        case .other(let number): number
        }
    }

    var transportHeaderByteCount: Int {
        switch transport {
        case .tcp: 20 + transportOptions.count
        case .udp: 8
        case .other: 0
        }
    }

    var networkHeaderByteCount: Int { (isV6 ? 40 : 20) + options.count }
    var headerByteCount: Int { networkHeaderByteCount + transportHeaderByteCount }

    /// The IP packet.
    var packet: [UInt8] {
        var segment = transportHeader + payload
        if let field = checksumField {
            let pseudo = Reference.pseudoHeader(source, destination, protocolNumber, segment.count)
            switch checksum {
            case .partial: store(Reference.sum(pseudo), &segment, field)
            case .complete, .valid: store(Reference.transportChecksum(pseudo, segment, protocolNumber), &segment, field)
            }
        }
        return networkHeader(segment.count) + segment
    }

    /// virtio_net_hdr, Ethernet header and IP packet.
    var frame: [UInt8] {
        var header = [UInt8](repeating: 0, count: 10)
        switch checksum {
        case .partial:
            if let field = checksumField {
                header[0] = 1
                storeNative(UInt16(14 + networkHeaderByteCount), &header, 6)
                storeNative(UInt16(field), &header, 8)
            }
        case .valid: header[0] = 2
        case .complete: break
        }
        if let segmentSize {
            switch transport {
            case .tcp: header[1] = isV6 ? 4 : 1
            case .udp: header[1] = 5
            case .other: break
            }
            if flags & 0x80 != 0, header[1] != 5 { header[1] |= 0x80 }
            storeNative(UInt16(14 + headerByteCount), &header, 2)
            storeNative(UInt16(segmentSize), &header, 4)
        }
        let ethernet = receiver.bytes + sender.bytes + (isV6 ? [0x86, 0xdd] : [8, 0])
        return header + ethernet + packet
    }

    private var checksumField: Int? {
        switch transport {
        case .tcp: 16
        case .udp: 6
        case .other: nil
        }
    }

    private var transportHeader: [UInt8] {
        switch transport {
        case .tcp:
            return words(sourcePort, destinationPort) + long(sequence) + long(acknowledgement)
                + [UInt8((20 + transportOptions.count) / 4) << 4, flags] + words(window, 0, 0) + transportOptions
        case .udp:
            return words(sourcePort, destinationPort, UInt16(8 + payload.count), 0)
        case .other:
            return []
        }
    }

    private func networkHeader(_ transportByteCount: Int) -> [UInt8] {
        if isV6 {
            let next = options.isEmpty ? protocolNumber : extensionProtocol
            return long(6 << 28 | UInt32(trafficClass) << 20 | flowLabel)
                + words(UInt16(options.count + transportByteCount)) + [next, lifetime] + source.bytes
                + destination.bytes + options
        }
        var header =
            [0x40 | UInt8((20 + options.count) / 4), trafficClass]
            + words(UInt16(20 + options.count + transportByteCount), identification, fragment)
            + [lifetime, protocolNumber, 0, 0] + source.bytes + destination.bytes + options
        store(~Reference.sum(header), &header, 10)
        return header
    }

    private func words(_ values: UInt16...) -> [UInt8] { values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }

    private func long(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
    }

    private func store(_ value: UInt16, _ bytes: inout [UInt8], _ offset: Int) {
        bytes[offset] = UInt8(value >> 8)
        bytes[offset + 1] = UInt8(value & 255)
    }

    private func storeNative(_ value: UInt16, _ bytes: inout [UInt8], _ offset: Int) {
        withUnsafeBytes(of: value) { bytes.replaceSubrange(offset..<offset + 2, with: $0) }
    }
}
