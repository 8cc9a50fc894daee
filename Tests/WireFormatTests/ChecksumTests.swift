import NetworkTypes
import Testing
import WireFormat

/// The sum of RFC 1071, against one that is made word by word.
@Suite struct ChecksumTests {
    @Test func `sums agree with the reference at every length and place`() {
        var random = SeededRandom(seed: 5)
        for count in 0..<130 {
            let bytes = Self.bytes(count + 3, &random)
            for place in 0..<3 {
                let start = UInt16(random.below(65_536))
                let sum = bytes.withUnsafeBytes { InternetChecksum.sum($0.baseAddress! + place, count, start: start) }
                let startBytes = [UInt8(start >> 8), UInt8(start & 255)]
                let expected = Self.reference(startBytes + bytes[place..<place + count])
                // 0 and 0xffff are the same number.
                #expect(sum % 0xffff == expected % 0xffff)
            }
        }
        let full = [UInt8](repeating: 0xff, count: 65_535)
        #expect(full.withUnsafeBytes { InternetChecksum.sum($0.baseAddress!, full.count) } == Self.reference(full))
    }

    @Test func `a checksum is mended as if it were computed anew`() {
        var random = SeededRandom(seed: 6)
        for _ in 0..<5_000 {
            var bytes = Self.bytes(20, &random)
            let old = UInt16(bytes[4]) << 8 | UInt16(bytes[5])
            let before = ~Self.reference(bytes)
            let new = UInt16(random.below(65_536))
            (bytes[4], bytes[5]) = (UInt8(new >> 8), UInt8(new & 255))
            #expect(InternetChecksum.updated(before, from: old, to: new) == ~Self.reference(bytes))
        }
    }

    @Test func `what comes in pieces of even length sums up as the whole`() {
        var random = SeededRandom(seed: 7)
        for count in 1..<100 {
            let bytes = Self.bytes(count, &random)
            let cut = Int(random.below(UInt64(count))) & ~1
            var sum = InternetSum()
            sum.add(Array(bytes[..<cut]))
            sum.add(bytes.span.bytes.extracting(cut...))
            sum.add([])

            #expect(sum.checksum == ~Self.reference(bytes))
        }
    }

    @Test(arguments: [("192.0.2.1", "198.51.100.7"), ("2001:db8::1", "fd00::7")])
    func `a packet with its checksum sums up to 0, with the pseudo-header before it`(source: String, target: String)
        throws
    {
        let (source, target) = (try #require(IPAddress(source)), try #require(IPAddress(target)))
        var random = SeededRandom(seed: 8)
        for count in 8..<80 {
            var datagram = Self.bytes(count, &random)
            (datagram[6], datagram[7]) = (0, 0)
            var sum = InternetSum(from: source, to: target, transport: 17, byteCount: count)
            sum.add(datagram)
            let pseudo = source.bytes + target.bytes + [0, 0, UInt8(count >> 8), UInt8(count & 255), 0, 0, 0, 17]
            #expect(sum.checksum == ~Self.reference(pseudo + datagram))

            (datagram[6], datagram[7]) = (UInt8(sum.checksum >> 8), UInt8(sum.checksum & 255))
            var whole = InternetSum(from: source, to: target, transport: 17, byteCount: count)
            whole.add(datagram)
            #expect(whole.checksum == 0)
        }
    }

    private static func reference(_ bytes: [UInt8]) -> UInt16 {
        var total: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            total += UInt32(bytes[index]) << 8 + (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
            total = total & 0xffff + total >> 16
        }
        return UInt16(total)
    }

    private static func bytes(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
        (0..<count).map { _ in UInt8(random.below(256)) }
    }
}
