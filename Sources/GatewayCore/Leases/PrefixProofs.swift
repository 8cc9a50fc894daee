import NetworkTypes
import OrderedCollections
import OverlayStore

/// What the store says of the leases that other sites announce: a virtual prefix is its announcer's only if the store
/// has the lease under that prefix, in the epoch that is announced.
///
///     asked for -- found --> held
///      |  ^  |
///      |  +--+ no majority answers: asked again
///      +-- twice another's or nobody's --> missing, asked again now and then
///
/// Until the answer comes a prefix that nobody else has is taken for its announcer's, so that the first packet passes.
/// What two sites announce is asked for again now and then: one of the two says what was true once.
struct PrefixProofs {
    /// A lease that was announced.
    struct Claim: Hashable {
        var node: NodeAddress
        var prefix: IPPrefix
        var epoch: UInt64
    }

    /// What is known of one.
    enum Verdict: Equatable {
        case unknown
        case held
        case missing
    }

    private struct Proof {
        var verdict = Verdict.unknown
        /// Another site announces the prefix, or some that touches it, as well.
        var isContested = false
        var misses = 0
        var attempts = 0
        /// When it is asked for; `nil` while it is, and when there is no more to ask.
        var nextAt: Instant?
        /// The number of the read under way.
        var read: UInt64?
    }

    private var proofs: OrderedDictionary<Claim, Proof> = [:]
    private var readCount = 0
    private var nextRead: UInt64 = 1
    /// When the next read is due, if one may begin.
    var deadline: Instant? {
        guard readCount < LeaseLimits.proofReads else { return nil }
        return earliest
    }
    private var earliest: Instant?

    /// What is known of a claim.
    func verdict(on claim: Claim) -> Verdict { proofs[claim]?.verdict ?? .unknown }

    /// Whether there is anything to know.
    var isEmpty: Bool { proofs.isEmpty }

    /// The claims that are announced now: what is new will be asked for, what is gone is forgotten.
    mutating func follow(_ claims: [(claim: Claim, isContested: Bool)], now: Instant) {
        guard !claims.isEmpty || !proofs.isEmpty else { return }
        var followed: OrderedDictionary<Claim, Proof> = [:]
        for (claim, isContested) in claims.prefix(LeaseLimits.proofs) {
            var proof = proofs[claim] ?? Proof(nextAt: now)
            if isContested, !proof.isContested, proof.read == nil { proof.nextAt = now }
            proof.isContested = isContested
            followed[claim] = proof
        }
        proofs = followed
        // Of reads for what is gone nothing is heard here.
        readCount = proofs.values.count { $0.read != nil }
        earliest = proofs.values.compactMap(\.nextAt).min()
    }

    /// The claims to read now, each with the number of its read.
    mutating func begin(now: Instant) -> [(claim: Claim, read: UInt64)] {
        guard let deadline, deadline <= now else { return [] }
        var begun: [(claim: Claim, read: UInt64)] = []
        for index in proofs.values.indices where proofs.values[index].nextAt.map({ $0 <= now }) ?? false {
            guard readCount < LeaseLimits.proofReads else { break }
            proofs.values[index].nextAt = nil
            proofs.values[index].read = nextRead
            begun.append((proofs.keys[index], nextRead))
            nextRead += 1
            readCount += 1
        }
        earliest = proofs.values.compactMap(\.nextAt).min()
        return begun
    }

    /// A read has ended. Returns whether a verdict is another one than before.
    mutating func ended(_ read: UInt64, _ outcome: StoreOutcome, now: Instant) -> Bool {
        guard let index = proofs.values.firstIndex(where: { $0.read == read }) else { return false }
        readCount -= 1
        let claim = proofs.keys[index]
        let before = proofs.values[index].verdict
        proofs.values[index].read = nil
        switch outcome {
        case .read(let records, _) where records.contains(where: { $0.owner == claim.node && $0.epoch == claim.epoch }):
            proofs.values[index].verdict = .held
            proofs.values[index].misses = 0
            guard proofs.values[index].isContested else { break }
            proofs.values[index].attempts = LeaseLimits.proofDoublings
            askAgain(index, now: now)
        case .read(_, isCertain: true):
            proofs.values[index].misses += 1
            if proofs.values[index].misses >= LeaseLimits.proofMisses { proofs.values[index].verdict = .missing }
            askAgain(index, now: now)
        case .read, .created, .stored, .owned, .refused:
            askAgain(index, now: now)
        }
        return proofs.values[index].verdict != before
    }

    private mutating func askAgain(_ index: Int, now: Instant) {
        let doublings = min(proofs.values[index].attempts, LeaseLimits.proofDoublings)
        let at = now + LeaseLimits.proofInterval * (1 << doublings)
        proofs.values[index].attempts += 1
        proofs.values[index].nextAt = at
        earliest = min(earliest ?? at, at)
    }
}
