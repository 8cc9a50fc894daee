import GatewayCore
import LinkSecurity
import NetworkTypes
import WireFormat

/// A signed announcement that somebody passes on.
enum AnnouncementTarget {
    static let covered = IPPrefix(containing: IPAddress(10, 2, 0, 0), length: 16)

    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        guard let unverified = try? Announcement.Unverified(reading: input) else { return }
        let announcement = unverified.announcement
        let judge = CredulousAuthority(node: announcement.node, prefixes: [covered])
        let again = try? Announcement.Unverified(reading: announcement.signed(by: judge))
        try expect(again?.announcement == announcement, "an announcement survives the wire")
        try expect(announcement.exports.count <= DirectoryLimits.exportCount, "exports are bounded")
        try expect(announcement.endpoints.count <= DirectoryLimits.endpointCount, "endpoints are bounded")

        switch unverified.verified(by: judge) {
        case .failure(let fault):
            // Bits that are lost on reading make a message that nobody can pass on.
            try expect(fault == .malformed(.invalid(field: "announcement")), "who believes everything refuses nothing")
            return
        case .success(let record):
            let kept = record.announcement.exports
            try expect(kept.allSatisfy { covered.covers($0.subnet) }, "only what the certificate covers is kept")
            try expect(
                kept.count + record.uncovered.count == announcement.exports.count, "what is not kept is told")
        }
        try offer(input, announcement, judge)
    }

    private static func offer(
        _ input: [UInt8], _ announcement: Announcement, _ judge: CredulousAuthority
    ) throws(PropertyViolation) {
        var directory = Directory()
        let now = Instant(nanoseconds: 1_000_000_000_000_000)
        let verifier = DirectVerifier()
        guard case .accepted = directory.offer(input, age: .zero, by: judge, verifier: verifier, now: now) else {
            return try expect(announcement.lifetimeSeconds == 0, "a fresh announcement is news")
        }
        try expect(directory[announcement.node]?.record.encoded == input, "an announcement is passed on as it came")
        guard case .known = directory.offer(input, age: .zero, by: judge, verifier: verifier, now: now) else {
            throw PropertyViolation(description: "the same announcement is no news")
        }
    }
}

/// Believes every certificate and signature, so that what lies behind them is reached.
final class CredulousAuthority: IdentityAuthority {
    let own: PeerIdentity

    init(node: NodeAddress, prefixes: [IPPrefix]) {
        own = PeerIdentity(
            node: node, site: "ufl", grid: "physics", prefixes: prefixes, notAfter: .max, certificate: [])
    }

    func revoke(_ serials: [String]) {}

    func verifyCertificate(_ certificate: [UInt8]) -> Result<PeerIdentity, CertificateFault> {
        var identity = own
        identity.certificate = certificate
        return .success(identity)
    }

    func sign(_ message: [UInt8]) -> [UInt8] { [] }
    func verifySignature(_ signature: [UInt8], of message: [UInt8], by certificate: [UInt8]) -> Bool { true }
}
