import NetworkTypes
import OrderedCollections

/// A read under way.
struct OwnRead: Sendable {
    /// One replica's answer, which comes in as many messages as it has records.
    struct Target: Sendable {
        let node: NodeAddress
        /// How many records it has; `nil` while it is silent.
        var count: Int?
        /// By their index in the answer.
        var copies: [(index: Int, copy: StoreCopy)] = []
        /// Records that were no records: they count as come, and say nothing.
        var badIndexes: [Int] = []

        var isComplete: Bool { count.map { copies.count + badIndexes.count >= $0 } ?? false }
    }

    let key: StoreKey
    let token: UInt64
    let identifier: UInt64
    var targets: [Target]
    let startedAt: Instant
    var repeatAt: Instant
    var repeatInterval: Duration = StoreLimits.repeatInterval
    let deadline: Instant

    var nextAt: Instant { min(repeatAt, deadline) }
    var majority: Int { targets.count / 2 + 1 }
    var completeCount: Int { targets.count { $0.isComplete } }

    /// The newest genuine record of each owner that was found.
    var newest: [StoreCopy] {
        var list: [StoreCopy] = []
        for target in targets {
            for (_, copy) in target.copies {
                if let index = list.firstIndex(where: { $0.record.owner == copy.record.owner }) {
                    if list[index].record.sequence < copy.record.sequence { list[index] = copy }
                } else {
                    list.append(copy)
                }
            }
        }
        return list
    }

    /// What stands: under a shared key all that is live, under an exclusive one the winner's site's records.
    ///
    /// A tentative record stands when a majority has it: then its creator has succeeded or will.
    var standing: [StoreCopy] {
        let live = newest.filter { copy in
            switch copy.record.state {
            case .confirmed: true
            case .released: false
            case .tentative: targets.count { $0.copies.contains { $0.copy.record == copy.record } } >= majority
            }
        }.sorted { $0.record.owner < $1.record.owner }
        guard key.kind == .exclusive, let winner = live.min(by: { $0.record.wins(over: $1.record) }) else {
            return live
        }
        return live.filter { $0.record.holder == winner.record.holder }
    }
}

// Reading.
extension StoreNode {
    mutating func beginRead(
        _ key: StoreKey, token: UInt64, now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        let replicas = members.nearest(to: key.place, limit: StoreLimits.replicaCount)
        let read = OwnRead(
            key: key, token: token, identifier: newIdentifier(),
            targets: replicas.map { OwnRead.Target(node: $0) }, startedAt: now,
            repeatAt: now + StoreLimits.repeatInterval, deadline: now + StoreLimits.readTimeout)
        reads.append(read)
        timers.advance(.reads, to: read.nextAt)
        for node in replicas { send(.read(identifier: read.identifier, key), to: node, effects: &effects) }
    }

    /// A replica's answer to a read, or a part of it.
    mutating func found(
        _ identifier: UInt64, _ key: StoreKey, index: Int, count: Int, copy: StoreCopy?, from node: NodeAddress,
        now: Instant, members: some StoreMembers, effects: inout StoreEffects
    ) {
        guard let position = reads.firstIndex(where: { $0.identifier == identifier && $0.key == key }),
            let place = reads[position].targets.firstIndex(where: { $0.node == node }),
            index < count || count == 0, count <= StoreLimits.recordsPerKey + StoreLimits.releasesPerKey + 1
        else { return }
        var target = reads[position].targets[place]
        guard !target.isComplete else { return }
        if target.count != count {
            target.copies = []
            target.badIndexes = []
            target.count = count
        }
        let isNew = !target.copies.contains { $0.index == index } && !target.badIndexes.contains(index)
        if count > 0, isNew {
            if let copy, copy.record.key == key, copy.left != nil,
                isBelievable(copy.record, in: reads[position], members)
            {
                target.copies.append((index, copy))
            } else {
                target.badIndexes.append(index)
            }
        }
        reads[position].targets[place] = target
        if reads[position].completeCount >= reads[position].majority {
            finish(reads.remove(at: position), now: now, effects: &effects)
        }
    }

    /// Whether a record is genuine; what another replica has shown already is not verified again.
    private func isBelievable(_ record: StoreRecord, in read: OwnRead, _ members: some StoreMembers) -> Bool {
        read.targets.contains { $0.copies.contains { $0.copy.record == record } } || isGenuine(record, members)
    }

    /// Answers the read, and hands what stands to the replicas that answered without it.
    private mutating func finish(_ read: OwnRead, now: Instant, effects: inout StoreEffects) {
        let standing = read.standing
        let isCertain = read.completeCount >= read.majority
        if isCertain {
            let waited = UInt32(clamping: max(0, (now - read.startedAt).components.seconds + 1))
            for copy in standing where copy.record.state == .confirmed {
                var older = copy
                older.ageSeconds = min(copy.ageSeconds &+ waited, copy.record.lifetimeSeconds)
                guard older.left != nil else { continue }
                for target in read.targets where target.isComplete {
                    let has = target.copies.contains {
                        $0.copy.record.owner == copy.record.owner && $0.copy.record.sequence >= copy.record.sequence
                    }
                    if !has { send(.store(identifier: 0, older), to: target.node, effects: &effects) }
                }
            }
        }
        effects.append(.completed(token: read.token, .read(standing.map(\.record), isCertain: isCertain)))
    }

    /// Repeats what has not been answered; ends what has taken too long.
    mutating func tendReads(now: Instant, members: some StoreMembers, effects: inout StoreEffects) {
        while let position = reads.firstIndex(where: { $0.deadline <= now }) {
            finish(reads.remove(at: position), now: now, effects: &effects)
        }
        for position in reads.indices where reads[position].repeatAt <= now {
            let read = reads[position]
            for target in read.targets where !target.isComplete {
                send(.read(identifier: read.identifier, read.key), to: target.node, effects: &effects)
            }
            reads[position].repeatInterval = read.repeatInterval * 2
            reads[position].repeatAt = now + reads[position].repeatInterval
        }
        for read in reads { timers.advance(.reads, to: read.nextAt) }
    }
}
