/// Limits and intervals of publications.
package enum PublicationLimits {
    // Of the protocol: both ends must agree on these.

    /// Bytes of one publication: a revocation list of 5,000 certificates at 40 bytes each.
    package static let contentByteCount = 200_000
    /// Bytes of a page: with the 26 bytes of its message it just fits a path over the overlay.
    package static let pageByteCount = 998
    /// Pages asked for at a time.
    package static let pageCount = 32
    /// Notices in one message: room for kinds that are still to come.
    package static let noticeCount = 8

    // Our own.

    /// Pages that a pull asks for at first; doubled while all come, halved when some do not.
    package static let firstWindow = 8
    /// How long a window may take before its missing pages are asked for again, and how often in a row.
    package static let requestTimeout: Duration = .milliseconds(500)
    package static let requestAttempts = 5
    /// How long one member may take for all of it: 201 pages in windows of one, at a round trip of 250 ms, and some.
    package static let sourceTime: Duration = .seconds(60)
    /// Members that one pull may turn to.
    package static let sources = 4
    /// Pulls at a time: of each kind the newest, and as many false ones.
    package static let pulls = 4
    /// Remembered sources of publications that were not the authority's.
    package static let refusals = 16
    /// How often a member is told what there is, in case that it missed it: one of those linked, by turns of chance.
    package static let reviewInterval: Duration = .seconds(30)
}
