import LinkSecurity
import NetworkTypes
import OrderedCollections
import OverlayRing
import OverlayStore

extension Gateway {
    /// Makes the own announcement anew, signs it and sends it to every member.
    mutating func publish(now: Instant, effects: inout GatewayEffects) {
        sequence += 1
        let lifetime = isStopping ? DirectoryLimits.withdrawalLifetime : DirectoryLimits.lifetime
        // What others see comes first: it is where who is not on our own network finds us.
        let endpoints = ownCandidates
        let announcement = Announcement(
            node: node, sequence: sequence, lifetimeSeconds: UInt32(lifetime.components.seconds),
            isWithdrawn: isStopping, endpoints: Array(endpoints.prefix(DirectoryLimits.endpointCount)),
            exports: isStopping ? [] : Array(claimedExports.prefix(DirectoryLimits.exportCount)),
            bridged: isStopping ? nil : settings.bridged, certificate: identity.own.certificate)
        prefixLeases.announced(announcement.exports.map(\.virtual))
        let encoded = announcement.signed(by: identity)
        publishAt = now + DirectoryLimits.renewalInterval
        ring.endpointsChanged(endpoints)
        guard settings.announces else { return }
        let outcome = directory.offer(encoded, age: .zero, by: identity, verifier: verifier, now: now)
        guard case .accepted(let own, _) = outcome else {
            // The own certificate does not stand (expired, say): status tells, and members would refuse it too.
            return
        }
        spread(own, until: node, now: now, effects: &effects)
        routesMayChange(now: now)
    }

    /// Sends an announcement to one member, which passes it on clockwise as far as `until`; its own address stands for
    /// the whole ring.
    func sendAnnouncement(
        _ entry: Directory.Entry, to node: NodeAddress, until: NodeAddress?, now: Instant,
        effects: inout GatewayEffects
    ) {
        let age = UInt32(clamping: (now - entry.made).components.seconds)
        let message = ControlMessage.announcement(ageSeconds: age, until: until, encoded: entry.record.encoded)
        effects.send(message, to: node)
    }

    /// Bounded broadcast: the arc from here clockwise to `until` is split among the members in it that are directly
    /// connected, each of which spreads the news in its own part. So every member gets it once, in about as many steps
    /// as a packet takes hops (Alima et al., 2003).
    private func spread(
        _ entry: Directory.Entry, until: NodeAddress, now: Instant, effects: inout GatewayEffects
    ) {
        for (target, end) in arc(until: until) where target != entry.node {
            sendAnnouncement(entry, to: target, until: end, now: now, effects: &effects)
        }
    }

    /// The members between here and `until` that news goes to, each with the end of its own part.
    func arc(until: NodeAddress) -> [(target: NodeAddress, end: NodeAddress)] {
        // Most members lie outside the arc, and looking at one costs more than at its address.
        var targets = members.elements.filter { $0.key.isBetween(node, and: until) && $0.value.hasDirectWay }.map(\.key)
        targets.sort { node.clockwiseDistance(to: $0) < node.clockwiseDistance(to: $1) }
        return targets.enumerated().map { position, target in
            (target, position + 1 < targets.count ? targets[position + 1] : until)
        }
    }

    /// Takes an announcement that a member passed on, and passes news on.
    mutating func receiveAnnouncement(
        _ encoded: [UInt8], age: Duration, until: NodeAddress?, from sender: NodeAddress, now: Instant,
        effects: inout GatewayEffects
    ) {
        switch directory.offer(encoded, age: age, by: identity, verifier: verifier, now: now) {
        case .refused(let fault):
            effects.append(.notice(.announcementRefused(from: sender, fault: fault)))
        case .known(let owner):
            copyArrived(owner, from: sender, now: now, effects: &effects)
        case .accepted(let entry, let previous):
            if entry.node == node {
                outrun(entry.record.sequence, now: now, effects: &effects)
            } else {
                learned(entry, after: previous, now: now, effects: &effects)
                if let until { spread(entry, until: until, now: now, effects: &effects) }
            }
            copyArrived(entry.node, from: sender, now: now, effects: &effects)
            // Most news only says that all is as it was.
            if !entry.hasSameRoutes(as: previous) {
                routesMayChange(now: now)
                holderMayHaveChanged(entry.identity.site, now: now)
            }
        }
    }

    /// The grid holds a newer announcement of ours than we remember (the clock went back): goes beyond it.
    private mutating func outrun(_ known: UInt64, now: Instant, effects: inout GatewayEffects) {
        sequence = max(sequence, known)
        publish(now: now, effects: &effects)
    }

    private mutating func learned(
        _ entry: Directory.Entry, after previous: Directory.Entry?, now: Instant, effects: inout GatewayEffects
    ) {
        let announcement = entry.announcement
        effects.append(
            .notice(
                .announcementAccepted(
                    site: entry.identity.site, node: entry.node, isWithdrawn: announcement.isWithdrawn,
                    prefixes: announcement.exports.map(\.virtual))))
        effects.append(.membersChanged)
        reviewAcquaintances(now: now, effects: &effects)
        guard let member = members[entry.node] else { return }
        // The newest announcement has the certificate that counts, be it shorter-lived than the one before.
        member.identity = entry.identity
        if member.path == nil, announcement.isWithdrawn {
            member.dials.suspend()
            member.reason = .stopped
            return
        }
        guard member.wantsBetterPath, !announcement.isWithdrawn, member.needs.hold(at: now) else { return }
        let known = previous?.announcement.endpoints ?? []
        if member.path == nil || !announcement.endpoints.allSatisfy(known.contains) {
            // It may be in reach now.
            member.dials.restart(at: now)
        }
    }

    /// The directory has changed: it is decided soon who owns which prefix. Within one batch of inputs in a small grid;
    /// in a large one, where that takes long, less often.
    mutating func routesMayChange(now: Instant) {
        guard selectAt == nil else { return }
        let pause = DirectoryLimits.selectionPause * directory.entries.count
        selectAt = isSmall ? now : now + min(pause, DirectoryLimits.selectionPauseLimit)
    }

    /// The whole directory fits one page of a summary.
    var isSmall: Bool { directory.entries.count <= DirectoryLimits.summaryPageCount }

    /// Whoever owns which prefix is decided anew when somebody asks for it.
    mutating func selectRoutes(now: Instant, effects: inout GatewayEffects) {
        selectAt = nil
        inStore(now: now, effects: &effects) { $0.membersChanged(now: now, members: $1, effects: &$2) }
        selection.forget()
        if directory.mappedCount > 0 || !proofs.isEmpty || !prefixLeases.wishes.isEmpty {
            proofs.follow(currentSelection.claims, now: now)
            proveLeases(now: now, effects: &effects)
        }
        effects.append(.routesChanged)
        // Another site may have taken what was leased here.
        searchSoon(now: now)
    }

    /// Removes what has expired: members that are gone for good leave no trace.
    mutating func expireDirectory(now: Instant, effects: inout GatewayEffects) {
        let gone = directory.expire(now: now, unixSeconds: unixSeconds)
        guard !gone.isEmpty else { return }
        for node in gone where node != self.node {
            guard let member = members[node] else {
                effects.append(.removePeer(node))
                continue
            }
            member.needs.isAcquaintance = false
            effects.append(.notice(.memberExpired(site: member.site, node: node)))
            if let end = member.identity?.notAfter, end < unixSeconds {
                endSession(with: member, reason: .certificate(.expired), now: now, effects: &effects)
            }
            if members[node]?.path == nil { removeMember(node, effects: &effects) }
        }
        effects.append(.membersChanged)
        routesMayChange(now: now)
    }

    mutating func removeMember(_ node: NodeAddress, effects: inout GatewayEffects) {
        guard let member = members.removeValue(forKey: node) else { return }
        memberClock.forget(member)
        for generation in member.generations {
            effects.append(.removeGeneration(localIndex: generation.keys.localIndex))
        }
        effects.append(.removePeer(node))
    }

    // MARK: Copies

    mutating func startCopy(from member: Member, now: Instant, effects: inout GatewayEffects) {
        let copy = DirectoryCopy(isWhole: isSmall, now: now)
        if member.copy == nil { copyCount += 1 }
        member.copy = copy
        effects.send(copy.first, to: member.node)
    }

    /// Whether copies of several members' directories may run at once: each is a page then.
    var mayCopyBeside: Bool { isSmall && !joinsLargeGrid }

    mutating func endCopy(from member: Member) {
        if member.copy != nil { copyCount -= 1 }
        member.copy = nil
    }

    /// Two probes in a row with another digest than ours, or the first of a new path: something was missed, so what
    /// differs is copied. In a large grid from one member at a time: what one lacks the others hardly have.
    mutating func compareDigest(_ digest: UInt64, of member: Member, now: Instant, effects: inout GatewayEffects) {
        guard member.endpoint != nil else { return }
        if digest == directory.digest {
            member.isEven = true
            member.digestMismatches = 0
            joinsLargeGrid = false
            storeMayBeReady(now: now, effects: &effects)
            return
        }
        guard member.copy == nil else { return }
        member.digestMismatches += 1
        let needed = member.isEven || isSmall ? 2 : 1
        guard member.digestMismatches >= needed,
            mayCopyBeside || copyCount == 0
        else { return }
        member.digestMismatches = 0
        startCopy(from: member, now: now, effects: &effects)
    }

    mutating func receiveSummary(
        _ page: [ControlMessage.SummaryEntry], isLast: Bool, from member: Member, now: Instant,
        effects: inout GatewayEffects
    ) {
        // Of the copies that have begun beside each other the first to bring anything goes on.
        if joinsLargeGrid, copyCount > 1, member.copy?.isAtStart == true { return endCopy(from: member) }
        if !isLast, isSmall, page.count > settings.acquaintances {
            joinsLargeGrid = true
            reviewAcquaintances(now: now, effects: &effects)
        }
        let wanted = page.filter { entry in
            directory[entry.node].map { $0.record.sequence < entry.sequence } ?? true
        }
        guard
            let step = member.copy?.received(
                page, isLast: isLast, wanted: wanted.map(\.node), now: now)
        else { return }
        carryOut(step, with: member, now: now, effects: &effects)
    }

    private mutating func copyArrived(
        _ node: NodeAddress, from sender: NodeAddress, now: Instant, effects: inout GatewayEffects
    ) {
        guard let member = members[sender], let step = member.copy?.arrived(node, now: now)
        else { return }
        carryOut(step, with: member, now: now, effects: &effects)
    }

    mutating func carryOut(
        _ step: DirectoryCopy.Step, with member: Member, now: Instant, effects: inout GatewayEffects
    ) {
        switch step {
        case .wait:
            break
        case .done:
            endCopy(from: member)
            // Whether the two are even now is worth knowing at once: somebody may wait for it.
            if !member.isEven { member.path?.nextProbe = now }
        case .request(let message):
            effects.send(message, to: member.node)
        }
    }
}
