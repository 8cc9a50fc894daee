import NetworkTypes

/// Limits and intervals of what the gateway does over the ring.
package enum OverlayLimits {
    /// Bytes of a ring message: a routed packet of 2,048 bytes of payload with a full trace of 64 members.
    package static let ringMessageByteCount = 4_096
    /// Bytes of a message of the store.
    package static let storeMessageByteCount = 1_024
    /// Payload of a sealed datagram over the overlay. With its own seal, the routed packet's head and that of the
    /// control message it is 1,156 bytes, which the smallest link carries in one datagram.
    package static let payload = 1_024
    /// Members that are known by their overlay endpoint, for handshakes and sessions over the overlay.
    package static let overlayPeers = 1_024
    /// How long a direct path may take before a handshake over the overlay begins beside it.
    package static let overlayDelay: Duration = .milliseconds(400)
    /// How long a session is kept after its last traffic.
    package static let trafficIdle: Duration = .seconds(300)
    /// How often sessions are looked at that nobody may need any more, and how old one is at least when it is closed.
    package static let reviewInterval: Duration = .seconds(30)
    package static let leastSessionAge: Duration = .seconds(60)
    /// How long the ring waits for a session that it asked for: a handshake's time and some more for a second round.
    package static let seekTime: Duration = .seconds(6)
    /// Silence on a link after which it is probed at once when something is sent over it.
    package static let silence: Duration = .seconds(1)
    /// How often missing claims are asked for.
    package static let claimInterval: Duration = .seconds(60)
    /// From the return of a silent member until all own leases are offered to their replicas again.
    package static let recheckDelay: Duration = .seconds(5)
    /// Traces that wait for their answers.
    package static let traces = 64
    /// How long a trace that has come back waits for what the members on the way say.
    package static let traceQuestionTime: Duration = .seconds(1)
    /// Bytes of the longest code of a reason; `peer-refused-certificate-address-blocks` has 39.
    package static let traceReasonByteCount = 48
    /// Bytes of a question: number 8, member 20, and of the longest answer to it mark 1, kind 1, flags 1, endpoint 19,
    /// round trip 4, reason 49.
    package static let traceQuestionByteCount = 103
    /// Members that a crawl asks at a time, how long it waits for one, and how often it asks.
    package static let crawlWindow = 32
    package static let crawlTimeout: Duration = .seconds(2)
    package static let crawlAttempts = 3
}
