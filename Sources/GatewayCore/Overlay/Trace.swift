package import NetworkTypes
import WireFormat

/// The way of a trace.
package struct TraceResult: Equatable, Sendable {
    /// One member on the way.
    package struct Hop: Equatable, Sendable {
        package var node: NodeAddress
        /// How the hop before reaches it, as that one says; `nil` when it did not say.
        package var link: TraceLink?
        /// From here to the hop and back; `nil` when it did not answer.
        package var roundTrip: Duration?
    }

    /// The members on the way, the destination last.
    package var way: [Hop]
    package var roundTrip: Duration
    /// Straight to the destination, not over the ring.
    package var isDirect: Bool

    /// The members' addresses.
    package var hops: [NodeAddress] { way.map(\.node) }
}

/// What a member knows of its path to another.
///
///     kind 1 | flags 1 | [endpoint] | [round trip 4] | length 1, reason
///
/// Flags: 1 endpoint, 2 round trip in microseconds.
package struct TraceLink: Equatable, Sendable {
    /// How datagrams get there.
    package enum Kind: UInt8, Sendable {
        case directUDP = 1
        case directTCP = 2
        case relay = 3
        case overlay = 4

        init(_ medium: PathMedium) {
            switch medium {
            case .udp: self = .directUDP
            case .tcp: self = .directTCP
            case .relay: self = .relay
            case .overlay: self = .overlay
            }
        }
    }

    package var kind: Kind
    package var endpoint: Endpoint?
    package var roundTrip: Duration?
    /// Why it is no direct UDP path: the code of a `LinkReason`.
    package var reason: String

    package init(kind: Kind, endpoint: Endpoint?, roundTrip: Duration?, reason: String) {
        self.kind = kind
        self.endpoint = endpoint
        self.roundTrip = roundTrip
        self.reason = reason
    }
}

extension WireWriter {
    /// As `TraceLink` draws it.
    mutating func write(_ link: TraceLink) {
        write(link.kind.rawValue)
        write(UInt8((link.endpoint == nil ? 0 : 1) | (link.roundTrip == nil ? 0 : 2)))
        if let endpoint = link.endpoint { write(endpoint) }
        if let roundTrip = link.roundTrip { write(UInt32(clamping: max(0, roundTrip.wholeMicroseconds))) }
        let reason = link.reason.utf8.prefix(OverlayLimits.traceReasonByteCount)
        write(UInt8(reason.count))
        write(raw: reason)
    }
}

extension WireReader {
    mutating func readTraceLink() throws(WireError) -> TraceLink {
        let tag = try readUInt8()
        guard let kind = TraceLink.Kind(rawValue: tag) else {
            throw .unknownValue(field: "path kind", value: UInt64(tag))
        }
        let flags = try readUInt8()
        let endpoint = flags & 1 != 0 ? try readEndpoint() : nil
        let roundTrip = flags & 2 != 0 ? Duration.microseconds(Int64(try readUInt32())) : nil
        let count = Int(try readUInt8())
        guard count <= OverlayLimits.traceReasonByteCount else {
            throw .tooLong(field: "reason", count: count, limit: OverlayLimits.traceReasonByteCount)
        }
        guard let reason = String(validating: try readBytes(count), as: UTF8.self) else {
            throw .invalid(field: "reason")
        }
        return TraceLink(kind: kind, endpoint: endpoint, roundTrip: roundTrip, reason: reason)
    }
}

/// A trace that waits for its answer, and then for what the hops say.
struct Trace {
    var token: UInt64
    var node: NodeAddress
    var sent: Instant
    var expires: Instant
    /// Tells the answers to this trace's questions from those to others.
    var number: UInt64
    /// Once the answer has come: the way, and when the hops were asked.
    var result: TraceResult?
    var asked: Instant?

    /// The next hop of each member that has not answered, and which hop it is.
    var silent: [(index: Int, node: NodeAddress, next: NodeAddress)] {
        guard let way = result?.way else { return [] }
        return way.indices.dropLast().filter { way[$0].roundTrip == nil }.map { ($0, way[$0].node, way[$0 + 1].node) }
    }
}

/// A ping that waits for its answer, or for a path to go by.
struct Echo {
    var token: UInt64
    var node: NodeAddress
    var sent: Instant?
    var expires: Instant
    /// A trace of a direct path ends with it.
    var isTrace = false
}
