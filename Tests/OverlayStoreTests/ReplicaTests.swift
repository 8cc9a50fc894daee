import NetworkTypes
import OrderedCollections
import Testing

@testable import OverlayStore

private let key = lease("lease:10.0.0.3")

/// What one replica answers.
@Suite final class ReplicaTests {
    private var replica = StoreReplica()
    private let now = Instant(nanoseconds: 1_000_000_000)
    private let low = NodeAddress(high: 1, middle: 0, low: 0)
    private let high = NodeAddress(high: 2, middle: 0, low: 0)

    @Test func `a promise keeps higher creators out for two seconds and gives way to lower ones`() {
        #expect(epoch(propose(high, 1)) == 1)
        #expect(epoch(propose(low, 2)) == 2)
        #expect(reason(propose(high, 3)) == .promised)
        #expect(reason(propose(high, 3, at: .milliseconds(1_999))) == .promised)
        #expect(epoch(propose(high, 3, at: .seconds(2))) == 3)
        #expect(reason(commit(low, 2, epoch: 10, at: .seconds(2))) == .promised)
    }

    @Test func `a repeated proposal gets the same vote`() {
        #expect(epoch(propose(low, 1)) == 1)
        #expect(epoch(propose(low, 1)) == 1)
        #expect(epoch(propose(low, 2)) == 2)
    }

    @Test func `a vote is above what the creator has seen elsewhere`() {
        let answer = replica.propose(identifier: 1, key: key, owner: low, holder: "low", clock: 70, now: now)
        #expect(epoch(answer) == 71)
    }

    @Test func `one word moves the Lamport time by a bounded step`() {
        replica.learn(clock: StoreLimits.counter)
        #expect(replica.clock == 1 << 32)
    }

    @Test func `a commit needs its own promise`() {
        #expect(reason(commit(low, 1, epoch: 5)) == .notPromised)
        _ = propose(low, 1)
        #expect(reason(commit(low, 2, epoch: 5)) == .notPromised)
        #expect(isStored(commit(low, 1, epoch: 5)))
        #expect(isStored(commit(low, 1, epoch: 5)), "said twice")
    }

    @Test func `a commit in time succeeds though the shield is gone, and fails when forgotten`() {
        _ = propose(low, 1)
        #expect(reason(commit(low, 1, epoch: 5, at: .seconds(10))) == .notPromised)
        _ = propose(low, 2)
        #expect(isStored(commit(low, 2, epoch: 5, at: .seconds(9))))
    }

    @Test func `an epoch that is not above the vote is refused`() {
        replica.learn(clock: 8)
        #expect(epoch(propose(low, 1)) == 9)
        #expect(reason(commit(low, 1, epoch: 9)) == .lowEpoch)
        #expect(reason(commit(low, 1, epoch: 1)) == .lowEpoch)
        #expect(isStored(commit(low, 1, epoch: 10)))
    }

    @Test func `a commit that comes after its withdrawal leaves nothing`() {
        _ = propose(low, 1)
        replica.withdraw(identifier: 1, key: key, owner: low, now: now)
        #expect(reason(commit(low, 1, epoch: 5)) == .notPromised)
        #expect(replica.slots.isEmpty)
        #expect(replica.countByOwner.isEmpty)
    }

    @Test func `a withdrawal takes back its own attempt only, and nothing that is confirmed`() {
        _ = propose(low, 2)
        replica.withdraw(identifier: 1, key: key, owner: low, now: now)
        replica.withdraw(identifier: 2, key: key, owner: high, now: now)
        #expect(isStored(commit(low, 2, epoch: 5)))
        replica.withdraw(identifier: 1, key: key, owner: low, now: now)
        #expect(states == [.tentative])
        _ = store(record(low, epoch: 5, sequence: 2))
        replica.withdraw(identifier: 2, key: key, owner: low, now: now)
        #expect(states == [.confirmed])
    }

    @Test func `a tentative record keeps others out and gives way to a confirmed one, whose loser is told`() {
        _ = propose(low, 1)
        _ = commit(low, 1, epoch: 2)
        #expect(reason(propose(high, 2)) == .undecided)
        let replies = store(record(high, epoch: 9))
        #expect(states == [.confirmed])
        #expect(replies.map(\.receiver) == [high, low])
        #expect(reason(replies[1].message) == .held)
        #expect(reason(propose(low, 3)) == .held)
        #expect(reason(commit(low, 1, epoch: 2)) == .held)
    }

    @Test(arguments: [(3, 4), (4, 3), (3, 3)] as [(UInt64, UInt64)])
    func `the older epoch stands whichever comes first, and the lower node when they are equal`(
        epochs: (UInt64, UInt64)
    ) {
        let first = record(low, epoch: epochs.0)
        let second = record(high, epoch: epochs.1)
        let winner = epochs.0 <= epochs.1 ? low : high
        for order in [[first, second], [second, first]] {
            replica = StoreReplica()
            let replies = order.map { store($0) }
            #expect(replica.slots[key]?.entries.map(\.record.owner) == [winner])
            let told = replies.joined().filter { reason($0.message) == .held }
            #expect(told.map(\.receiver) == [winner == low ? high : low])
        }
    }

    @Test func `an older copy changes nothing, nor does one that comes after the release`() {
        _ = store(record(low, epoch: 1, sequence: 5))
        #expect(store(record(low, epoch: 1, sequence: 4)).map { reason($0.message) } == [.newer])
        _ = store(record(low, epoch: 1, sequence: 6, state: .released))
        #expect(store(record(low, epoch: 1, sequence: 5)).map { reason($0.message) } == [.newer])
        #expect(states == [.released])
        #expect(epoch(propose(high, 1)) != nil)
    }

    @Test func `a record lives as long as its age leaves it`() {
        var copy = StoreCopy(record: record(low, epoch: 1), ageSeconds: 590)
        #expect(replica.store(identifier: 1, copy, from: high, now: now).map(\.receiver) == [high, low])
        #expect(replica.entries(of: key, now: now + .seconds(4)).map(\.ageSeconds) == [594])
        #expect(replica.entries(of: key, now: now + .seconds(10)).isEmpty)
        copy.ageSeconds = 600
        #expect(replica.store(identifier: 1, copy, from: high, now: now).map { reason($0.message) } == [.expired])
        #expect(replica.countByOwner.isEmpty)
        #expect(replica.byteCount == 0)
    }

    @Test func `an owner has its quota at a replica`() {
        for number in 0..<StoreLimits.recordsPerOwner {
            let answer = store(record(low, epoch: 0, key: shared("k\(number)")))
            #expect(isStored(answer[0].message))
        }
        #expect(store(record(low, epoch: 0, key: shared("more"))).map { reason($0.message) } == [.quota])
        #expect(reason(propose(low, 1)) == .quota)
        #expect(isStored(store(record(low, epoch: 0, sequence: 2, key: shared("k0")))[0].message), "renewal")
        #expect(epoch(propose(high, 2)) != nil)
    }

    @Test func `only so many gateways of one site hold one key`() {
        for number in 0..<16 as Range<UInt64> {
            let owner = NodeAddress(high: 1, middle: number, low: 0)
            _ = propose(owner, 1)
            #expect(isStored(commit(owner, 1, epoch: 10 + 2 * number)))
        }
        let owner = NodeAddress(high: 1, middle: 99, low: 0)
        _ = propose(owner, 1)
        #expect(reason(commit(owner, 1, epoch: 99)) == .tooManyRecords)
        #expect(store(record(owner, epoch: 9)).map { reason($0.message) } == [.tooManyRecords])
    }

    @Test func `a replica takes no more bytes and promises than it may`() {
        var isFull = false
        var number: UInt64 = 0
        while !isFull, number < 10_000 {
            number += 1
            let owner = NodeAddress(high: number / 256, middle: 9, low: 0)
            var large = record(owner, epoch: 0, key: shared("k\(number)"))
            large.value = [UInt8](repeating: 1, count: 512)
            isFull = reason(store(large)[0].message) == .full
        }
        #expect(isFull)
        #expect(replica.byteCount <= StoreLimits.replicaByteCount)
        replica = StoreReplica()
        for number in 0..<StoreLimits.promises {
            let owner = NodeAddress(high: UInt64(number / 256), middle: 9, low: 0)
            _ = replica.propose(
                identifier: 1, key: lease("k\(number)"), owner: owner, holder: "a", clock: 0, now: now)
        }
        #expect(reason(propose(low, 1)) == .full)
        #expect(epoch(propose(low, 1, at: .seconds(10))) == nil, "promises go with a sweep")
        _ = replica.sweep(now: now + .seconds(10))
        #expect(replica.promiseCount == 0)
        #expect(replica.slots.isEmpty)
    }

    @Test func `only so many releases are remembered under a key`() {
        for number in 0..<20 as Range<UInt64> {
            let owner = NodeAddress(high: number, middle: 0, low: 0)
            _ = store(record(owner, epoch: 1, state: .released))
        }
        #expect(replica.slots[key]?.entries.count == StoreLimits.releasesPerKey)
    }

    /// Any messages in any order: the counts stay right, and never two sites under one key.
    @Test(arguments: 0..<20)
    func `at no time do two sites have a record under one exclusive key`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var time = now
        for _ in 0..<400 {
            time = time + .milliseconds(Int64(random.below(3_000)))
            let owner = random.chance(1, in: 2) ? low : high
            let identifier = random.below(3)
            let state = StoreRecord.State(rawValue: UInt8(random.below(3))) ?? .released
            let record = record(owner, epoch: random.below(9), sequence: random.below(9), state: state)
            let copy = StoreCopy(record: record, ageSeconds: UInt32(random.below(700)))
            switch random.below(4) {
            case 0:
                _ = replica.propose(
                    identifier: identifier, key: key, owner: owner, holder: site(owner), clock: 0, now: time)
            case 1: if state == .tentative { _ = replica.commit(identifier: identifier, copy, now: time) }
            case 2: replica.withdraw(identifier: identifier, key: key, owner: owner, now: time)
            default: _ = replica.store(identifier: identifier, copy, from: low, now: time)
            }
            let slot = replica.slots[key] ?? ReplicaSlot()
            #expect(Set(slot.entries.filter { $0.record.state != .released }.map(\.record.holder)).count <= 1)
            #expect(Set(slot.promises.map(\.holder)).count <= 1)
            #expect(replica.promiseCount == slot.promises.count)
            #expect(replica.byteCount == slot.entries.reduce(0) { $0 + $1.byteCount })
            #expect(replica.countByOwner.values.reduce(0, +) == slot.entries.count + slot.promises.count)
        }
    }
}

extension ReplicaTests {
    private var states: [StoreRecord.State] { replica.slots[key]?.entries.map(\.record.state) ?? [] }

    private func site(_ owner: NodeAddress) -> String { "site\(owner.high)" }

    private func shared(_ name: String) -> StoreKey {
        guard let key = StoreKey(.shared, name) else { preconditionFailure("\(name) is a valid name") }
        return key
    }

    private func record(
        _ owner: NodeAddress, epoch: UInt64, sequence: UInt64 = 1, state: StoreRecord.State = .confirmed,
        key: StoreKey = lease("lease:10.0.0.3")
    ) -> StoreRecord {
        StoreRecord(
            state: state, key: key, owner: owner, holder: site(owner), epoch: epoch, sequence: sequence,
            lifetimeSeconds: 600, value: [])
    }

    private func propose(
        _ owner: NodeAddress, _ identifier: UInt64, at delay: Duration = .zero
    ) -> StoreMessage {
        replica.propose(
            identifier: identifier, key: key, owner: owner, holder: site(owner), clock: 0, now: now + delay)
    }

    private func commit(
        _ owner: NodeAddress, _ identifier: UInt64, epoch: UInt64, at delay: Duration = .zero
    ) -> StoreMessage {
        let copy = StoreCopy(record: record(owner, epoch: epoch, state: .tentative), ageSeconds: 0)
        return replica.commit(identifier: identifier, copy, now: now + delay)
    }

    private func store(_ record: StoreRecord) -> [StoreReplica.Reply] {
        replica.store(identifier: 1, StoreCopy(record: record, ageSeconds: 0), from: record.owner, now: now)
    }

    private func epoch(_ message: StoreMessage) -> UInt64? {
        if case .vote(_, _, let epoch, _) = message { epoch } else { nil }
    }

    private func reason(_ message: StoreMessage) -> StoreRefusalReason? {
        if case .refusal(_, _, let reason, _, _) = message { reason } else { nil }
    }

    private func isStored(_ message: StoreMessage) -> Bool {
        if case .stored = message { true } else { false }
    }
}
