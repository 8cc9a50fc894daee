package import NetworkTypes
package import OverlayStore

// Blocks of addresses that are leased ahead.
extension Gateway {
    /// The store's key of a block.
    package static func blockKey(_ block: IPPrefix) -> StoreKey? { StoreKey(.exclusive, "block:\(block)") }

    /// The block of a block's key.
    static func block(_ key: StoreKey) -> IPPrefix? {
        key.kind == .exclusive && key.name.hasPrefix("block:") ? IPPrefix(String(key.name.dropFirst(6))) : nil
    }

    /// Blocks of the bridged subnet that this gateway holds: nobody else gives out their addresses.
    package var hostBlocks: [IPPrefix] { hosts.blocks.held }

    /// Says how many blocks are to be held; `.blocksChanged` tells what comes of it. Those that are held already stay.
    package mutating func wantBlocks(_ count: Int, now: Instant, effects: inout GatewayEffects) {
        hosts.blocks.wanted = min(count, HostLimits.blocks)
        seekBlocks(now: now, effects: &effects)
    }

    /// Tries for what is missing, a few at a time.
    private mutating func seekBlocks(now: Instant, effects: inout GatewayEffects) {
        guard let subnet = settings.bridged, store.isReady else {
            return hosts.wake(at: now + HostLimits.repeatInterval)
        }
        if let until = hosts.blocks.pausedUntil {
            guard until <= now else { return hosts.wake(at: until) }
            hosts.blocks.pausedUntil = nil
            hosts.blocks.taken = []
            hosts.blocks.refusals = 0
        }
        while hosts.blocks.held.count + hosts.blocks.tried.count < hosts.blocks.wanted,
            hosts.blocks.tried.count < HostLimits.blockAttempts
        {
            let candidate = hosts.blocks.candidate(in: subnet, random: &random)
            guard hosts.blocks.refusals < HostLimits.blockRefusals, let candidate, let key = Self.blockKey(candidate)
            else {
                hosts.blocks.pausedUntil = now + random.jitter(around: HostLimits.blockPause)
                hosts.wake(at: hosts.blocks.pausedUntil)
                effects.append(.host(.blocksExhausted))
                return
            }
            hosts.blocks.tried.append(candidate)
            inStore(now: now, effects: &effects) {
                $0.create(
                    key.name, value: [], lifetime: HostLimits.blockLifetime, token: HostLimits.token, now: now,
                    members: $1, effects: &$2)
            }
        }
    }

    /// Whether the key is a block's; if so, its news is taken.
    mutating func blockLeaseChanged(_ key: StoreKey, now: Instant, effects: inout GatewayEffects) -> Bool {
        guard let block = Self.block(key) else { return false }
        guard let lease = store.lease(key), settings.bridged?.covers(block) == true else { return true }
        switch lease.state {
        case .creating, .waiting:
            break
        case .held:
            hosts.blocks.tried.removeAll { $0 == block }
            hosts.blocks.refusals = 0
            guard !hosts.blocks.held.contains(block) else { return true }
            hosts.blocks.held.append(block)
            effects.append(.host(.blocksChanged))
        case .lost:
            inStore(now: now, effects: &effects) { $0.release(key, now: now, members: $1, effects: &$2) }
            blockRefused(block, now: now, effects: &effects)
        }
        return true
    }

    /// Another gateway has the block: another one is tried for.
    mutating func blockRefused(_ block: IPPrefix, now: Instant, effects: inout GatewayEffects) {
        hosts.blocks.tried.removeAll { $0 == block }
        hosts.blocks.taken.insert(block)
        hosts.blocks.refusals += 1
        if let index = hosts.blocks.held.firstIndex(of: block) {
            hosts.blocks.held.remove(at: index)
            effects.append(.host(.blocksChanged))
        }
        hosts.wake(at: now)
    }

    /// The bridged subnet is another, or none.
    mutating func reviewBlocks(now: Instant, effects: inout GatewayEffects) {
        let foreign = store.ownLeases.compactMap { Self.block($0.key) }.filter { settings.bridged?.covers($0) != true }
        for block in foreign {
            guard let key = Self.blockKey(block) else { continue }
            inStore(now: now, effects: &effects) { $0.release(key, now: now, members: $1, effects: &$2) }
        }
        let count = hosts.blocks.held.count
        hosts.blocks.held.removeAll(where: foreign.contains)
        hosts.blocks.tried.removeAll(where: foreign.contains)
        if hosts.blocks.held.count != count { effects.append(.host(.blocksChanged)) }
    }

    mutating func blockTimeouts(now: Instant, effects: inout GatewayEffects) {
        guard hosts.blocks.held.count + hosts.blocks.tried.count < hosts.blocks.wanted else { return }
        seekBlocks(now: now, effects: &effects)
    }
}
