package import NetworkTypes
import OrderedCollections

// What outlives the gateway.
extension StoreNode {
    /// Its Lamport time, and above every epoch of its own.
    package var clock: UInt64 { leases.values.reduce(replica.clock) { max($0, $1.epoch) } }

    /// What is held now, to be kept over a restart. `unixSeconds` is `now` by the wall clock.
    ///
    /// The clock is told higher than it is, so that it is not written again for every vote: `clock` must not pass the
    /// written one before it is written anew.
    package func memory(now: Instant, unixSeconds: Int64) -> StoreMemory {
        let held = leases.values.compactMap { lease -> StoreMemory.Lease? in
            guard lease.phase == .keeping, let expires = lease.heldUntil, expires > now else { return nil }
            return StoreMemory.Lease(
                key: lease.key, value: lease.value, epoch: lease.epoch, sequence: lease.sequence,
                lifetimeSeconds: lease.lifetimeSeconds,
                expiresUnixSeconds: unixSeconds + (expires - now).components.seconds)
        }
        return StoreMemory(node: own, clock: min(clock + StoreLimits.clockReserve, StoreLimits.counter), leases: held)
    }

    /// Takes up what an earlier life has kept: leases that have not expired go on in their epochs, and no Lamport time
    /// is told twice. Called once, before anything else; what is another member's is not touched.
    package mutating func restore(
        _ memory: StoreMemory, now: Instant, unixSeconds: Int64, members: some StoreMembers,
        effects: inout StoreEffects
    ) {
        guard memory.node == own else { return }
        replica.resume(clock: memory.clock)
        for lease in memory.leases {
            let remembered = lease.remembered(now: now, unixSeconds: unixSeconds)
            restore(remembered, now: now, members: members, effects: &effects)
        }
    }
}
