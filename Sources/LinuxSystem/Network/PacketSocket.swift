import CLinuxShims
import Glibc

/// All frames that come in by an interface, and a way to send some by it (packet(7)). Each frame stands behind a
/// virtio-net header of `headerByteCount` bytes, which hands checksums that an offload has left undone from one
/// interface to the next.
package final class PacketSocket {
    /// Bytes before each frame.
    package static let headerByteCount = Int(IPOP_FRAME_HEADER)
    /// Bytes of buffer in each direction: 50 ms of full frames at 1.3 Gbit/s.
    private static let bufferByteCount: Int32 = 8 << 20

    private let descriptor: FileDescriptor

    /// What the poller watches.
    package var rawDescriptor: Int32 { descriptor.rawValue }

    /// Opens a socket on an interface of the calling thread's network namespace. It needs CAP_NET_RAW, and
    /// CAP_NET_ADMIN for its buffers.
    ///
    /// - Parameter receives: whether frames that come in are wanted, as against a socket to send by alone.
    package init(interface: String, receives: Bool = true) throws(SystemError) {
        descriptor = FileDescriptor(
            adopting: try SystemCall.shim("socket", interface) {
                ipop_packet_open(interface, Self.bufferByteCount, receives ? 1 : 0)
            })
    }

    /// Receives frames that have come into the places of `frames`, each of which says how much room it has, and then
    /// how much came. Returns how many came, always into the first ones; 0 when none has, or the interface is down.
    package func receive(_ frames: FrameBatch) throws(SystemError) -> Int {
        while true {
            let count = ipop_packet_receive(descriptor.rawValue, frames.places, Int32(frames.count))
            switch -count {
            case ...0: return Int(count)
            case EINTR: continue
            case EAGAIN, ENETDOWN: return 0
            case let number: throw SystemCall.failure("recvmmsg", number)
            }
        }
    }

    /// Sends all of `frames`. Returns how many the kernel has taken, always of the first ones; the one behind them
    /// cannot be sent now.
    package func send(_ frames: FrameBatch) -> Int {
        while true {
            let count = ipop_packet_send(descriptor.rawValue, frames.places, Int32(frames.count))
            if count != -EINTR { return Int(max(0, count)) }
        }
    }

    /// How many frames had no room in the socket's buffer since the last call.
    package func missed() throws(SystemError) -> UInt64 {
        var count: UInt32 = 0
        try SystemCall.shim("getsockopt PACKET_STATISTICS") { ipop_packet_missed(descriptor.rawValue, &count) }
        return UInt64(count)
    }
}

/// Places of frames, for one call: memory of the caller's, which must stay until the call is over.
package final class FrameBatch {
    /// The most frames that one call moves.
    package static let limit = Int(IPOP_FRAME_LIMIT)

    fileprivate let places: UnsafeMutablePointer<ipop_frame>
    /// How many places there are.
    package private(set) var count = 0

    /// A batch without places.
    package init() {
        places = .allocate(capacity: Self.limit)
        places.initialize(repeating: ipop_frame(), count: Self.limit)
    }

    deinit { places.deallocate() }

    /// Whether another place would be too many.
    package var isFull: Bool { count == Self.limit }

    /// Adds a place: `byteCount` bytes of room to receive into, or of header and frame to send.
    package func append(_ bytes: UnsafeMutableRawPointer, byteCount: Int) {
        precondition(count < Self.limit, "a batch is sent when it is full")
        places[count] = ipop_frame(bytes: bytes, byte_count: UInt32(byteCount), truncated: 0)
        count += 1
    }

    /// Leaves no place.
    package func removeAll() { count = 0 }

    /// Leaves the first `number` places.
    package func keep(first number: Int) { count = min(number, count) }

    /// Leaves all but the first `number` places.
    package func remove(first number: Int) {
        for index in number..<max(number, count) { places[index - number] = places[index] }
        count -= min(number, count)
    }

    /// Header and frame in a place, after receiving; nil when the place was too small for it.
    package func frame(_ index: Int) -> UnsafeRawBufferPointer? {
        let place = places[index]
        return place.truncated == 0 ? UnsafeRawBufferPointer(start: place.bytes, count: Int(place.byte_count)) : nil
    }
}
