package import NetworkTypes

/// What a path's datagrams travel by, the best first.
package enum PathMedium: UInt8, Comparable, Sendable, CaseIterable {
    /// UDP straight to the peer.
    case udp
    /// A TLS connection straight to the peer.
    case tcp
    /// Through one member that both have a direct path with; it passes sealed datagrams on and holds no keys.
    case relay
    /// The ring's hops.
    case overlay

    /// Datagrams on it have a largest size, which is to be found.
    package var hasMTU: Bool { self == .udp || self == .relay }
    /// No other member is in between.
    package var isDirect: Bool { self <= .tcp }

    package static func < (lhs: PathMedium, rhs: PathMedium) -> Bool { lhs.rawValue < rhs.rawValue }
}

extension Endpoint {
    /// By what datagrams to this endpoint travel: some endpoints stand for paths that are no UDP.
    package var medium: PathMedium {
        if isRelay { return .relay }
        if isStream { return .tcp }
        return isOverlay ? .overlay : .udp
    }

    /// Whether this is a place in the underlay, not something that stands for another kind of path. Only such
    /// endpoints are announced, taken from others and pinned in the kernel.
    package var isUnderlay: Bool { medium == .udp }
}
