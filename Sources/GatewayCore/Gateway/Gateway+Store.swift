import LinkSecurity
package import NetworkTypes
import OrderedCollections
package import OverlayStore

// The store within the gateway: its messages go by sessions, or over the ring's hops; the directory says who the
// replicas are.
extension Gateway {
    /// Gives the store an input and carries out what it wants done.
    mutating func inStore(
        now: Instant, effects: inout GatewayEffects,
        _ input: (inout StoreNode, Directory, inout StoreEffects) -> Void
    ) {
        input(&store, directory, &storeEffects)
        guard !isCarryingOut.store else { return }
        isCarryingOut.store = true
        var index = 0
        while index < storeEffects.list.count {
            carryOut(storeEffects.list[index], now: now, effects: &effects)
            index += 1
        }
        storeEffects.removeAll()
        isCarryingOut.store = false
    }

    private mutating func carryOut(
        _ effect: StoreEffects.Effect, now: Instant, effects: inout GatewayEffects
    ) {
        switch effect {
        case .send(let node, let bytes):
            if let member = members[node], member.endpoint != nil, member.active != nil {
                effects.send(.store(bytes), to: node)
            } else {
                route(bytes, .store, to: node, now: now, effects: &effects)
            }
        case .completed(let token, let outcome):
            if token & HostLimits.token != 0 {
                hostOperationEnded(token, outcome, now: now, effects: &effects)
            } else if token == Self.claimToken {
                claimEnded(outcome)
            } else if token & Self.proofToken != 0 {
                proofRead(token & ~Self.proofToken, outcome, now: now)
            } else {
                effects.append(.storeCompleted(token: token, outcome))
            }
        case .lost(let key, let winner):
            claimHolders[key] = winner.holder
            effects.append(.notice(.leaseLost(key.name, to: winner.holder, node: winner.owner)))
        case .leaseChanged(let key):
            effects.append(.leasesChanged)
            claimsMayHaveChanged = true
            hostLeaseChanged(key, now: now, effects: &effects)
        case .notice:
            break
        }
    }

    mutating func receiveStore(_ bytes: [UInt8], now: Instant, effects: inout GatewayEffects) {
        inStore(now: now, effects: &effects) { $0.receive(bytes, now: now, members: $1, effects: &$2) }
        publishClaims(now: now, effects: &effects)
    }

    /// Creates an exclusive lease; `.storeCompleted` tells what became of it. Without a majority of the replicas it
    /// goes on trying until released.
    package mutating func createLease(
        _ name: String, value: [UInt8], lifetime: Duration, token: UInt64, now: Instant,
        effects: inout GatewayEffects
    ) {
        inStore(now: now, effects: &effects) {
            $0.create(name, value: value, lifetime: lifetime, token: token, now: now, members: $1, effects: &$2)
        }
    }

    /// Gives up a lease.
    package mutating func releaseLease(_ name: String, now: Instant, effects: inout GatewayEffects) {
        guard let key = StoreKey(.exclusive, name) else { return }
        inStore(now: now, effects: &effects) { $0.release(key, now: now, members: $1, effects: &$2) }
    }

    /// Reads what stands under an exclusive key; `.storeCompleted` tells.
    package mutating func readLease(
        _ name: String, token: UInt64, now: Instant, effects: inout GatewayEffects
    ) {
        inStore(now: now, effects: &effects) {
            $0.get(.exclusive, name, token: token, now: now, members: $1, effects: &$2)
        }
    }

    /// What is to be kept over restarts: own leases, and the store's Lamport time with room to grow.
    package func storeMemory(now: Instant, unixSeconds: Int64) -> StoreMemory {
        store.memory(now: now, unixSeconds: unixSeconds)
    }

    /// The store's Lamport time. Before it passes that of the memory that was kept last, the next one is to be kept.
    package var storeClock: UInt64 { store.clock }

    mutating func restoreLeases(_ memory: StoreMemory, now: Instant, effects: inout GatewayEffects) {
        let unixSeconds = unixSeconds
        inStore(now: now, effects: &effects) {
            $0.restore(memory, now: now, unixSeconds: unixSeconds, members: $1, effects: &$2)
        }
        restoreHosts(now: now, effects: &effects)
        adoptKeptPrefixes()
    }

    /// The directory is what the grid's members have, or there is nobody else: leases may be created.
    mutating func storeMayBeReady(now: Instant, effects: inout GatewayEffects) {
        guard !store.isReady else { return }
        let isAlone = isJoined && !hasJoined && bootstrap.allSatisfy { $0.name != nil }
        guard isAlone || members.values.contains(where: \.isEven) else { return }
        inStore(now: now, effects: &effects) { $0.setReady(true, now: now, members: $1, effects: &$2) }
        claimAt = now
        hosts.wake(at: now)
    }

    /// Own leases and claims, for status.
    package var leaseStatus: [StoreLease] { store.ownLeases }
    /// Keys that this member keeps for itself or others.
    package var replicaKeyCount: Int { store.replicaKeyCount }
}

extension Directory: StoreMembers {
    /// Members that have not withdrawn.
    package var count: Int { nodes.count }
    /// The member at a position in the order of the addresses.
    package subscript(position: Int) -> NodeAddress { nodes[position] }
    /// The certificate of a member, also of one that has withdrawn.
    package func certificate(of node: NodeAddress) -> [UInt8]? { self[node]?.identity.certificate }
    /// The site in it.
    package func site(of node: NodeAddress) -> String? { self[node]?.identity.site }
}
