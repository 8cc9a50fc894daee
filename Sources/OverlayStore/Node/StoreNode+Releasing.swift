import NetworkTypes
import OrderedCollections

// Giving up, so that older copies cannot come back.
extension StoreNode {
    /// Tells the replicas that an own record is void.
    mutating func beginRelease(of lease: OwnLease, now: Instant, effects: inout StoreEffects) {
        let lifetime = max(lease.longestLifetime, lease.lifetimeSeconds)
        let record = StoreRecord(
            state: .released, key: lease.key, owner: own, holder: site, epoch: lease.epoch,
            sequence: min(lease.sequence + 1, StoreLimits.counter), lifetimeSeconds: lifetime, value: []
        ).signed(by: identity)
        let release = OwnRelease(
            record: record, madeAt: now, identifier: newIdentifier(), missing: lease.targets.map(\.node),
            repeatAt: now + StoreLimits.storeInterval, forgetAt: now + .seconds(Int64(lifetime)))
        if releases.count >= StoreLimits.ownReleases, releases[lease.key] == nil { releases.removeFirst() }
        releases[lease.key] = release
        timers.advance(.releases, to: release.nextAt)
        send(release, now: now, effects: &effects)
    }

    private mutating func send(_ release: OwnRelease, now: Instant, effects: inout StoreEffects) {
        for node in release.missing {
            send(.store(identifier: release.identifier, release.copy(now: now)), to: node, effects: &effects)
        }
    }

    /// A replica has the release, or somebody has handed on an older copy of what we released.
    mutating func storedRelease(
        _ identifier: UInt64, _ key: StoreKey, sequence: UInt64, from node: NodeAddress, now: Instant,
        effects: inout StoreEffects
    ) {
        guard let release = releases[key], leases[key].map({ $0.phase.isLost }) ?? true else { return }
        if identifier == release.identifier {
            releases[key]?.missing.removeAll { $0 == node }
            if releases[key]?.missing.isEmpty == true { releases[key]?.repeatAt = nil }
        } else if sequence < release.record.sequence {
            send(.store(identifier: release.identifier, release.copy(now: now)), to: node, effects: &effects)
        }
    }

    /// A replica knows a newer record of ours than the release, one of a former life.
    mutating func refusedRelease(
        _ refusal: ReceivedRefusal, now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        guard let release = releases[refusal.key], release.identifier == refusal.identifier else { return }
        guard refusal.reason == .newer, let record = refusal.copy?.record, record.owner == own,
            record.state != .released, record.sequence > release.record.sequence,
            record.sequence < StoreLimits.counter, isGenuine(record, members)
        else {
            releases[refusal.key]?.missing.removeAll { $0 == refusal.sender }
            return
        }
        var newer = release
        newer.record.sequence = record.sequence + 1
        newer.record = newer.record.signed(by: identity)
        releases[refusal.key] = newer
        send(.store(identifier: newer.identifier, newer.copy(now: now)), to: refusal.sender, effects: &effects)
    }

    /// Repeats releases that have not been answered; forgets those whose time is over.
    mutating func tendReleases(now: Instant, effects: inout StoreEffects) {
        releases.removeAll { $0.value.forgetAt <= now }
        for key in Array(releases.keys) {
            guard var release = releases[key], let repeatAt = release.repeatAt, repeatAt <= now else { continue }
            send(release, now: now, effects: &effects)
            release.repeats += 1
            release.repeatInterval = min(release.repeatInterval * 2, StoreLimits.storeIntervalLimit)
            let isEnough = release.repeats >= StoreLimits.releaseRepeats
            release.repeatAt = isEnough ? nil : now + release.repeatInterval
            releases[key] = release
        }
        for release in releases.values { timers.advance(.releases, to: release.nextAt) }
    }
}

extension OwnLease.Phase {
    /// Whether another site's record won.
    var isLost: Bool {
        switch self {
        case .lost: true
        case .waiting, .proposing, .committing, .keeping: false
        }
    }
}
