import Testing

@testable import WANEmulation

@Suite struct FrameKindTests {
    @Test(arguments: [
        (frame(to: 0x02, type: 0x0800), true), (frame(to: 0x02, type: 0x86dd), true),
        (frame(to: 0x02, type: 0x86dd, next: 58, message: 128), true),
        (frame(to: 0x02, type: 0x86dd, next: 58, message: 135), false),
        (frame(to: 0x02, type: 0x86dd, next: 58, message: 136), false),
        (frame(to: 0xff, type: 0x0800), false), (frame(to: 0x33, type: 0x86dd), false),
        (frame(to: 0x02, type: 0x0806), false), ([], false),
    ])
    func `unicast IP is traffic, but for neighbour discovery`(bytes: [UInt8], isTraffic: Bool) {
        #expect(bytes.withUnsafeBytes { FrameKind.isTraffic($0) } == isTraffic)
    }

    @Test func `a frame of any length is judged`() {
        let whole = frame(to: 0x02, type: 0x86dd, next: 58, message: 135)

        for count in 0...whole.count {
            _ = whole[..<count].withUnsafeBytes { FrameKind.isTraffic($0) }
        }
    }
}

/// An Ethernet frame whose parts that matter are given.
private func frame(to first: UInt8, type: UInt16, next: UInt8 = 17, message: UInt8 = 0) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 60)
    bytes[0] = first
    (bytes[12], bytes[13]) = (UInt8(type >> 8), UInt8(type & 0xff))
    bytes[20] = next
    bytes[54] = message
    return bytes
}
