package import NetworkTypes
import OrderedCollections

// Ways into the ring, and into the other half of a ring that fell apart: both are tried for ever.
extension RingNode {
    /// A member known from an earlier life: it is tried like one that was linked and vanished.
    package mutating func remember(_ contact: RingContact, now: Instant) {
        guard contact.node != own.node, linkIndex(of: contact.node) == nil else { return }
        rememberLost(contact, now: now)
    }

    /// Contacts worth keeping over a restart: linked members, ring neighbours first.
    package var membersToRemember: [RingContact] {
        links.filter(\.isNear).map(\.contact) + links.filter { !$0.isNear }.map(\.contact)
    }

    mutating func rememberLost(_ contact: RingContact, now: Instant) {
        guard lost[contact.node] == nil else { return }
        if lost.count >= RingLimits.lostMembers { lost.remove(at: Int(random.below(UInt64(lost.count)))) }
        let nextTry = now + (links.isEmpty ? .zero : random.jitter(around: RingLimits.lostInterval))
        lost[contact.node] = LostMember(contact: contact, nextTry: nextTry, interval: RingLimits.lostInterval)
        timers.advance(.lostMembers, to: nextTry)
    }

    /// The network may be whole again: the other lost members are tried soon.
    mutating func lostMemberReturned(now: Instant) {
        for index in lost.values.indices {
            let soon = now + random.jitter(around: RingLimits.lostReturn)
            lost.values[index].nextTry = min(lost.values[index].nextTry, soon)
            lost.values[index].interval = RingLimits.lostInterval
            timers.advance(.lostMembers, to: soon)
        }
    }

    mutating func retryLost(now: Instant, effects: inout RingEffects) {
        for index in lost.values.indices where lost.values[index].nextTry <= now {
            let member = lost.values[index]
            lost.values[index].interval = min(member.interval * 2, RingLimits.lostIntervalLimit)
            lost.values[index].nextTry = now + random.jitter(around: member.interval)
            // As a leaf: if it answers, its ring is asked for our neighbours.
            dial(member.contact, for: .leaf, now: now, effects: &effects)
        }
        timers.set(.lostMembers, lost.values.map(\.nextTry).min())
    }

    mutating func callBootstrap(now: Instant, effects: inout RingEffects) {
        let isInRing = !left.isEmpty || !right.isEmpty
        effects.append(.connectBootstrap(count: isInRing ? 1 : RingLimits.bootstrapCount))
        let interval = isInRing ? bootstrapInterval + bootstrapShare : bootstrapInterval
        let limit = isInRing ? RingLimits.bootstrapRingLimit : RingLimits.bootstrapIntervalLimit
        bootstrapInterval = min(bootstrapInterval * 2, limit)
        bootstrapExpectedUntil = now + min(interval, RingLimits.attemptTimeout)
        timers.set(.bootstrap, now + random.jitter(around: interval))
    }
}
