/// Why a path was taken in place of another.
package enum PathChange: String, Equatable, Sendable {
    /// The old one did not answer any more.
    case failure
    /// The new one travels by something better: directly, say, in place of a relay.
    case medium
    /// The new one is clearly faster or loses less.
    case quality
    /// The peer sends from there now: it has moved, or has chosen.
    case peer
    /// The uplink of the old one is gone.
    case uplink
}
