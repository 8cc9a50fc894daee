/// Limits of announcements and the directory.
package enum DirectoryLimits {
    // Of the protocol: both ends must agree on these.

    /// Bytes of one encoded announcement: a certificate (about 700, at most 4,096), 256 exports of 44 bytes, the rest.
    package static let announcementByteCount = 16_384
    /// Bytes of a certificate, DER.
    package static let certificateByteCount = 4_096
    /// Bytes of an ECDSA P-256 signature, DER (72), with room for larger curves.
    package static let signatureByteCount = 256
    /// Exported subnets of one site.
    package static let exportCount = 256
    /// Candidate endpoints of one gateway.
    package static let endpointCount = 8
    /// Entries in a summary page: 40 of 28 bytes are 1,120, which fits the smallest path.
    package static let summaryPageCount = 40
    /// Announcements asked for at a time.
    package static let requestCount = 40
    /// Parts of the ring that have a digest of their own: 512 bytes tell where two directories differ.
    package static let bucketCount = 64

    // Our own.

    /// Members that the directory holds; 10,000 of about 1.5 kB are 15 MB.
    package static let memberCount = 20_000
    /// How long an announcement lives unless renewed. Liveness is separate, so this bounds ghosts, not detection.
    package static let lifetime: Duration = .seconds(24 * 3_600)
    /// How long a withdrawal is remembered: longer than any older copy can wander between members.
    package static let withdrawalLifetime: Duration = .seconds(3_600)
    /// When the own announcement is renewed.
    package static let renewalInterval: Duration = .seconds(12 * 3_600)
    /// How long a requested page may take before it is asked for again.
    package static let requestTimeout: Duration = .milliseconds(500)
    /// Announcements that a copy asks for at first; doubled while all come, halved when some do not.
    package static let firstWindow = 10
    /// How long it may take until a change of a large directory shows in the routes: so long for each member, and so
    /// long at most. A selection among 10,000 takes some 10 ms.
    package static let selectionPause: Duration = .milliseconds(1)
    package static let selectionPauseLimit: Duration = .seconds(2)
    /// How often certificates are looked at for having expired.
    package static let certificateReviewInterval: Duration = .seconds(5)
    /// Members under which every gateway keeps a session with every other: the table of sites then shows each as it is,
    /// and the first packet finds a path. 32 idle links are 20 kbit/s.
    package static let acquaintances = 32
    /// Requests without an answer before a copy is given up; the next probe starts a new one.
    package static let requestAttempts = 5
}
