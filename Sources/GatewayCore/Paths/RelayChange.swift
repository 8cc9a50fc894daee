package import NetworkTypes

/// What becomes of the frames of relays.
package enum RelayChange: Equatable, Sendable {
    /// What goes to this endpoint travels in frames of `channel` to the relay at `via`, and what comes from there in
    /// such frames is from this endpoint. A later one replaces it.
    case open(Endpoint, channel: UInt32, via: Endpoint)
    case close(Endpoint)
    /// Frames of `channel` are passed on from each of two members to the other. A later one replaces it.
    case pass(channel: UInt32, Endpoint, Endpoint)
    case stop(channel: UInt32)
}
