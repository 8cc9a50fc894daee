import ControlProtocol
import LinuxSystem
import NATTraversal

extension Daemon {
    /// Answers a STUN client (RFC 8489), whoever it is: from the address that it asked, so that a NAT lets the answer
    /// in. Allocates nothing.
    func answerSTUN(_ bytes: UnsafeRawBufferPointer, _ received: ReceivedDatagrams, through socket: UDPSocket) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let request = UnsafeRawBufferPointer(rebasing: rest.prefix(received.segmentSize))
            rest = rest.dropFirst(received.segmentSize)
            let count = responder.answer(request.bytes, from: received.source, now: now, into: answerBuffer)
            guard count > 0 else { continue }
            let answer = UnsafeRawBufferPointer(rebasing: answerBuffer[..<count])
            // What the kernel does not take now is lost, as any datagram may be; the client asks again.
            _ = socket.send(
                answer, segmentSize: count, to: received.source, trafficClass: 0, from: received.local.addressOnly)
        }
    }

    /// Datagrams that were neither a member's nor answered, by reason.
    var strangerDrops: [DropCount] {
        [
            DropCount(reason: "unknown-first-byte", packets: unknownDatagrams),
            DropCount(reason: "stun-malformed", packets: responder.malformed),
            DropCount(reason: "stun-pace", packets: responder.paced),
        ]
    }
}
