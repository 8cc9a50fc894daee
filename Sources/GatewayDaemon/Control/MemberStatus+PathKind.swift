import ControlProtocol
import GatewayCore

extension MemberStatus {
    /// How the member is reached, in the words of the control protocol.
    var pathKind: PathKind {
        if isOverOverlay { return .overlay }
        return isLive ? isOverStream ? .directTCP : .directUDP : .down
    }
}
