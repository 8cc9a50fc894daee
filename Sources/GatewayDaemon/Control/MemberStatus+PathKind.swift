import ControlProtocol
import GatewayCore

extension MemberStatus {
    /// How the member is reached, in the words of the control protocol.
    var pathKind: PathKind { PathKind(medium) }
}

extension PathKind {
    /// What datagrams travel by; `nil` is down.
    init(_ medium: PathMedium?) {
        switch medium {
        case .udp: self = .directUDP
        case .tcp: self = .directTCP
        case .relay: self = .relay
        case .overlay: self = .overlay
        case nil: self = .down
        }
    }
}
