import NetworkTypes

// Why a path is no better, from what both ends know of their NATs.
extension Gateway {
    /// Why the member's path is not direct UDP; `.ok` when it is.
    func pathReason(of member: Member) -> LinkReason {
        guard let medium = member.endpoint?.medium else { return member.reason }
        switch medium {
        case .udp:
            return .ok
        case .tcp:
            return .udpBlocked
        case .relay, .overlay:
            // What is better answers as well, and is not taken.
            if member.standbys.contains(where: { $0.medium < medium && $0.isUsable && $0.isSteady }) {
                return .betterPath
            }
            if isUDPBlocked || member.place.isUDPBlocked { return .udpBlocked }
            switch (mapping.isDependent, member.place.mapping.isDependent) {
            case (true, true): return .symmetricNATs
            case (false, true): return .peerNATSymmetric
            case (true, false): return .ownNATSymmetric
            case (false, false): break
            }
            switch member.reason {
            case .handshakeTimeout, .noEndpoint, .noAnswer:
                return member.punchSent == nil ? member.reason : .punchTimeout
            default:
                return member.reason == .ok ? .connecting : member.reason
            }
        }
    }
}
