/// Why a lease is not simply held: `reason` of a lease in `ipop status --json`. A closed list; codes are only ever
/// added.
package enum LeaseReason: String, Sendable, CaseIterable {
    case notReady = "not-ready"
    case noMajority = "no-majority"
    case contended
    case storeRefused = "store-refused"
    case unconfirmed
    case otherHolder = "other-holder"

    /// Phrase, cause and fix.
    package var explanation: CodeExplanation {
        switch self {
        case .notReady:
            CodeExplanation(
                "not in the grid yet", cause: "The gateway asks for leases once it knows who is in the grid.",
                fix: "Wait a few seconds: `ipop wait`.")
        case .noMajority:
            CodeExplanation(
                "no majority answers",
                cause: "A new lease takes a majority of the members that would keep it, and fewer answer.",
                fix: "See `ipop ring --crawl` for the members that are silent; it goes on by itself.")
        case .contended:
            CodeExplanation(
                "another site tries too", cause: "Two sites ask for the same key at the same time.",
                fix: "Wait a few seconds: one of the two gets it.")
        case .storeRefused:
            CodeExplanation(
                "refused by its keepers",
                cause: "The members that would keep the lease have no room for more of this site.",
                fix: "Export fewer prefixes at this site.")
        case .unconfirmed:
            CodeExplanation(
                "not confirmed", cause: "The lease is held, and no majority of its keepers answers now.",
                fix: "See `ipop ring --crawl` for the members that are silent; it goes on by itself.")
        case .otherHolder:
            CodeExplanation(
                "another site has it",
                cause: "Another site had the key earlier, or won it when two parts of the grid met.",
                fix: "Let one of the two sites export another prefix.")
        }
    }
}
