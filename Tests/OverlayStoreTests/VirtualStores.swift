import LinkSecurity
import NetworkTypes
import OverlayStore

/// Store nodes under virtual time, over a network that loses, doubles, delays and parts.
final class VirtualStores {
    struct Member {
        var node: NodeAddress
        var site: String
        var store: StoreNode
        var view: DirectoryView
        var isAlive = true
        /// Members of different sides do not hear each other.
        var side = 0
        var wakeAt: Instant?
    }

    enum Event {
        case message(to: Int, bytes: [UInt8])
        case wakeup(Int)
    }

    private(set) var members: [Member] = []
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    private var random: SeededRandom
    private var queue: [(at: Instant, number: UInt64, event: Event)] = []
    private var number: UInt64 = 0
    private var indexes: [NodeAddress: Int] = [:]
    private var effects: [StoreEffects.Effect] = []

    var lossPerMille: UInt64 = 0
    var doublePerMille: UInt64 = 0
    var delay: ClosedRange<UInt64> = 10...60
    private(set) var outcomes: [UInt64: StoreOutcome] = [:]
    private(set) var outcomeTimes: [UInt64: Instant] = [:]
    private(set) var losses: [(member: Int, key: StoreKey, winner: StoreRecord)] = []
    /// Creates that succeeded while another site held the key.
    private(set) var overlaps: [String] = []
    private(set) var sentCount = 0
    private(set) var sentByteCount = 0
    private(set) var longestMessage = 0
    /// The bytes of every message, when they are wanted.
    var recorded: [(to: Int, bytes: [UInt8])]?
    private var nextToken: UInt64 = 1

    init(_ count: Int, seed: UInt64) {
        random = SeededRandom(seed: seed)
        for _ in 0..<count { add() }
        shareDirectory()
    }

    /// A member that knows but itself.
    @discardableResult
    func add(site: String? = nil) -> Int {
        let node = NodeAddress(
            high: random.nextWord(), middle: random.nextWord(), low: UInt32(truncatingIfNeeded: random.nextWord()))
        let index = members.count
        let site = site ?? "site\(index)"
        members.append(
            Member(
                node: node, site: site, store: newStore(node, site), view: DirectoryView([(node, site)])))
        indexes[node] = index
        return index
    }

    private func newStore(_ node: NodeAddress, _ site: String) -> StoreNode {
        StoreNode(identity: PlainIdentity(node: node, site: site), seed: random.nextWord())
    }

    /// Each living member learns all, or those listed.
    func shareDirectory(_ list: [Int]? = nil, among some: [Int]? = nil) {
        for index in some ?? Array(members.indices) where members[index].isAlive {
            setView(of: index, list ?? Array(members.indices))
        }
    }

    func setView(of index: Int, _ list: [Int]) {
        let view = DirectoryView(
            (list.contains(index) ? list : list + [index]).map { (members[$0].node, members[$0].site) })
        guard view.nodes != members[index].view.nodes else { return }
        members[index].view = view
        input(index) { store, view, now, effects in
            store.membersChanged(now: now, members: view, effects: &effects)
        }
    }

    func kill(_ index: Int) { members[index].isAlive = false }

    /// Starts a member again, with nothing in memory but what is handed in.
    func restart(_ index: Int, remembering leases: [RememberedLease] = []) {
        members[index].isAlive = true
        members[index].store = newStore(members[index].node, members[index].site)
        members[index].wakeAt = nil
        for lease in leases {
            input(index) { store, view, now, effects in
                store.restore(lease, now: now, members: view, effects: &effects)
            }
        }
    }

    /// What a member would have on its disk.
    func memory(of index: Int) -> StoreMemory {
        members[index].store.memory(now: now, unixSeconds: now.nanoseconds.seconds)
    }

    /// Every member loses its power at once, and starts again with what it has on its disk.
    func restartAll() {
        let memories = members.indices.map { memory(of: $0) }
        queue = []
        for index in members.indices {
            restart(index)
            input(index) { store, view, now, effects in
                store.restore(
                    memories[index], now: now, unixSeconds: now.nanoseconds.seconds, members: view, effects: &effects)
            }
        }
    }

    /// A member that was paused, not stopped, goes on.
    func resume(_ index: Int) {
        members[index].isAlive = true
        input(index) { store, view, now, effects in
            store.handleTimeout(now: now, members: view, effects: &effects)
        }
    }

    func part(_ other: [Int]) { for index in other { members[index].side = 1 } }

    /// The partition ends; those listed, or all, look again after what is theirs.
    func heal(rechecking some: [Int]? = nil) {
        for index in members.indices { members[index].side = 0 }
        for index in some ?? Array(members.indices) {
            input(index) { store, _, now, _ in store.recheckAll(now: now) }
        }
    }

    func create(
        by index: Int, _ name: String, value: [UInt8] = [1], lifetime: Duration = .seconds(3_600)
    ) -> UInt64 {
        operation(index) { store, token, view, now, effects in
            store.create(
                name, value: value, lifetime: lifetime, token: token, now: now, members: view, effects: &effects)
        }
    }

    func put(by index: Int, _ name: String, value: [UInt8], lifetime: Duration = .seconds(3_600)) -> UInt64 {
        operation(index) { store, token, view, now, effects in
            store.put(
                name, value: value, lifetime: lifetime, token: token, now: now, members: view, effects: &effects)
        }
    }

    func get(by index: Int, _ kind: StoreKey.Kind, _ name: String) -> UInt64 {
        operation(index) { store, token, view, now, effects in
            store.get(kind, name, token: token, now: now, members: view, effects: &effects)
        }
    }

    func release(by index: Int, _ key: StoreKey) {
        input(index) { store, view, now, effects in
            store.release(key, now: now, members: view, effects: &effects)
        }
    }

    private func operation(
        _ index: Int,
        _ body: (inout StoreNode, UInt64, DirectoryView, Instant, inout StoreEffects) -> Void
    ) -> UInt64 {
        let token = nextToken
        nextToken += 1
        input(index) { store, view, now, effects in body(&store, token, view, now, &effects) }
        return token
    }

    /// Gives a member an input and carries out what it wants.
    func input(
        _ index: Int, _ body: (inout StoreNode, DirectoryView, Instant, inout StoreEffects) -> Void
    ) {
        guard members[index].isAlive else { return }
        var effects = StoreEffects()
        let view = members[index].view
        body(&members[index].store, view, now, &effects)
        for effect in effects.list {
            switch effect {
            case .send(let node, let bytes): if let to = indexes[node] { transmit(bytes, from: index, to: to) }
            case .completed(let token, let outcome):
                outcomes[token] = outcome
                outcomeTimes[token] = now
                if case .created(let record) = outcome { noteCreated(record, by: index) }
            case .lost(let key, let winner): losses.append((index, key, winner))
            case .leaseChanged, .notice: break
            }
        }
        guard let wakeup = members[index].store.nextWakeup else { return }
        if let wakeAt = members[index].wakeAt, wakeAt <= wakeup.deadline, wakeAt > now { return }
        members[index].wakeAt = max(now, wakeup.deadline)
        push(.wakeup(index), at: max(now, wakeup.deadline))
    }

    private func noteCreated(_ record: StoreRecord, by index: Int) {
        for (other, member) in members.enumerated() where other != index && member.site != record.holder {
            guard let lease = member.store.lease(record.key), case .held = lease.state,
                let expires = lease.expires, expires > now
            else { continue }
            overlaps.append("\(record.key.name): \(record.holder) while \(member.site) at \(now.nanoseconds)")
        }
    }

    private func transmit(_ bytes: [UInt8], from: Int, to: Int) {
        sentCount += 1
        sentByteCount += bytes.count
        longestMessage = max(longestMessage, bytes.count)
        recorded?.append((to, bytes))
        guard members[from].side == members[to].side else { return }
        guard !random.chance(lossPerMille, in: 1_000) else { return }
        for _ in 0..<(random.chance(doublePerMille, in: 1_000) ? 2 : 1) { deliver(bytes, to: to) }
    }

    /// Hands a member a message after the network's delay.
    func deliver(_ bytes: [UInt8], to index: Int) {
        let milliseconds = delay.lowerBound + random.below(delay.upperBound - delay.lowerBound + 1)
        push(.message(to: index, bytes: bytes), at: now + .milliseconds(Int64(milliseconds)))
    }

    private func push(_ event: Event, at instant: Instant) {
        number += 1
        var low = 0
        var high = queue.count
        // The next event is the last, so that taking it moves nothing.
        while low < high {
            let middle = (low + high) / 2
            if (queue[middle].at, queue[middle].number) > (instant, number) { low = middle + 1 } else { high = middle }
        }
        queue.insert((instant, number, event), at: low)
    }

    func run(for duration: Duration) {
        let end = now + duration
        while let next = queue.last, next.at <= end { step() }
        now = end
    }

    /// Runs until `isDone`; `false` when that takes longer than `limit`.
    func run(until isDone: (VirtualStores) -> Bool, within limit: Duration) -> Bool {
        let end = now + limit
        while !isDone(self) {
            guard let next = queue.last, next.at <= end else {
                now = end
                return isDone(self)
            }
            step()
        }
        return true
    }

    private func step() {
        guard let next = queue.popLast() else { return }
        now = next.at
        switch next.event {
        case .message(let to, let bytes):
            input(to) { store, view, now, effects in
                store.receive(bytes, now: now, members: view, effects: &effects)
            }
        case .wakeup(let index):
            guard members[index].wakeAt == next.at else { return }
            members[index].wakeAt = nil
            input(index) { store, view, now, effects in
                store.handleTimeout(now: now, members: view, effects: &effects)
            }
        }
    }
}

// What is found.
extension VirtualStores {
    /// Living members that hold the lease, confirmed or not.
    func holders(of key: StoreKey) -> [Int] {
        members.indices.filter { index in
            guard members[index].isAlive, case .held = members[index].store.lease(key)?.state else { return false }
            return true
        }
    }

    func lease(of index: Int, _ key: StoreKey) -> StoreLease? { members[index].store.lease(key) }

    /// The nearest replicas of a key, as a member sees them.
    func replicas(of key: StoreKey, seenBy index: Int = 0) -> [Int] {
        members[index].view.nearest(to: key.place, limit: StoreLimits.replicaCount).compactMap { indexes[$0] }
    }

    func epoch(_ token: UInt64) -> UInt64? {
        if case .created(let record) = outcomes[token] { record.epoch } else { nil }
    }

    /// The site that a create was told of.
    func owner(toldTo token: UInt64) -> String? {
        if case .owned(let record) = outcomes[token] { record.holder } else { nil }
    }
}

extension UInt64 {
    /// Nanoseconds as seconds of a wall clock that began with the virtual one.
    var seconds: Int64 { Int64(self / 1_000_000_000) }
}
