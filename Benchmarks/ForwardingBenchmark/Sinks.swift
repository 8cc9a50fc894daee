import LinkSecurity
import NetworkTypes
import PacketForwarding

/// Copies like a cipher and takes every tag for right: what is left is the cost of the data plane itself.
final class CopyingCipher: PacketCipher {
    func seal(header: UnsafeRawPointer, plaintext: UnsafeRawPointer, byteCount: Int, output: UnsafeMutableRawPointer) {
        output.copyMemory(from: plaintext, byteCount: byteCount)
    }

    func open(
        header: UnsafeRawPointer, ciphertext: UnsafeRawPointer, byteCount: Int, output: UnsafeMutableRawPointer
    ) -> Bool {
        output.copyMemory(from: ciphertext, byteCount: byteCount - 16)
        return true
    }
}

/// Keeps the trains of one batch in a buffer that was allocated once, and counts.
final class Wire: DatagramSink, FrameSink, ControlSink {
    static let trainLimit = 64
    private let storage = UnsafeMutableRawPointer.allocate(byteCount: Wire.trainLimit * 65_536, alignment: 64)
    private let sizes = UnsafeMutablePointer<(byteCount: Int, segmentSize: Int)>.allocate(capacity: Wire.trainLimit)
    private(set) var trainCount = 0
    private(set) var datagramCount = 0
    private(set) var frameCount = 0

    deinit {
        storage.deallocate()
        sizes.deallocate()
    }

    func clear() {
        trainCount = 0
        datagramCount = 0
        frameCount = 0
    }

    func train(_ index: Int) -> (bytes: UnsafeMutableRawBufferPointer, segmentSize: Int) {
        let start = storage + index * 65_536
        return (UnsafeMutableRawBufferPointer(start: start, count: sizes[index].byteCount), sizes[index].segmentSize)
    }

    func send(_ train: UnsafeRawBufferPointer, segmentSize: Int, to endpoint: Endpoint, trafficClass: UInt8) {
        precondition(trainCount < Self.trainLimit, "a batch has fewer trains")
        if let source = train.baseAddress {
            (storage + trainCount * 65_536).copyMemory(from: source, byteCount: train.count)
        }
        (sizes + trainCount).initialize(to: (train.count, segmentSize))
        trainCount += 1
        datagramCount += (train.count + segmentSize - 1) / segmentSize
    }

    func write(_ frame: UnsafeRawBufferPointer) { frameCount += 1 }

    func receivedControl(_ message: UnsafeRawBufferPointer, from node: NodeAddress, source: Endpoint) {}
    func sourceChanged(_ node: NodeAddress, source: Endpoint) {}
    func confirmed(_ node: NodeAddress, localIndex: UInt32) {}
    func needsPath(_ node: NodeAddress) {}
}
