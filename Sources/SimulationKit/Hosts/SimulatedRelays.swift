import GatewayCore
import NetworkTypes
import WireFormat

/// The part of a host's data plane that relays need: frames out, in, and on.
struct SimulatedRelays {
    private var ways: [(endpoint: Endpoint, channel: UInt32, via: Endpoint)] = []
    private var passed: [UInt32: (Endpoint, Endpoint)] = [:]

    mutating func change(_ change: RelayChange) {
        switch change {
        case .open(let endpoint, let channel, let via):
            ways.removeAll { $0.endpoint == endpoint }
            ways.append((endpoint, channel, via))
        case .close(let endpoint): ways.removeAll { $0.endpoint == endpoint }
        case .pass(let channel, let first, let second): passed[channel] = (first, second)
        case .stop(let channel): passed[channel] = nil
        }
    }

    /// The frame for an endpoint that stands for a relay, and where it goes.
    func frame(_ datagram: [UInt8], to endpoint: Endpoint) -> OutgoingDatagram? {
        guard let way = ways.first(where: { $0.endpoint == endpoint }) else { return nil }
        var frame = [UInt8](repeating: 0, count: RelayFrame.headerByteCount)
        frame.withUnsafeMutableBytes { RelayFrame.writeHeader(channel: way.channel, to: $0.baseAddress!) }
        return OutgoingDatagram(bytes: frame + datagram, destination: way.via)
    }

    /// What becomes of a frame from `source`: passed on, or the datagram in it and the endpoint it is from.
    enum Arrival {
        case passOn(OutgoingDatagram)
        case datagram([UInt8], from: Endpoint)
    }

    func arrival(of frame: [UInt8], from source: Endpoint) -> Arrival? {
        guard let channel = frame.withUnsafeBytes({ RelayFrame.channel(of: $0) }) else { return nil }
        if let (first, second) = passed[channel], first == source || second == source {
            return .passOn(OutgoingDatagram(bytes: frame, destination: first == source ? second : first))
        }
        guard let way = ways.first(where: { $0.channel == channel && $0.via == source }) else { return nil }
        return .datagram(Array(frame[RelayFrame.headerByteCount...]), from: way.endpoint)
    }
}
