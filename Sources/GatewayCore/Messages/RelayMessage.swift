package import NetworkTypes
import WireFormat

/// What gateways say to each other about relays: members that pass sealed datagrams on between two others.
///
///     A --request(B)--> relay --offer(A, channel)--> B
///     A <--answer(B)--- relay
///     A <-> frames of channel <-> relay <-> frames of channel <-> B
///     A --closed(channel)--> relay --closed(channel)--> B
package enum RelayMessage: Equatable, Sendable {
    /// Asks the receiver to pass datagrams on between the sender and `target`, or to go on with it.
    case request(target: NodeAddress)
    case answer(target: NodeAddress, RelayAnswer)
    /// The sender passes datagrams on between the receiver and `peer`, which asked for it.
    case offer(peer: NodeAddress, channel: UInt32)
    /// The relay has closed a channel, or an end of it has no more use for it.
    case closed(channel: UInt32)

    private enum Tag: UInt8 {
        case request = 1
        case answer = 2
        case offer = 3
        case closed = 4
    }

    func write(to writer: inout WireWriter) {
        switch self {
        case .request(let target):
            writer.write(Tag.request.rawValue)
            writer.write(target)
        case .answer(let target, let answer):
            writer.write(Tag.answer.rawValue)
            writer.write(target)
            answer.write(to: &writer)
        case .offer(let peer, let channel):
            writer.write(Tag.offer.rawValue)
            writer.write(peer)
            writer.write(channel)
        case .closed(let channel):
            writer.write(Tag.closed.rawValue)
            writer.write(channel)
        }
    }

    init(reading reader: inout WireReader) throws(WireError) {
        let tag = try reader.readUInt8()
        switch Tag(rawValue: tag) {
        case .request:
            self = .request(target: try reader.readNodeAddress())
        case .answer:
            let target = try reader.readNodeAddress()
            self = .answer(target: target, try RelayAnswer(reading: &reader))
        case .offer:
            let peer = try reader.readNodeAddress()
            self = .offer(peer: peer, channel: try reader.readUInt32())
        case .closed:
            self = .closed(channel: try reader.readUInt32())
        case nil:
            throw .unknownValue(field: "relay message", value: UInt64(tag))
        }
    }
}
