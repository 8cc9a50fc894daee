package import NetworkTypes
import OrderedCollections

// What an owner may ask for.
extension StoreNode {
    /// Creates an exclusive lease, or gives the one that we hold another value and lifetime. Ends in `.created` or
    /// `.owned`; without a majority it goes on trying until released.
    package mutating func create(
        _ name: String, value: [UInt8], lifetime: Duration, token: UInt64, now: Instant,
        members: some StoreMembers, effects: inout StoreEffects
    ) {
        operate(
            .exclusive, name, value: value, lifetime: lifetime, token: token, now: now, members: members,
            effects: &effects)
    }

    /// Puts the own value under a shared key, beside those of others, or in the place of the own older one. Ends in
    /// `.stored`; without a majority it goes on trying until released.
    package mutating func put(
        _ name: String, value: [UInt8], lifetime: Duration, token: UInt64, now: Instant,
        members: some StoreMembers, effects: inout StoreEffects
    ) {
        operate(
            .shared, name, value: value, lifetime: lifetime, token: token, now: now, members: members,
            effects: &effects)
    }

    /// Takes up a lease of a former life. `false` when it has expired meanwhile and must be created anew, when it is
    /// there already, or breaks a limit.
    @discardableResult
    package mutating func restore(
        _ remembered: RememberedLease, now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) -> Bool {
        guard remembered.expires > now, leases[remembered.key] == nil, leases.count < StoreLimits.ownLeases,
            remembered.value.count <= StoreLimits.valueByteCount, remembered.epoch <= StoreLimits.counter,
            remembered.sequence <= StoreLimits.counter - StoreLimits.restoredGap,
            StoreLimits.lifetimeSeconds.contains(remembered.lifetimeSeconds)
        else { return false }
        let key = remembered.key
        var lease = OwnLease(
            key: key, value: remembered.value, lifetimeSeconds: remembered.lifetimeSeconds, token: nil)
        lease.epoch = remembered.epoch
        lease.sequence = remembered.sequence + StoreLimits.restoredGap
        lease.phase = .keeping
        lease.heldUntil = remembered.expires
        lease.unconfirmedSince = now
        leases[key] = lease
        renewRecord(key, now: now, members: members, effects: &effects)
        effects.append(.leaseChanged(key))
        settle(now: now, members: members, effects: &effects)
        return true
    }

    /// Gives up what we hold, try to get or have lost under a key. The replicas are told until they answer, for a
    /// while; what missed it expires.
    package mutating func release(
        _ key: StoreKey, now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        guard let lease = leases.removeValue(forKey: key) else { return }
        switch lease.phase {
        case .proposing, .committing: withdraw(lease, effects: &effects)
        case .waiting, .keeping, .lost: break
        }
        if lease.hasCommitted { beginRelease(of: lease, now: now, effects: &effects) }
        if let token = lease.token { effects.append(.completed(token: token, .refused(.released))) }
        effects.append(.leaseChanged(key))
        settle(now: now, members: members, effects: &effects)
    }

    /// Renews a held lease now instead of at half its lifetime.
    package mutating func renew(
        _ key: StoreKey, now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        guard leases[key]?.phase == .keeping else { return }
        renewRecord(key, now: now, members: members, effects: &effects)
        settle(now: now, members: members, effects: &effects)
    }

    /// Reads what stands under a key from all replicas. Ends in `.read`.
    package mutating func get(
        _ kind: StoreKey.Kind, _ name: String, token: UInt64, now: Instant, members: some StoreMembers,
        effects: inout StoreEffects
    ) {
        guard let key = StoreKey(kind, name) else {
            effects.append(.completed(token: token, .refused(.badName)))
            return
        }
        guard reads.count < StoreLimits.reads else {
            effects.append(.completed(token: token, .refused(.tooManyOperations)))
            return
        }
        beginRead(key, token: token, now: now, members: members, effects: &effects)
        settle(now: now, members: members, effects: &effects)
    }

    /// Our own leases and values, in the order in which they were asked for.
    package var ownLeases: [StoreLease] { leases.values.map(\.view) }

    /// The own lease under a key.
    package func lease(_ key: StoreKey) -> StoreLease? { leases[key]?.view }

    /// Keys of which this member holds records for others or itself, for status.
    package var replicaKeyCount: Int { replica.slots.count }

    private mutating func operate(
        _ kind: StoreKey.Kind, _ name: String, value: [UInt8], lifetime: Duration, token: UInt64, now: Instant,
        members: some StoreMembers, effects: inout StoreEffects
    ) {
        let seconds = UInt32(clamping: lifetime.components.seconds)
        var refusal: StoreRefusal?
        let key = StoreKey(kind, name)
        if key == nil { refusal = .badName }
        if value.count > StoreLimits.valueByteCount { refusal = .valueTooLong }
        if !StoreLimits.lifetimeSeconds.contains(seconds) { refusal = .badLifetime }
        guard let key, refusal == nil else {
            effects.append(.completed(token: token, .refused(refusal ?? .badName)))
            return
        }
        if let refusal = occupation(of: key) {
            effects.append(.completed(token: token, .refused(refusal)))
            return
        }
        if leases[key]?.phase == .keeping {
            leases[key]?.value = value
            leases[key]?.lifetimeSeconds = seconds
            leases[key]?.token = token
            renewRecord(key, now: now, members: members, effects: &effects)
        } else {
            var lease = OwnLease(key: key, value: value, lifetimeSeconds: seconds, token: token)
            lease.sequence = releases.removeValue(forKey: key)?.record.sequence ?? 0
            leases[key] = lease
            if isReady { begin(key, now: now, members: members, effects: &effects) }
        }
        effects.append(.leaseChanged(key))
        settle(now: now, members: members, effects: &effects)
    }

    /// Why nothing new can be asked under a key. A lost lease makes room.
    private mutating func occupation(of key: StoreKey) -> StoreRefusal? {
        guard let lease = leases[key] else {
            return leases.count < StoreLimits.ownLeases ? nil : .tooManyOperations
        }
        switch lease.phase {
        case .waiting, .proposing, .committing: return .alreadyUnderWay
        case .keeping: return lease.token == nil ? nil : .alreadyUnderWay
        case .lost:
            leases.removeValue(forKey: key)
            return nil
        }
    }
}
