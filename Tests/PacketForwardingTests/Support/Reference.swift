import NetworkTypes

/// What a kernel does with frames of a TAP, in the plainest words, to compare the code under test with.
enum Reference {
    /// The ones' complement sum, word by word (RFC 1071).
    static func sum(_ bytes: [UInt8]) -> UInt16 {
        var total: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            total += UInt32(bytes[index]) << 8 + (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
            total = total & 0xffff + total >> 16
        }
        return UInt16(total)
    }

    /// Addresses, length, protocol (RFC 9293 §3.1, RFC 8200 §8.1).
    static func pseudoHeader(_ source: IPAddress, _ destination: IPAddress, _ number: UInt8, _ count: Int) -> [UInt8] {
        source.bytes + destination.bytes + [0, 0, UInt8(count >> 8), UInt8(count & 255), 0, 0, 0, number]
    }

    /// The checksum of a transport segment whose checksum field is zero.
    static func transportChecksum(_ pseudo: [UInt8], _ segment: [UInt8], _ number: UInt8) -> UInt16 {
        let checksum = ~sum(pseudo + segment)
        return number == 17 && checksum == 0 ? 0xffff : checksum
    }

    /// A packet that a host would take.
    struct Fault: Error {
        var reason: String
    }

    /// The IP packets that leave the kernel for a frame, with complete checksums.
    static func packets(_ frame: [UInt8]) throws -> [[UInt8]] {
        let flags = frame[0]
        let kind = frame[1] & 0x7f
        let packet = Array(frame[24...])
        if kind == 0 {
            guard flags & 1 != 0 else { return [packet] }
            let start = Int(native(frame, 6)) - 14
            return [try finished(packet, start: start, offset: Int(native(frame, 8)))]
        }
        guard flags & 1 != 0 else { throw Fault(reason: "a super-packet without NEEDS_CSUM") }
        let start = Int(native(frame, 6)) - 14
        let isTCP = kind != 5
        let isV6 = packet[0] >> 4 == 6
        guard kind == 5 || (kind == 4) == isV6 else { throw Fault(reason: "kind \(kind) in the wrong family") }
        let header = start + (isTCP ? Int(packet[start + 12] >> 4) * 4 : 8)
        guard Int(native(frame, 2)) == 14 + header else { throw Fault(reason: "header length") }
        guard (frame[1] & 0x80 != 0) == (isTCP && packet[start + 13] & 0x80 != 0) else {
            throw Fault(reason: "the ECN bit and CWR differ")
        }
        let size = Int(native(frame, 4))
        guard size > 0, packet.count - header > size else { throw Fault(reason: "nothing to segment") }
        _ = try finished(packet, start: start, offset: Int(native(frame, 8)))
        return try segments(packet, size: size, start: start, header: header, isTCP: isTCP)
    }

    private static func segments(
        _ packet: [UInt8], size: Int, start: Int, header: Int, isTCP: Bool
    ) throws -> [[UInt8]] {
        let isV6 = packet[0] >> 4 == 6
        var result: [[UInt8]] = []
        for offset in stride(from: header, to: packet.count, by: size) {
            let end = min(offset + size, packet.count)
            var segment = Array(packet[..<header]) + packet[offset..<end]
            if isV6 {
                put(UInt16(segment.count - 40), &segment, 4)
            } else {
                put(UInt16(segment.count), &segment, 2)
                put(word(packet, 4) &+ UInt16(result.count), &segment, 4)
                put(0, &segment, 10)
                put(~sum(Array(segment[..<start])), &segment, 10)
            }
            if isTCP {
                let sequence = UInt32(word(packet, start + 4)) << 16 | UInt32(word(packet, start + 6))
                let moved = sequence &+ UInt32(offset - header)
                put(UInt16(moved >> 16), &segment, start + 4)
                put(UInt16(moved & 0xffff), &segment, start + 6)
                if end < packet.count { segment[start + 13] &= ~0x09 }
                if offset > header { segment[start + 13] &= ~0x80 }
            } else {
                put(UInt16(segment.count - start), &segment, start + 4)
            }
            put(sum(pseudoHeader(of: segment, start: start, isTCP ? 6 : 17)), &segment, start + (isTCP ? 16 : 6))
            result.append(try finished(segment, start: start, offset: isTCP ? 16 : 6))
        }
        return result
    }

    /// A packet with its checksum completed; the field must hold the right pseudo-header sum before.
    private static func finished(_ packet: [UInt8], start: Int, offset: Int) throws -> [UInt8] {
        guard start >= 20, start + offset + 2 <= packet.count else { throw Fault(reason: "checksum outside") }
        let number: UInt8 = offset == 16 ? 6 : 17
        var packet = packet
        let pseudo = pseudoHeader(of: packet, start: start, number)
        let field = word(packet, start + offset)
        guard field == sum(pseudo) else { throw Fault(reason: "the pseudo-header's sum is wrong") }
        put(0, &packet, start + offset)
        put(transportChecksum(pseudo, Array(packet[start...]), number), &packet, start + offset)
        return packet
    }

    private static func pseudoHeader(of packet: [UInt8], start: Int, _ number: UInt8) -> [UInt8] {
        let count = packet.count - start
        let addresses = packet[0] >> 4 == 6 ? packet[8..<40] : packet[12..<20]
        return Array(addresses) + [0, 0, UInt8(count >> 8), UInt8(count & 255), 0, 0, 0, number]
    }

    static func word(_ bytes: [UInt8], _ offset: Int) -> UInt16 {
        UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
    }

    private static func native(_ bytes: [UInt8], _ offset: Int) -> UInt16 {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt16.self) }
    }

    private static func put(_ value: UInt16, _ bytes: inout [UInt8], _ offset: Int) {
        bytes[offset] = UInt8(value >> 8)
        bytes[offset + 1] = UInt8(value & 255)
    }
}
