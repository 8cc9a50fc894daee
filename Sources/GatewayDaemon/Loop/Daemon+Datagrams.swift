import GatewayCore
import NetworkTypes
import PacketForwarding
import WireFormat

// Where datagrams of the underlay go, whatever they came by: UDP, a stream, a relay's frames.
extension Daemon {
    /// Takes datagrams of one source; the first byte tells what they are (RFC 7983). Returns whether they were
    /// handshakes.
    func takeDatagrams(
        _ bytes: UnsafeMutableRawBufferPointer, segmentSize: Int, source: Endpoint, trafficClass: UInt8
    ) -> Bool {
        switch bytes.first ?? 0 {
        case 128...131:
            plane.receiveDatagrams(bytes, segmentSize: segmentSize, source: source, trafficClass: trafficClass)
            return false
        case RelayFrame.type:
            return takeFrames(bytes, segmentSize: segmentSize, source: source, trafficClass: trafficClass)
        case 20...63:
            var rest = bytes[...]
            while !rest.isEmpty {
                let datagram = Array(rest.prefix(segmentSize))
                rest = rest.dropFirst(segmentSize)
                gateway.receiveHandshake(datagram, from: source, now: now, effects: &effects)
            }
            return true
        default:
            unknownDatagrams += 1
            return false
        }
    }

    /// Takes frames of relays: others' are passed on; what is in this gateway's own comes from the endpoint that stands
    /// for the relay, of which no frames are taken.
    private func takeFrames(
        _ frames: UnsafeMutableRawBufferPointer, segmentSize: Int, source: Endpoint, trafficClass: UInt8
    ) -> Bool {
        var hasHandshakes = false
        ports.relays.receive(
            frames, segmentSize: segmentSize, source: source,
            passOn: { frames, destination in
                ports.passOn(frames, segmentSize: segmentSize, to: destination, trafficClass: trafficClass)
            },
            deliver: { datagrams, segmentSize, source in
                let areHandshakes = takeDatagrams(
                    datagrams, segmentSize: segmentSize, source: source, trafficClass: trafficClass)
                hasHandshakes = hasHandshakes || areHandshakes
            })
        return hasHandshakes
    }
}
