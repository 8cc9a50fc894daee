import LinkSecurity
import NetworkTypes
import OrderedCollections

// Messages in: what a replica is asked, and what replicas answer.
extension StoreNode {
    /// A message of a member, or of this one to itself. Its sender is proved.
    mutating func handle(
        _ message: StoreMessage, from sender: NodeAddress, now: Instant, members: some StoreMembers,
        effects: inout StoreEffects
    ) {
        switch message {
        case .propose, .commit, .withdraw, .store, .read:
            serve(message, from: sender, now: now, members: members, effects: &effects)
        case .vote(let identifier, let key, let epoch, let attached):
            voted(
                identifier, key, epoch: epoch, attached: attached, from: sender, now: now, members: members,
                effects: &effects)
        case .stored(let identifier, let key, let sequence):
            stored(
                identifier, key, sequence: sequence, from: sender, now: now, members: members, effects: &effects)
        case .refusal(let identifier, let key, let reason, let by, let copy):
            if let copy, copy.record.key != key {
                drop(.malformed, effects: &effects)
                return
            }
            let refusal = ReceivedRefusal(
                identifier: identifier, key: key, reason: reason, by: by, copy: copy, sender: sender)
            refused(refusal, now: now, members: members, effects: &effects)
        case .found(let identifier, let key, let index, let count, let copy):
            found(
                identifier, key, index: Int(index), count: Int(count), copy: copy, from: sender, now: now,
                members: members, effects: &effects)
        }
    }

    /// A replica's part.
    private mutating func serve(
        _ message: StoreMessage, from sender: NodeAddress, now: Instant, members: some StoreMembers,
        effects: inout StoreEffects
    ) {
        switch message {
        case .propose(let identifier, let key, let clock):
            guard key.kind == .exclusive, let holder = site(of: sender, members) else { return }
            guard isResponsible(for: key, members) else {
                refuse(identifier, key, .notResponsible, to: sender, effects: &effects)
                return
            }
            let answer = replica.propose(
                identifier: identifier, key: key, owner: sender, holder: holder, clock: clock, now: now)
            send(answer, to: sender, noticing: sender, effects: &effects)
        case .commit(let identifier, let copy):
            let record = copy.record
            guard record.owner == sender, record.state == .tentative, record.key.kind == .exclusive,
                isGenuine(record, members)
            else {
                drop(.badRecord, effects: &effects)
                return
            }
            guard isResponsible(for: record.key, members) else {
                refuse(identifier, record.key, .notResponsible, to: sender, effects: &effects)
                return
            }
            let answer = replica.commit(identifier: identifier, copy, now: now)
            send(answer, to: sender, noticing: sender, effects: &effects)
        case .withdraw(let identifier, let key):
            replica.withdraw(identifier: identifier, key: key, owner: sender, now: now)
        case .store(let identifier, let copy):
            store(copy, identifier, from: sender, now: now, members: members, effects: &effects)
        case .read(let identifier, let key):
            answerRead(identifier, key, to: sender, now: now, members: members, effects: &effects)
        case .vote, .stored, .refusal, .found: break
        }
        timers.advance(.sweep, to: now + StoreLimits.sweepInterval)
    }

    private mutating func store(
        _ copy: StoreCopy, _ identifier: UInt64, from sender: NodeAddress, now: Instant,
        members: some StoreMembers, effects: inout StoreEffects
    ) {
        let record = copy.record
        guard record.state != .tentative, isGenuine(record, members) else {
            drop(.badRecord, effects: &effects)
            return
        }
        guard isResponsible(for: record.key, members) || record.state == .released else {
            refuse(identifier, record.key, .notResponsible, to: sender, effects: &effects)
            return
        }
        for reply in replica.store(identifier: identifier, copy, from: sender, now: now) {
            send(reply.message, to: reply.receiver, noticing: record.owner, effects: &effects)
        }
    }

    private mutating func answerRead(
        _ identifier: UInt64, _ key: StoreKey, to sender: NodeAddress, now: Instant, members: some StoreMembers,
        effects: inout StoreEffects
    ) {
        let copies = replica.entries(of: key, now: now)
        guard !copies.isEmpty else {
            // A member that should not have it does not know that there is none.
            guard isResponsible(for: key, members) else {
                refuse(identifier, key, .notResponsible, to: sender, effects: &effects)
                return
            }
            send(.found(identifier: identifier, key, index: 0, count: 0, copy: nil), to: sender, effects: &effects)
            return
        }
        let count = UInt8(copies.count)
        for (index, copy) in copies.enumerated() {
            let message = StoreMessage.found(
                identifier: identifier, key, index: UInt8(index), count: count, copy: copy)
            send(message, to: sender, effects: &effects)
        }
    }

    private mutating func refuse(
        _ identifier: UInt64, _ key: StoreKey, _ reason: StoreRefusalReason, to node: NodeAddress,
        effects: inout StoreEffects
    ) {
        send(.refusal(identifier: identifier, key, reason, by: nil, copy: nil), to: node, effects: &effects)
    }

    /// Sends a replica's answer, and tells the log when it is for want of room.
    private mutating func send(
        _ message: StoreMessage, to node: NodeAddress, noticing owner: NodeAddress, effects: inout StoreEffects
    ) {
        if case .refusal(_, let key, let reason, _, _) = message {
            switch reason {
            case .quota, .full, .tooManyRecords: effects.append(.notice(.refused(owner: owner, key, reason)))
            case .promised, .undecided, .held, .newer, .notPromised, .lowEpoch, .notResponsible, .expired: break
            }
        }
        send(message, to: node, effects: &effects)
    }
}

// What is believed.
extension StoreNode {
    /// Whether a record is by its owner, and names the site in its owner's certificate. `false` also when the owner is
    /// not in our directory.
    func isGenuine(_ record: StoreRecord, _ members: some StoreMembers) -> Bool {
        guard record.holder == site(of: record.owner, members) else { return false }
        if record.owner == own { return record.isSigned(by: identity.own.certificate, as: identity) }
        guard let certificate = members.certificate(of: record.owner) else { return false }
        return record.isSigned(by: certificate, as: identity)
    }

    private func site(of node: NodeAddress, _ members: some StoreMembers) -> String? {
        node == own ? site : members.site(of: node)
    }

    /// Whether this member may be a replica of the key.
    private func isResponsible(for key: StoreKey, _ members: some StoreMembers) -> Bool {
        members.count <= StoreLimits.responsibleCount
            || members.nearest(to: key.place, limit: StoreLimits.responsibleCount).contains(own)
    }
}
