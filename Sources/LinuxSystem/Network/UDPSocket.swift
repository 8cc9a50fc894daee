import CLinuxShims
import Glibc
package import NetworkTypes

/// What one receive brought: one datagram, or a train of them from one source that the kernel has coalesced.
package struct ReceivedDatagrams: Equatable, Sendable {
    /// Bytes in the buffer.
    package let byteCount: Int
    /// Bytes of each datagram; the last may be shorter. At least 1.
    package let segmentSize: Int
    /// Who sent it; an IPv4-mapped address is given as the v4 address.
    package let source: Endpoint
    /// The own address that it was sent to, and the interface by which it came.
    package let local: LocalOrigin
    /// DSCP and ECN of the IP header (RFC 2474, RFC 3168), the same for the whole train.
    package let trafficClass: UInt8
}

/// What became of a train.
package enum DatagramSendResult: Equatable, Sendable {
    /// The kernel has it all.
    case sent
    /// The socket's buffer is full. A train that goes out one by one may have gone in part: who sends it again sends
    /// that part twice, which the receiver's replay window drops.
    case wouldBlock
    /// A datagram is larger than the interface takes.
    case tooBig
    /// Not sent; the error number says why (no route, forbidden by a firewall).
    case failed(Int32)
}

/// How a `UDPSocket` is to be opened.
package struct UDPSocketOptions: Sendable {
    /// Whether a v6 socket leaves v4 alone. Meaningless for v4 sockets.
    package var v6Only = true
    /// Hand trains to the kernel in one call (UDP_SEGMENT) where it can.
    package var usesSegmentation = true
    /// Let the kernel coalesce received trains (UDP_GRO) where it can.
    package var usesCoalescing = true
    /// Bytes of buffer asked for in each direction. 8 MB hold 50 ms at 1.3 Gbit/s; without CAP_NET_ADMIN the system's
    /// own limit holds.
    package var bufferByteCount = 8 << 20
    /// The firewall mark of what is sent, for routing rules that keep the underlay out of the overlay.
    package var mark: UInt32?

    package init() {}
}

/// The underlay's socket: unconnected, non-blocking, with the don't-fragment bit set and no path MTU but the caller's.
package final class UDPSocket {
    /// What is usual for a buffer given to `receive`: the longest datagram or train.
    package static let receiveByteCount = 65_536

    private let descriptor: FileDescriptor
    package let family: AddressFamily
    /// Where the socket is bound.
    package let local: Endpoint
    /// Whether trains are handed over whole. Becomes `false` for good when a device turns out not to take them.
    package private(set) var segmentsInKernel: Bool
    /// Whether received trains come whole.
    package let coalescesInKernel: Bool
    /// How many datagrams were dropped because the buffer given to `receive` was too small.
    package private(set) var truncatedDatagrams: UInt64 = 0

    /// What the poller watches.
    package var rawDescriptor: Int32 { descriptor.rawValue }
    /// The port that the socket is bound to.
    package var localPort: UInt16 { local.port }

    /// Opens and binds a socket; `address` nil means any, port 0 lets the kernel choose.
    package init(
        family: AddressFamily, address: IPAddress? = nil, port: UInt16, options: UDPSocketOptions = UDPSocketOptions()
    ) throws(SystemError) {
        let wanted = Endpoint(address: address ?? family.unspecified, port: port)
        let number = try SystemCall.shim("socket") {
            ipop_udp_open(Int32(family.rawValue), options.v6Only ? 1 : 0)
        }
        // The owner exists before anything can throw, so that nothing leaks.
        let descriptor = FileDescriptor(adopting: number)
        try SystemCall.shim("setsockopt SO_RCVBUF") {
            ipop_udp_set_buffers(number, Int32(clamping: options.bufferByteCount))
        }
        if let mark = options.mark {
            try SystemCall.shim("setsockopt SO_MARK") { ipop_udp_set_mark(number, mark) }
        }
        var bound = ipop_endpoint(wanted)
        try SystemCall.shim("bind", "\(wanted)") { ipop_udp_bind(number, Int32(family.rawValue), &bound) }
        try SystemCall.shim("getsockname") { ipop_udp_local(number, &bound) }
        segmentsInKernel = options.usesSegmentation && ipop_udp_probe_segmentation(number) >= 0
        coalescesInKernel = options.usesCoalescing && ipop_udp_set_coalescing(number, 1) >= 0
        local = bound.endpoint
        self.family = family
        self.descriptor = descriptor
    }

    /// Receives a datagram or a train; `nil` when there is none. Allocates nothing.
    ///
    /// `buffer` has room for `receiveByteCount`; a longer datagram than the buffer is dropped and counted. Empty
    /// datagrams are skipped. An error that an earlier send left on the socket is not reported here: it says nothing
    /// about this one.
    package func receive(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> ReceivedDatagrams? {
        // Bounded: a flood of empty datagrams must not keep the loop here. The next call goes on.
        for _ in 0..<Self.skipLimit {
            var received = ipop_datagrams()
            let count = ipop_udp_receive(descriptor.rawValue, buffer.baseAddress, buffer.count, &received)
            if count > 0, received.truncated == 0 {
                return ReceivedDatagrams(
                    byteCount: count, segmentSize: Int(received.segment_size), source: received.source.endpoint,
                    local: received.local.origin, trafficClass: received.traffic_class)
            }
            if count > 0 { truncatedDatagrams += 1 }
            if count >= 0 { continue }
            let number = Int32(-count)
            if number == EAGAIN { return nil }
            if number != EINTR, !Self.isLeftBehind(number) { throw SystemCall.failure("recvmsg", number) }
        }
        return nil
    }

    /// Sends `train` to `destination`, cut into datagrams of `segmentSize` bytes, the last as long as what is left.
    /// Allocates nothing.
    ///
    /// The caller keeps to the kernel's limits: at most 64 datagrams and 65,507 bytes in a train. The kernel's routes
    /// choose address and interface as far as `origin` does not.
    package func send(
        _ train: UnsafeRawBufferPointer, segmentSize: Int, to destination: Endpoint, trafficClass: UInt8,
        from origin: LocalOrigin = .any
    ) -> DatagramSendResult {
        precondition(segmentSize > 0 && segmentSize <= 65_507, "a datagram has 1 to 65,507 bytes")
        var call = SendCall(target: ipop_endpoint(destination), origin: ipop_origin(origin), trafficClass: trafficClass)
        if train.count <= segmentSize { return transmit(train, 0, &call) }
        if segmentsInKernel {
            let result = transmit(train, UInt16(segmentSize), &call)
            switch result {
            case .failed(EIO), .failed(EOPNOTSUPP), .failed(ENOPROTOOPT):
                // The device cannot complete checksums, or the kernel does not know the option after all.
                segmentsInKernel = false
            case .failed(EINVAL):
                // What kernels before 6.13 say to a segment that is too long; one by one they tell the truth.
                break
            case .sent, .wouldBlock, .tooBig, .failed:
                return result
            }
        }
        return transmitOneByOne(train, segmentSize, &call)
    }

    /// What the calls for one train have in common.
    private struct SendCall {
        var target: ipop_endpoint
        var origin: ipop_origin
        let trafficClass: UInt8
    }

    private func transmitOneByOne(
        _ train: UnsafeRawBufferPointer, _ segmentSize: Int, _ call: inout SendCall
    ) -> DatagramSendResult {
        var start = 0
        while start < train.count {
            let end = min(start + segmentSize, train.count)
            let result = transmit(UnsafeRawBufferPointer(rebasing: train[start..<end]), 0, &call)
            guard result == .sent else { return result }
            start = end
        }
        return .sent
    }

    /// One call of sendmsg, made again when it only delivered an older datagram's error.
    private func transmit(
        _ bytes: UnsafeRawBufferPointer, _ segmentSize: UInt16, _ call: inout SendCall
    ) -> DatagramSendResult {
        var mayRepeat = true
        while true {
            let result = ipop_udp_send(
                descriptor.rawValue, Int32(family.rawValue), bytes.baseAddress, bytes.count, segmentSize, &call.target,
                call.trafficClass, &call.origin)
            if result >= 0 { return .sent }
            let number = Int32(-result)
            switch number {
            case EINTR:
                continue
            case EAGAIN:
                return .wouldBlock
            case EMSGSIZE:
                return .tooBig
            case _ where mayRepeat && Self.isLeftBehind(number):
                mayRepeat = false
            default:
                _ = SystemCall.failure("sendmsg", number)
                return .failed(number)
            }
        }
    }

    /// How many datagrams one `receive` may skip.
    private static let skipLimit = 64

    /// Whether an error may come from an ICMP message about an earlier datagram (ip(7), "IP_RECVERR" and SO_ERROR).
    private static func isLeftBehind(_ number: Int32) -> Bool {
        switch number {
        case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, ENOPROTOOPT, EPROTO, ECONNRESET: true
        default: false
        }
    }
}
