package import NetworkTypes

/// Why a frame, a datagram or a packet was dropped. The raw value is its name in metrics, status and docs.
package enum DropReason: String, CaseIterable, Sendable {
    // On the way out, from the TAP.
    /// The frame or its offload header contradicts itself.
    case malformedFrame = "malformed-frame"
    /// Neither IPv4 nor IPv6.
    case notIP = "not-ip"
    /// The source address is in no exported subnet of this site.
    case sourceNotExported = "source-not-exported"
    /// The destination is multicast or broadcast.
    case notUnicast = "not-unicast"
    /// No site has announced the destination.
    case noRoute = "no-route"
    /// The destination's site has no path.
    case noPath = "no-path"
    /// Waited for a path and made room for newer packets.
    case waitingOverflow = "waiting-overflow"
    /// More slices than a packet may have.
    case tooLarge = "too-large"
    /// The source or the destination is an address of a bridged subnet of which it is not known where it is.
    case unknownHost = "unknown-host"
    /// ARP, DHCP, neighbour discovery and router advertisements stay in their LAN.
    case lanProtocol = "lan-protocol"
    /// The packet has passed as many routers as it may (RFC 791 §3.2, RFC 8200 §3).
    case lifetimeExceeded = "lifetime-exceeded"

    // On the way in, from the UDP socket.
    /// Too short, or not of a type that is ours.
    case malformedDatagram = "malformed-datagram"
    /// No key has this receiver index.
    case unknownIndex = "unknown-index"
    /// The tag is wrong.
    case notAuthentic = "not-authentic"
    /// The counter was seen before or is too old.
    case replayed = "replayed"
    /// An authentic datagram whose content is not a sound packet or slice.
    case malformedPacket = "malformed-packet"
    /// The source address is not the sending peer's.
    case sourceCheck = "source-check"
    /// The destination address is in no exported subnet of this site.
    case destinationNotExported = "destination-not-exported"
    /// Congestion was marked on the way, and the packet cannot carry the mark (RFC 6040 §4.2).
    case congestionMarked = "congestion-marked"
    /// Slices of a packet are missing.
    case slicesMissing = "slices-missing"

    /// Place among all reasons.
    var index: Int {
        switch self {
        case .malformedFrame: 0
        case .notIP: 1
        case .sourceNotExported: 2
        case .notUnicast: 3
        case .noRoute: 4
        case .noPath: 5
        case .waitingOverflow: 6
        case .tooLarge: 7
        case .malformedDatagram: 8
        case .unknownIndex: 9
        case .notAuthentic: 10
        case .replayed: 11
        case .malformedPacket: 12
        case .sourceCheck: 13
        case .destinationNotExported: 14
        case .congestionMarked: 15
        case .slicesMissing: 16
        case .unknownHost: 17
        case .lanProtocol: 18
        case .lifetimeExceeded: 19
        }
    }
}

/// What the data plane has done since it was made. A snapshot.
package struct ForwardingCounters: Sendable {
    /// Frames that came from the TAP; a super-packet is one.
    package var framesRead: UInt64 = 0
    /// Frames that went to the TAP; a super-packet is one. ICMP errors of the gateway are counted here too.
    package var framesWritten: UInt64 = 0
    /// Datagrams sealed and handed to the socket.
    package var datagramsSent: UInt64 = 0
    /// Calls of the datagram sink.
    package var trainsSent: UInt64 = 0
    /// Datagrams that came from the socket, sound or not.
    package var datagramsReceived: UInt64 = 0
    /// ICMP errors written to the TAP.
    package var errorsSent: UInt64 = 0
    /// MSS options lowered.
    package var segmentSizesClamped: UInt64 = 0
    /// Packets that went out in slices.
    package var packetsSliced: UInt64 = 0
    /// Packets that were joined from slices.
    package var packetsJoined: UInt64 = 0
    /// Frames of the LAN between other stations, which are left alone.
    package var framesIgnored: UInt64 = 0
    /// Frames of the LAN that the gateway itself has to answer or to learn from.
    package var framesTaken: UInt64 = 0
    /// By `DropReason.index`.
    var dropped: [UInt64] = Array(repeating: 0, count: DropReason.allCases.count)

    package init() {}

    /// How many were dropped for `reason`.
    package subscript(reason: DropReason) -> UInt64 { dropped[reason.index] }

    /// Every reason with its count, in the order of `DropReason.allCases`.
    package var drops: [(reason: DropReason, count: UInt64)] {
        DropReason.allCases.map { ($0, dropped[$0.index]) }
    }
}

/// What has passed between this gateway and one peer since it was added. A snapshot.
package struct PeerCounters: Sendable, Equatable {
    /// IP packets received and let through; each segment of a super-packet is one.
    package var receivedPackets: UInt64 = 0
    /// Their bytes, IP header included.
    package var receivedBytes: UInt64 = 0
    /// IP packets sent; each segment of a super-packet is one.
    package var sentPackets: UInt64 = 0
    /// Their bytes, IP header included.
    package var sentBytes: UInt64 = 0
    /// When the last authentic datagram of any kind came.
    package var lastReceived: Instant?
    /// When the last datagram of any kind went out.
    package var lastSent: Instant?
    /// Packets dropped because their source is not this peer's.
    package var sourceCheckDrops: UInt64 = 0
    /// Packets dropped because their destination is not exported here.
    package var destinationDrops: UInt64 = 0

    package init() {}
}
