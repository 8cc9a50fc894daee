import NetworkTypes
import Testing
import WireFormat

/// Datagrams on a stream, and those that wait for it.
@Suite struct StreamTests {
    private func datagram(_ first: UInt8, _ count: Int) -> [UInt8] {
        [first] + [UInt8](repeating: 7, count: count - 1)
    }

    private func drain(_ stream: inout [UInt8]) throws -> [[UInt8]] {
        var datagrams: [[UInt8]] = []
        try StreamFrames.drain(&stream) { datagrams.append(Array($0)) }
        return datagrams
    }

    @Test func `datagrams come back as they were, wherever the stream is cut`() throws {
        let sent = [1, 2, 255, 256, 1_400, 65_535].map { datagram(128, $0) }
        var stream: [UInt8] = []
        for datagram in sent { datagram.withUnsafeBytes { StreamFrames.append($0, to: &stream) } }
        #expect(Array(stream.prefix(6)) == [0, 1, 128, 0, 2, 128])
        for size in [1, 3, 1_000, stream.count] {
            var received: [[UInt8]] = []
            var rest: [UInt8] = []
            for start in stride(from: 0, to: stream.count, by: size) {
                rest += stream[start..<min(start + size, stream.count)]
                received += try drain(&rest)
            }
            #expect(received == sent && rest.isEmpty)
        }
    }

    @Test func `a beginning of any length only waits`() throws {
        var whole: [UInt8] = []
        datagram(131, 40).withUnsafeBytes { StreamFrames.append($0, to: &whole) }
        for count in 0..<whole.count {
            var stream = Array(whole[..<count])
            #expect(try drain(&stream).isEmpty)
            #expect(stream.count == count)
        }
    }

    @Test func `an empty frame is refused, after what stood before it`() throws {
        var stream: [UInt8] = [0, 1, 128, 0, 0, 0, 1, 128]
        var received: [[UInt8]] = []
        #expect(throws: WireError.self) { try StreamFrames.drain(&stream) { received.append(Array($0)) } }
        #expect(received == [[128]])
    }

    private static let start = Instant(nanoseconds: 1_000_000_000)

    private func add(_ datagram: [UInt8], to queue: inout FrameQueue, at now: Instant = Self.start) {
        datagram.withUnsafeBytes { queue.add($0, now: now) }
    }

    private func take(_ queue: inout FrameQueue, limit: Int = 1 << 20, at now: Instant = Self.start) throws -> [[UInt8]]
    {
        var stream: [UInt8] = []
        queue.take(into: &stream, limit: limit, now: now)
        return try drain(&stream)
    }

    @Test func `control overtakes data, and each keeps its order`() throws {
        var queue = FrameQueue()
        let data = [datagram(128, 10), datagram(129, 11), datagram(130, 12), datagram(132, 13)]
        let urgent = [datagram(131, 20), datagram(22, 21)]
        for index in 0..<4 {
            add(data[index], to: &queue)
            if index < 2 { add(urgent[index], to: &queue) }
        }
        #expect(queue.byteCount == 87)
        #expect(try take(&queue) == urgent + data)
        #expect(queue.isEmpty && queue.dropCount == 0)
    }

    @Test func `the oldest data makes room, and control is left alone`() throws {
        var queue = FrameQueue()
        add(datagram(131, 100), to: &queue)
        for number in 0..<1_000 { add([128, UInt8(number >> 8), UInt8(number & 255)] + datagram(0, 997), to: &queue) }
        #expect(queue.byteCount <= FrameQueue.dataByteLimit + 100)
        #expect(queue.dropCount == UInt64(1_000 - FrameQueue.dataByteLimit / 1_000))
        let taken = try take(&queue)
        #expect(taken.first == datagram(131, 100))
        #expect(taken.last?.prefix(3) == [128, 3, 231])
        #expect(taken.count == FrameQueue.dataByteLimit / 1_000 + 1)
    }

    @Test func `data that has waited too long is not sent, control is`() throws {
        var queue = FrameQueue()
        add(datagram(128, 10), to: &queue)
        add(datagram(131, 10), to: &queue)
        let later = Self.start + FrameQueue.dataAgeLimit + .milliseconds(1)
        add(datagram(128, 11), to: &queue, at: later)
        #expect(try take(&queue, at: later) == [datagram(131, 10), datagram(128, 11)])
        #expect(queue.dropCount == 1)
    }

    @Test func `a record is filled up to its limit, and one datagram always fits`() throws {
        var queue = FrameQueue()
        for _ in 0..<5 { add(datagram(128, 1_000), to: &queue) }
        #expect(try take(&queue, limit: 2_500).count == 2)
        #expect(try take(&queue, limit: 10).count == 1)
        #expect(try take(&queue).count == 2)
    }
}
