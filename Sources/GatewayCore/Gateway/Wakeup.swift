package import NetworkTypes

/// When the core wants `handleTimeout` called next, and what for: a loop that spins names its cause.
package struct Wakeup: Equatable, Sendable {
    /// What there will be to do.
    package enum Reason: String, Sendable {
        case bootstrap
        case confirmation
        case dial
        case directoryCopy
        case echoTimeout
        case expiry
        case handshake
        case hosts
        case pathMTU
        case pathReview
        case probe
        case probeTimeout
        case publication
        case publish
        case rekey
        case retire
        case review
        case ring
        case routes
        case store
        case trace
    }

    package var deadline: Instant
    package var reason: Reason

    package init(deadline: Instant, reason: Reason) {
        self.deadline = deadline
        self.reason = reason
    }
}
