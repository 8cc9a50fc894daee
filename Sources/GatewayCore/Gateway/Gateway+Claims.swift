package import LinkSecurity
package import NetworkTypes
import OrderedCollections
package import OverlayStore

// Claims: each exported prefix is a lease, so that of two sites with one prefix the earlier keeps it. A virtual prefix
// is announced only while its lease is held; one that the grid is to choose is chosen here.
extension Gateway {
    /// The number of all operations that create claims, and the mark of reads that verify what others announce: apart
    /// from those on hosts, and above all numbers of the driver.
    static let claimToken: UInt64 = 1 << 62
    static let proofToken: UInt64 = 1 << 61

    /// The store's key of a prefix.
    package static func claimKey(_ prefix: IPPrefix) -> StoreKey? { StoreKey(.exclusive, "prefix:\(prefix)") }

    /// What holds of the grid profiles that this gateway was configured with and that were published.
    package var profile: ProfileTerms { profile(besides: settings.profile) }

    /// The same if the gateway was configured with another one.
    func profile(besides configured: ProfileTerms) -> ProfileTerms {
        let published = shelf.held.first { $0.kind == .gridProfile }?.terms
        guard let published, published.version > configured.version else { return configured }
        return published
    }

    /// The own exports as they are announced, with the create epochs of the claims that are held.
    var claimedExports: [Announcement.Export] {
        let leased = prefixLeases.wishes.compactMap { wish in
            wish.choice.map { Announcement.Export(subnet: wish.subnet, virtual: $0) }
        }
        let profile = profile
        return (settings.exports + leased).compactMap { export in
            guard let epoch = heldEpoch(of: export.virtual) else { return export.isMapped ? nil : export }
            guard !export.isMapped || profile.covers(export.virtual) else { return nil }
            return Announcement.Export(subnet: export.subnet, virtual: export.virtual, claimEpoch: epoch)
        }
    }

    /// The create epoch of this site's lease of a prefix; `nil` while it is not held.
    func heldEpoch(of prefix: IPPrefix) -> UInt64? {
        guard let key = Self.claimKey(prefix), let lease = store.lease(key), case .held = lease.state else {
            return nil
        }
        return lease.epoch
    }

    /// Asks for the claims that are missing, and gives up those of prefixes that are exported no more.
    mutating func reviewClaims(now: Instant, effects: inout GatewayEffects) {
        claimAt = now + random.jitter(around: OverlayLimits.claimInterval)
        prefixLeases.reviewed = now
        choosePrefixes(now: now, effects: &effects)
        let wanted = wantedClaims
        for lease in store.ownLeases
        where lease.key.name.hasPrefix("prefix:") && !wanted.contains(where: { $0.key == lease.key }) {
            let key = lease.key
            inStore(now: now, effects: &effects) { $0.release(key, now: now, members: $1, effects: &$2) }
        }
        claimHolders.removeAll { held in !wanted.contains { $0.key == held.key } }
        let leaseTime = profile.leaseTime
        for (key, value) in wanted {
            if let lease = store.lease(key) {
                switch lease.state {
                case .creating, .waiting: continue
                case .held:
                    let isSame =
                        lease.value == value
                        && Int64(lease.lifetimeSeconds) == leaseTime.components.seconds
                    if isSame { continue }
                // One that another site won is asked for again: the site may have let it go.
                case .lost: break
                }
            }
            inStore(now: now, effects: &effects) {
                $0.create(
                    key.name, value: value, lifetime: leaseTime, token: Self.claimToken, now: now, members: $1,
                    effects: &$2)
            }
        }
        publishClaims(now: now, effects: &effects)
    }

    /// The keys of all prefixes that this site claims, each with what is to stand under it: for a leased one the
    /// subnet, so that it is known again after a restart.
    private var wantedClaims: [(key: StoreKey, value: [UInt8])] {
        let profile = profile
        let fixed = settings.exports.filter { !$0.isMapped || profile.covers($0.virtual) }
        let leased = prefixLeases.wishes.compactMap { wish in wish.choice.map { (prefix: $0, subnet: wish.subnet) } }
        return fixed.compactMap { export in Self.claimKey(export.virtual).map { ($0, []) } }
            + leased.compactMap { lease in Self.claimKey(lease.prefix).map { ($0, Self.value(for: lease.subnet)) } }
    }

    /// A claim has been granted, or another site has it.
    mutating func claimEnded(_ outcome: StoreOutcome) {
        switch outcome {
        case .created(let record):
            claimHolders[record.key] = nil
        case .owned(let record):
            claimHolders[record.key] = record.holder
            claimsMayHaveChanged = true
        case .stored, .read, .refused:
            break
        }
    }

    /// A site exports other prefixes than before: what it had of those that this site claims may be free now, as when a
    /// prefix moves. Its lease is released at the same time.
    mutating func holderMayHaveChanged(_ site: String, now: Instant) {
        guard store.isReady, claimHolders.values.contains(site) else { return }
        let next = now + LeaseLimits.returnDelay
        claimAt = min(claimAt ?? next, next)
    }

    private static func value(for subnet: IPPrefix) -> [UInt8] { Array("\(subnet)".utf8) }

    /// Tells everybody when the claims are others than announced, and looks for prefixes in the place of lost ones.
    mutating func publishClaims(now: Instant, effects: inout GatewayEffects) {
        guard claimsMayHaveChanged, !isStopping else { return }
        claimsMayHaveChanged = false
        searchSoon(now: now)
        let announced = directory[node]?.announcement.exports ?? []
        let exports = Array(claimedExports.prefix(DirectoryLimits.exportCount))
        if exports != announced { publishAt = min(publishAt, now) }
    }

    // MARK: Leased prefixes

    /// Takes up leases of an earlier life for the subnets that they were for.
    mutating func adoptKeptPrefixes() {
        for index in prefixLeases.wishes.indices where prefixLeases.wishes[index].choice == nil {
            if let kept = keptPrefix(for: prefixLeases.wishes[index].subnet) { prefixLeases.choose(kept, at: index) }
        }
    }

    /// Sees to it that every leased subnet has a prefix that is held or asked for, as far as the pools go.
    private mutating func choosePrefixes(now: Instant, effects: inout GatewayEffects) {
        guard !prefixLeases.wishes.isEmpty else { return }
        for index in prefixLeases.wishes.indices { dropLost(at: index, now: now, effects: &effects) }
        adoptKeptPrefixes()
        let profile = profile
        for index in prefixLeases.wishes.indices where prefixLeases.wishes[index].choice == nil {
            let subnet = prefixLeases.wishes[index].subnet
            if let shared = siblingPrefix(for: subnet), profile.covers(shared) {
                prefixLeases.choose(shared, at: index)
                continue
            }
            let candidates = PrefixCandidates(
                for: subnet, pools: profile.pools, seed: PrefixCandidates.seed(site: identity.own.site, subnet: subnet))
            let occupied = occupiedSpace(profile, settings: settings)
            if let free = prefixLeases.search(at: index, among: candidates, occupied: occupied) {
                prefixLeases.choose(free, at: index)
            }
        }
    }

    /// Lets the claims be reviewed soon if a leased subnet is without a prefix that it can keep.
    mutating func searchSoon(now: Instant) {
        guard store.isReady, prefixLeases.wishes.contains(where: { needsChoice($0) }) else { return }
        let next = max(
            now + LeaseLimits.searchDelay, prefixLeases.reviewed.map { $0 + LeaseLimits.searchInterval } ?? now)
        claimAt = min(claimAt ?? next, next)
    }

    /// Whether the subnet is without a prefix that it can keep.
    private func needsChoice(_ wish: PrefixLeases.Wish) -> Bool {
        guard let choice = wish.choice else { return !wish.isExhausted }
        return hindrance(of: choice) != nil
    }

    /// Why a chosen prefix cannot be kept; `nil` when it can.
    private func hindrance(of choice: IPPrefix) -> PrefixHindrance? {
        guard profile.covers(choice) else { return .outsidePool }
        if let key = Self.claimKey(choice), let holder = claimHolders[key] { return .heldBy(holder) }
        return selection.latest?.lostExports.first { $0.prefix == choice }.map { .heldBy($0.owner) }
    }

    private mutating func dropLost(at index: Int, now: Instant, effects: inout GatewayEffects) {
        let wish = prefixLeases.wishes[index]
        guard let choice = wish.choice, let hindrance = hindrance(of: choice) else { return }
        prefixLeases.drop(at: index)
        // One that was only asked for is no loss.
        guard wish.isAnnounced else { return }
        prefixLeases.lost(PrefixLoss(prefix: choice, holder: hindrance.holder, at: now), at: index)
        effects.append(.notice(.prefixLost(choice, of: wish.subnet, to: hindrance.holder)))
    }

    private func keptPrefix(for subnet: IPPrefix) -> IPPrefix? {
        let (value, profile, taken) = (Self.value(for: subnet), profile, prefixLeases.choices)
        for lease in store.ownLeases where lease.value == value && lease.key.name.hasPrefix("prefix:") {
            guard case .held = lease.state, let prefix = IPPrefix(String(lease.key.name.dropFirst(7))),
                prefix.family == subnet.family, prefix.length == subnet.length, profile.covers(prefix),
                !taken.contains(prefix), hindrance(of: prefix) == nil
            else { continue }
            return prefix
        }
        return nil
    }

    /// What another gateway of this site has leased for the subnet.
    private func siblingPrefix(for subnet: IPPrefix) -> IPPrefix? {
        for entry in directory.entries where entry.identity.site == identity.own.site && entry.node != node {
            guard !entry.announcement.isWithdrawn else { continue }
            let export = entry.announcement.exports.first { $0.subnet == subnet && $0.isMapped }
            if let virtual = export?.virtual, hindrance(of: virtual) == nil { return virtual }
        }
        return nil
    }

    /// What is taken of the pools. What covers one, such as a site's 10.0.0.0/8, takes nothing of it: the longer prefix
    /// wins.
    func occupiedSpace(_ profile: ProfileTerms, settings: CoreSettings) -> OccupiedSpace {
        var prefixes = settings.reserved + settings.leasedSubnets + prefixLeases.choices
        prefixes += settings.exports.flatMap { [$0.subnet, $0.virtual] }
        if let bridged = settings.bridged { prefixes.append(bridged) }
        for entry in directory.entries where entry.node != node && !entry.announcement.isWithdrawn {
            prefixes += entry.announcement.exports.map(\.virtual)
            if let bridged = entry.announcement.bridged { prefixes.append(bridged) }
        }
        return OccupiedSpace(prefixes.filter(profile.covers))
    }

    // MARK: What others announce

    /// Reads what others announce in the store, as far as it is not known.
    mutating func proveLeases(now: Instant, effects: inout GatewayEffects) {
        guard store.isReady, !isStopping else { return }
        // A read may end at once and leave room for another.
        while true {
            let begun = proofs.begin(now: now)
            if begun.isEmpty { return }
            for (claim, read) in begun {
                readLease("prefix:\(claim.prefix)", token: read | Self.proofToken, now: now, effects: &effects)
            }
        }
    }

    mutating func proofRead(_ read: UInt64, _ outcome: StoreOutcome, now: Instant) {
        if proofs.ended(read, outcome, now: now) { routesMayChange(now: now) }
    }
}

/// Why a prefix cannot be this site's.
private enum PrefixHindrance {
    case heldBy(String)
    case outsidePool

    /// The site that has it.
    var holder: String? {
        switch self {
        case .heldBy(let site): site
        case .outsidePool: nil
        }
    }
}
