package import LinkSecurity
package import NetworkTypes

/// A verified announcement. Immutable and shared: simulated gateways of one process hold the same ones.
package final class AnnouncementRecord: Sendable {
    package let announcement: Announcement
    package let identity: PeerIdentity
    /// Prefixes that were announced without the certificate covering them.
    package let uncovered: [IPPrefix]
    /// Of node and sequence: equal directories have equal digests.
    package let hash: UInt64
    private let signature: [UInt8]
    /// As announced: what the certificate does not cover is part of what was signed.
    private let announcedExports: [Announcement.Export]

    init(
        announcement: Announcement, identity: PeerIdentity, announcedExports: [Announcement.Export],
        uncovered: [IPPrefix], signature: [UInt8]
    ) {
        var announcement = announcement
        // One copy of the certificate for both.
        announcement.certificate = identity.certificate
        self.announcement = announcement
        self.identity = identity
        self.announcedExports = uncovered.isEmpty ? announcement.exports : announcedExports
        self.uncovered = uncovered
        self.signature = signature
        hash = Self.hash(announcement.node, announcement.sequence)
    }

    /// Whose it is.
    package var node: NodeAddress { announcement.node }
    /// Which of its owner's announcements it is.
    package var sequence: UInt64 { announcement.sequence }

    /// The announcement as it is passed on, made anew from its parts: a directory of 10,000 keeps them once.
    package var encoded: [UInt8] {
        var announced = announcement
        announced.exports = announcedExports
        return announced.encoded(with: signature)
    }

    /// FNV-1a over the words of node and sequence: detects differences, not malice (every announcement is signed).
    private static func hash(_ node: NodeAddress, _ sequence: UInt64) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for word in [node.high, node.middle, UInt64(node.low), sequence] {
            for shift in stride(from: 0, to: 64, by: 8) {
                hash = (hash ^ (word >> UInt64(shift) & 0xff)) &* 0x100_0000_01b3
            }
        }
        return hash
    }
}

/// Reads and verifies announcements. Handed to the core, so that many gateways of one process can share what they hold.
package protocol AnnouncementVerifier: AnyObject {
    /// The record of an encoded announcement, after certificate, node address, signature and address blocks have been
    /// checked by `identity`.
    func verify(
        _ encoded: [UInt8], by identity: any IdentityAuthority
    ) -> Result<AnnouncementRecord, AnnouncementFault>
}

/// Verifies each announcement when it comes: what a gateway of its own does.
package final class DirectVerifier: AnnouncementVerifier {
    package init() {}

    /// Reads, then verifies.
    package func verify(
        _ encoded: [UInt8], by identity: any IdentityAuthority
    ) -> Result<AnnouncementRecord, AnnouncementFault> {
        let unverified: Announcement.Unverified
        do { unverified = try Announcement.Unverified(reading: encoded) } catch { return .failure(.malformed(error)) }
        return unverified.verified(by: identity)
    }
}
