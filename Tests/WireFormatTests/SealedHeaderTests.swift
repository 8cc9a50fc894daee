import NetworkTypes
import Testing
import WireFormat

@Suite struct SealedHeaderTests {
    private func bytes(_ header: SealedHeader) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xee, count: SealedHeader.byteCount)
        bytes.withUnsafeMutableBytes { header.write(to: $0.baseAddress!) }
        return bytes
    }

    @Test func `every field stands where the drawing has it`() {
        let header = SealedHeader(
            type: .segment, epoch: 0x5a, flags: [.partialChecksum, .first, .last], receiverIndex: 0x0102_0304,
            counter: 0x1112_1314_1516_1718)
        let expected: [UInt8] = [
            129, 0x5a,  // type, epoch
            0x03, 0x01,  // flags: last and first, partial checksum
            1, 2, 3, 4,  // receiver index
            0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,  // counter
        ]
        #expect(bytes(header) == expected)
    }

    @Test func `a header survives the wire`() {
        var random = SeededRandom(seed: 5)
        let types: [SealedType] = [.packet, .segment, .slice, .control]
        for _ in 0..<1_000 {
            let header = SealedHeader(
                type: types[Int(random.below(4))], epoch: UInt8(random.below(256)),
                flags: SealedFlags(rawValue: UInt16(random.below(65_536))),
                receiverIndex: UInt32(random.below(1 << 32)), counter: random.nextWord())
            let read = bytes(header).withUnsafeBytes { SealedHeader(reading: $0.baseAddress!) }
            #expect(read == header)
        }
    }

    @Test func `only our first bytes are ours`() {
        for first in UInt8.min...UInt8.max {
            var bytes = [UInt8](repeating: 0, count: SealedHeader.byteCount)
            bytes[0] = first
            let header = bytes.withUnsafeBytes { SealedHeader(reading: $0.baseAddress!) }
            #expect((header != nil) == (128...131).contains(first))
        }
    }

    @Test func `a slice's place does not disturb its neighbours`() {
        var flags: SealedFlags = [.partialChecksum, .validChecksum, .last]
        for index in 0..<SealedFlags.sliceCountLimit {
            flags.sliceIndex = index
            #expect(flags.sliceIndex == index)
            #expect(flags.contains([.partialChecksum, .validChecksum, .last]))
            #expect(!flags.contains(.first) && !flags.contains(.slicedControl))
        }
    }
}
