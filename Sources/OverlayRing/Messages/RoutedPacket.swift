package import NetworkTypes
import WireFormat

/// Where a routed packet is handed over.
///
/// Only packets to an exact address turn and go round the other way when the short way ends at a gap, two neighbours
/// that cannot talk. The other modes end there, at a member near the target: enough for the ring's own requests,
/// which come again; who routes foreign packets by them has to expect it.
package enum DeliveryMode: UInt8, Sendable {
    /// At the member with exactly the destination's address, or nowhere.
    case exact = 0
    /// At the member nearest to the destination, whichever side it is on.
    case nearest = 1
    /// At the first member clockwise of the destination.
    case successor = 2
    /// At the first member counter-clockwise of the destination.
    case predecessor = 3

    /// How far `node` is from `target` by this mode's measure: every hop makes it less.
    func distance(of node: NodeAddress, from target: NodeAddress) -> RingDistance {
        switch self {
        case .exact, .nearest: node.ringDistance(to: target)
        case .successor: target.clockwiseDistance(to: node)
        case .predecessor: node.clockwiseDistance(to: target)
        }
    }
}

/// Which way round the ring a packet goes that has turned.
package enum RingTurn: UInt8, Sendable {
    case clockwise = 1
    case counterClockwise = 2

    /// The measure that every further hop makes less: who goes clockwise comes to the target from below.
    var measure: DeliveryMode { self == .clockwise ? .predecessor : .successor }
}

/// A packet on its way over the ring.
///
///     0      1      2       3      4       5        6        26            46
///     | kind | mode | flags | hops | limit | uphill | source | destination | [via] [floor] [trace] payload
///
/// Flags: 1 trace, 2 via, 4 floor, 8 and 16 turned (clockwise, counter-clockwise). The trace is an 8-bit count and
/// addresses, the payload has a 16-bit length.
package struct RoutedPacket: Equatable, Sendable {
    /// Kinds below this are the ring's own; the others belong to whoever embeds it.
    package static let firstForeignKind: UInt8 = 16

    package var kind: UInt8
    package var mode: DeliveryMode
    /// Hops taken so far.
    package var hopCount: UInt8 = 0
    package var hopLimit = UInt8(RingLimits.hops)
    /// Hops away from the destination taken so far.
    package var uphillCount: UInt8 = 0
    package var source: NodeAddress
    package var destination: NodeAddress
    /// A member to go to first: it is linked with a destination that the ring does not know yet.
    package var via: NodeAddress?
    /// Where the packet left the way down: from here on only members nearer than this one may have it. So no member
    /// gets it twice on the way down, whatever the hop limit.
    package var floor: NodeAddress?
    /// The way it goes round the ring since the short way has ended at a gap; `nil` before.
    package var turn: RingTurn?
    /// The members that forwarded it, the source first; `nil` when nobody asked.
    package var trace: [NodeAddress]?
    package var payload: [UInt8]

    package init(
        kind: UInt8, mode: DeliveryMode, source: NodeAddress, destination: NodeAddress, payload: [UInt8]
    ) {
        self.kind = kind
        self.mode = mode
        self.source = source
        self.destination = destination
        self.payload = payload
    }

    func write(to writer: inout WireWriter) {
        writer.write(kind)
        writer.write(mode.rawValue)
        let marks: UInt8 = (trace == nil ? 0 : 1) | (via == nil ? 0 : 2) | (floor == nil ? 0 : 4)
        writer.write(marks | (turn?.rawValue ?? 0) << 3)
        writer.write(hopCount)
        writer.write(hopLimit)
        writer.write(uphillCount)
        writer.write(address: source)
        writer.write(address: destination)
        if let via { writer.write(address: via) }
        if let floor { writer.write(address: floor) }
        if let trace {
            writer.write(UInt8(trace.count))
            for node in trace { writer.write(address: node) }
        }
        writer.write(block: payload)
    }

    /// Reads a packet, without its payload when it will not be looked at here.
    init(reading reader: inout WireReader, isPassing: Bool = false) throws(WireError) {
        kind = try reader.readUInt8()
        let modeByte = try reader.readUInt8()
        guard let mode = DeliveryMode(rawValue: modeByte) else {
            throw .unknownValue(field: "delivery mode", value: UInt64(modeByte))
        }
        self.mode = mode
        let flags = try reader.readUInt8()
        hopCount = try reader.readUInt8()
        hopLimit = min(try reader.readUInt8(), UInt8(RingLimits.hops))
        uphillCount = try reader.readUInt8()
        source = try reader.readAddress()
        destination = try reader.readAddress()
        via = flags & 2 != 0 ? try reader.readAddress() : nil
        floor = flags & 4 != 0 ? try reader.readAddress() : nil
        trace = flags & 1 != 0 ? try Self.readTrace(&reader) : nil
        turn = RingTurn(rawValue: flags >> 3 & 3)
        guard isPassing else {
            payload = try reader.readBlock("payload", limit: RingLimits.payloadByteCount)
            return
        }
        payload = []
        let count = Int(try reader.readUInt16())
        guard count <= RingLimits.payloadByteCount else {
            throw .tooLong(field: "payload", count: count, limit: RingLimits.payloadByteCount)
        }
        try reader.skip(count)
    }

    private static func readTrace(_ reader: inout WireReader) throws(WireError) -> [NodeAddress] {
        let count = Int(try reader.readUInt8())
        guard count <= RingLimits.hops else {
            throw .tooLong(field: "trace", count: count, limit: RingLimits.hops)
        }
        var trace: [NodeAddress] = []
        for _ in 0..<count { trace.append(try reader.readAddress()) }
        return trace
    }
}
