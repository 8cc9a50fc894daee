package import LinkSecurity
package import NetworkTypes

/// A handshake with one endpoint: running, or finished and still answering repeated flights.
package struct HandshakeRun {
    /// Which end this gateway is.
    package enum Role: Equatable, Sendable {
        case client
        case server
    }

    package let role: Role
    package let engine: any HandshakeEngine
    /// The receiver index that the peer will use.
    package let localIndex: UInt32
    /// Whom a client means to reach; `nil` for a bootstrap address, of which only the endpoint is known.
    package let target: NodeAddress?
    /// The random of the client's hello: tells a repeated hello from a new one.
    package var clientRandom: [UInt8]?
    package var isFinished = false
    package var nextRetransmit: Instant
    /// Until what was due is repeated again.
    private var pause: Duration
    private var pauseLimit: Duration
    /// Until then it is repeated as soon each time.
    private var eagerUntil: Instant
    /// When the run is dropped: as failed while it runs, silently once finished.
    package var deadline: Instant

    package init(
        role: Role, engine: any HandshakeEngine, localIndex: UInt32, target: NodeAddress?,
        isSparing: Bool = false, lasts duration: Duration = HandshakeLimits.timeout, now: Instant
    ) {
        self.role = role
        self.engine = engine
        self.localIndex = localIndex
        self.target = target
        // The peer has been silent for minutes: three hellos must do.
        pauseLimit = isSparing ? HandshakeLimits.timeout : HandshakeLimits.retransmitLimit
        pause = isSparing ? SessionLimits.sparingInterval : HandshakeLimits.retransmitInterval
        eagerUntil = isSparing ? now : now + HandshakeLimits.eagerTime
        nextRetransmit = now + pause
        deadline = now + duration
    }

    /// What was due is repeated now: when it is repeated again.
    package mutating func retransmitted(now: Instant) {
        if now >= eagerUntil { pause = min(pause * 2, pauseLimit) }
        nextRetransmit = now + pause
    }

    /// The peer lives: from now on nothing is spared.
    package mutating func heard(now: Instant) {
        pause = HandshakeLimits.retransmitInterval
        pauseLimit = HandshakeLimits.retransmitLimit
        eagerUntil = now + HandshakeLimits.eagerTime
        nextRetransmit = min(nextRetransmit, now + pause)
    }

    /// When the run wants to be looked at.
    package var nextDeadline: Instant { isFinished ? deadline : min(nextRetransmit, deadline) }
}

/// What little of a DTLS datagram must be read outside the library: RFC 6347 §4.1 and §4.2.2, RFC 5246 §7.4.1.2.
///
///     0      1..2     3..4   5..10   11..12 | 13       14..24              25..26   27..58
///     type   version  epoch  number  length | message  length, sequence..  version  random
package enum DTLSDatagram {
    private static let handshakeRecord: UInt8 = 22
    private static let clientHello: UInt8 = 1

    /// The 32-byte random of a ClientHello; `nil` for every other datagram.
    package static func clientRandom(_ datagram: [UInt8]) -> [UInt8]? {
        guard datagram.count >= 59, datagram[0] == handshakeRecord, datagram[13] == clientHello else { return nil }
        return Array(datagram[27..<59])
    }
}
