import NetworkTypes
import PacketForwarding

/// One train as it came to the socket.
struct SentTrain: Equatable {
    var bytes: [UInt8]
    var segmentSize: Int
    var endpoint: Endpoint
    var trafficClass: UInt8

    var datagrams: [SentDatagram] {
        stride(from: 0, to: bytes.count, by: segmentSize).map { start in
            SentDatagram(
                bytes: Array(bytes[start..<min(start + segmentSize, bytes.count)]), trafficClass: trafficClass)
        }
    }
}

/// One datagram on the wire.
struct SentDatagram: Equatable {
    var bytes: [UInt8]
    var trafficClass: UInt8
}

/// What the control core was told.
enum Told: Equatable {
    case control([UInt8], NodeAddress, Endpoint)
    case sourceChanged(NodeAddress, Endpoint)
    case confirmed(NodeAddress, UInt32)
    case needsPath(NodeAddress)
}

/// All three sinks: keeps what comes.
final class Recorder: DatagramSink, FrameSink, ControlSink {
    var trains: [SentTrain] = []
    var frames: [[UInt8]] = []
    var told: [Told] = []
    /// Called with everything that is told, after it was recorded.
    var reaction: (Told) -> Void = { _ in }

    var datagrams: [SentDatagram] { trains.flatMap(\.datagrams) }

    func send(_ train: UnsafeRawBufferPointer, segmentSize: Int, to endpoint: Endpoint, trafficClass: UInt8) {
        trains.append(
            SentTrain(
                bytes: Array(train), segmentSize: segmentSize, endpoint: endpoint, trafficClass: trafficClass))
    }

    func write(_ frame: UnsafeRawBufferPointer) {
        frames.append(Array(frame))
    }

    func receivedControl(_ message: UnsafeRawBufferPointer, from node: NodeAddress, source: Endpoint) {
        tell(.control(Array(message), node, source))
    }

    func sourceChanged(_ node: NodeAddress, source: Endpoint) { tell(.sourceChanged(node, source)) }

    func confirmed(_ node: NodeAddress, localIndex: UInt32) { tell(.confirmed(node, localIndex)) }

    func needsPath(_ node: NodeAddress) { tell(.needsPath(node)) }

    private func tell(_ news: Told) {
        told.append(news)
        reaction(news)
    }
}
