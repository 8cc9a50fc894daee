/// Why a site's path is what it is: `reason` of a site in `ipop status --json`. A closed list; codes are only ever
/// added.
package enum PathReason: String, Sendable, CaseIterable {
    case ok
    case connecting
    case onDemand = "on-demand"
    case noEndpoint = "no-endpoint"
    case handshakeTimeout = "handshake-timeout"
    case protocolError = "protocol-error"
    case noAnswer = "no-answer"
    case networkUnreachable = "network-unreachable"
    case peerStopped = "peer-stopped"
    case withdrawn
    case announcementExpired = "announcement-expired"
    case refusedByPolicy = "refused-by-policy"
    case versionMismatch = "version-mismatch"
    case symmetricNATs = "symmetric-nats"
    case udpBlocked = "udp-blocked"
    case peerNATSymmetric = "peer-nat-symmetric"
    case ownNATSymmetric = "own-nat-symmetric"
    case punchTimeout = "punch-timeout"
    case betterPath = "better-path"

    case certificateMalformed = "certificate-malformed"
    case certificateUntrusted = "certificate-untrusted"
    case certificateWrongGrid = "certificate-wrong-grid"
    case certificateExpired = "certificate-expired"
    case certificateNotYetValid = "certificate-not-yet-valid"
    case certificateRevoked = "certificate-revoked"
    case certificateAddressBlocks = "certificate-address-blocks"
    case certificateMissing = "certificate-missing"

    case peerRefusedCertificateMalformed = "peer-refused-certificate-malformed"
    case peerRefusedCertificateUntrusted = "peer-refused-certificate-untrusted"
    case peerRefusedCertificateWrongGrid = "peer-refused-certificate-wrong-grid"
    case peerRefusedCertificateExpired = "peer-refused-certificate-expired"
    case peerRefusedCertificateNotYetValid = "peer-refused-certificate-not-yet-valid"
    case peerRefusedCertificateRevoked = "peer-refused-certificate-revoked"
    case peerRefusedCertificateAddressBlocks = "peer-refused-certificate-address-blocks"
    case peerRefusedCertificateMissing = "peer-refused-certificate-missing"

    /// The reason for a certificate of the peer that this gateway refuses: `fault` is a `CertificateFault`'s raw value.
    package static func refused(_ fault: String) -> PathReason { PathReason(rawValue: fault) ?? .protocolError }

    /// The reason for this gateway's certificate refused by the peer: `fault` is a `CertificateFault`'s raw value.
    package static func refusedByPeer(_ fault: String) -> PathReason {
        PathReason(rawValue: "peer-refused-" + fault) ?? .protocolError
    }

    /// Phrase, cause and fix.
    package var explanation: CodeExplanation {
        pathExplanation ?? certificateExplanation ?? peerExplanation
            ?? CodeExplanation("unexplained", cause: "", fix: "")
    }

    private var pathExplanation: CodeExplanation? {
        switch self {
        case .ok:
            CodeExplanation(
                "ok", cause: "The best kind of path that the two gateways can have is up.", fix: "Nothing to do.")
        case .connecting:
            CodeExplanation(
                "connecting", cause: "The first handshake with the site's gateway is under way.",
                fix: "Wait a few seconds: `ipop wait SITE`.")
        case .onDemand:
            CodeExplanation(
                "no traffic: a session is made when there is some",
                cause: "The grid is too large for a session with everybody; packets to the site go over the overlay.",
                fix: "Nothing to do.")
        case .noEndpoint:
            CodeExplanation(
                "no known address", cause: "No member knows an address at which the site's gateway can be reached.",
                fix: "Give one gateway of the two an address the other can reach, and name it under `bootstrap`.")
        case .handshakeTimeout:
            CodeExplanation(
                "handshake not answered", cause: "Handshakes are sent to every known address and none is answered.",
                fix: "Let UDP to the peer's listen port through every firewall between the two gateways.")
        case .protocolError:
            CodeExplanation(
                "handshake failed", cause: "What answers at the peer's address does not complete a handshake.",
                fix: "See the log of both gateways: `journalctl -u ipopd`.")
        case .noAnswer:
            CodeExplanation(
                "stopped answering", cause: "The session was up, and the peer no longer answers on it.",
                fix: "See whether the peer's gateway runs and whether its uplink is up.")
        case .networkUnreachable:
            CodeExplanation(
                "network unreachable", cause: "This host has no route to any address of the peer's gateway.",
                fix: "Look at `ip route get ADDRESS` for the peer's address.")
        case .peerStopped:
            CodeExplanation(
                "stopped", cause: "The site's gateway was stopped in order, and said so.",
                fix: "Start it again at that site, if it should run: `systemctl start ipopd`.")
        case .withdrawn:
            CodeExplanation(
                "left the grid", cause: "The site has withdrawn its announcement.",
                fix: "Let it join again, if it should be there: `ipop join`.")
        case .announcementExpired:
            CodeExplanation(
                "announcement expired", cause: "The site's gateway has not renewed its announcement in time.",
                fix: "See whether the peer's gateway runs and whether the clocks of both are right.")
        case .refusedByPolicy:
            CodeExplanation(
                "refused by subnets.map", cause: "A line of this site's subnets.map denies everything of the site.",
                fix: "Remove the `deny` line and run `ipop reload`, if the site should be reachable.")
        case .versionMismatch:
            CodeExplanation(
                "no common version", cause: "The two gateways share no version of the protocol.",
                fix: "Upgrade the older of the two.")
        case .symmetricNATs:
            CodeExplanation(
                "peer NAT symmetric, ours symmetric",
                cause: "Both gateways are behind NATs that map every destination to another port.",
                fix: "Forward the listen port on one of the two NATs.")
        case .udpBlocked:
            CodeExplanation(
                "UDP blocked", cause: "The network lets no UDP through.",
                fix: "Allow UDP to the listen port, for a faster path.")
        default: natExplanation
        }
    }

    private var natExplanation: CodeExplanation? {
        switch self {
        case .peerNATSymmetric:
            CodeExplanation(
                "peer NAT symmetric",
                cause: "The peer's NAT maps every destination to another port, and ours lets in only what it sent to.",
                fix: "Forward the listen port on this site's NAT, or on the peer's.")
        case .ownNATSymmetric:
            CodeExplanation(
                "our NAT symmetric",
                cause: "Our NAT maps every destination to another port, and the peer's lets in only what it sent to.",
                fix: "Forward the listen port on this site's NAT, or on the peer's.")
        case .punchTimeout:
            CodeExplanation(
                "no direct path found",
                cause: "Both gateways sent to each other at once, and nothing came through.",
                fix: "Let UDP to the listen port through the firewall or NAT of one of the two gateways.")
        case .betterPath:
            CodeExplanation(
                "faster than the direct path",
                cause: "The direct path is clearly slower or loses more than the one through another member.",
                fix: "Nothing to do; if the direct path should be good, look at the uplinks of both sites.")
        default: nil
        }
    }

    private var certificateExplanation: CodeExplanation? {
        switch self {
        case .certificateMalformed:
            CodeExplanation(
                "peer's certificate malformed",
                cause: "The peer's certificate lacks what a site certificate must have.",
                fix: "Issue it again with `ipop cert issue`.")
        case .certificateUntrusted:
            CodeExplanation(
                "peer's certificate untrusted", cause: "The peer's certificate is not signed by this grid's authority.",
                fix: "Issue the peer a certificate of this grid, or correct the address that leads to a stranger.")
        case .certificateWrongGrid:
            CodeExplanation(
                "peer is of another grid", cause: "The peer's certificate names another grid.",
                fix: "Correct `grid` and `bootstrap` on the gateway that is in the wrong grid.")
        case .certificateExpired:
            CodeExplanation(
                "peer's certificate expired", cause: "The peer's certificate is past its end, or this clock is ahead.",
                fix: "Renew the peer's certificate: `ipop cert renew`.")
        case .certificateNotYetValid:
            CodeExplanation(
                "peer's certificate not yet valid", cause: "The peer's certificate begins later than this clock's now.",
                fix: "Set the clock of this gateway.")
        case .certificateRevoked:
            CodeExplanation(
                "peer's certificate revoked", cause: "The grid's authority has revoked the peer's certificate.",
                fix: "Issue the peer a new certificate, if it should be in the grid.")
        case .certificateAddressBlocks:
            CodeExplanation(
                "peer's certificate exceeds the authority",
                cause: "The peer's certificate has address blocks that the authority's does not cover.",
                fix: "Issue it again with `ipop cert issue`.")
        case .certificateMissing:
            CodeExplanation(
                "peer sent no certificate", cause: "The peer shows no certificate.",
                fix: "See that the peer is an IPOP gateway with a site certificate.")
        default: nil
        }
    }

    private var peerExplanation: CodeExplanation? {
        switch self {
        case .peerRefusedCertificateMalformed:
            CodeExplanation(
                "peer finds our certificate malformed", cause: "The peer cannot read this site's certificate.",
                fix: "Issue it again with `ipop cert issue`; upgrade the older gateway.")
        case .peerRefusedCertificateUntrusted:
            CodeExplanation(
                "peer does not trust our certificate",
                cause: "This site's certificate is not signed by the authority that the peer trusts.",
                fix: "Join with a bundle of the peer's grid: `ipop join`.")
        case .peerRefusedCertificateWrongGrid:
            CodeExplanation(
                "peer is of another grid", cause: "This site's certificate names another grid than the peer's.",
                fix: "Correct `bootstrap`, or join with a bundle of the peer's grid.")
        case .peerRefusedCertificateExpired:
            CodeExplanation(
                "peer finds our certificate expired",
                cause: "This site's certificate is past its end, or the peer's clock is ahead.",
                fix: "Renew it: `ipop cert renew`; compare the clocks.")
        case .peerRefusedCertificateNotYetValid:
            CodeExplanation(
                "peer finds our certificate not yet valid",
                cause: "This site's certificate begins later than the peer's now.",
                fix: "Set the clock of the peer's gateway.")
        case .peerRefusedCertificateRevoked:
            CodeExplanation(
                "our certificate is revoked", cause: "The grid's authority has revoked this site's certificate.",
                fix: "Ask the grid's authority for a new certificate.")
        case .peerRefusedCertificateAddressBlocks:
            CodeExplanation(
                "our certificate exceeds the authority",
                cause: "This site's certificate has address blocks that the authority's does not cover.",
                fix: "Issue it again with `ipop cert issue`.")
        case .peerRefusedCertificateMissing:
            CodeExplanation(
                "peer got no certificate of ours", cause: "The peer says that this gateway showed no certificate.",
                fix: "Run `ipop check` here.")
        default: nil
        }
    }
}
