import LinkSecurity
import NetworkTypes
import OrderedCollections

extension Gateway {
    /// Makes the own announcement anew, signs it and sends it to every member.
    mutating func publish(now: Instant, effects: inout GatewayEffects) {
        sequence += 1
        let lifetime = isStopping ? DirectoryLimits.withdrawalLifetime : DirectoryLimits.lifetime
        var endpoints = underlay.endpoints
        for seen in observed where !endpoints.contains(seen.endpoint) { endpoints.append(seen.endpoint) }
        let announcement = Announcement(
            node: node, sequence: sequence, lifetimeSeconds: UInt32(lifetime.components.seconds),
            isWithdrawn: isStopping, endpoints: Array(endpoints.prefix(DirectoryLimits.endpointCount)),
            exports: isStopping ? [] : Array(settings.exports.prefix(DirectoryLimits.exportCount)),
            certificate: identity.own.certificate)
        let encoded = announcement.signed(by: identity)
        publishAt = now + DirectoryLimits.renewalInterval
        guard case .accepted = directory.offer(encoded, age: .zero, by: identity, now: now), let own = directory[node]
        else {
            // The own certificate does not stand (expired, say): status tells, and members would refuse it too.
            return
        }
        for member in members.values where member.path != nil {
            sendAnnouncement(own, to: member.node, now: now, effects: &effects)
        }
        selectRoutes(effects: &effects)
    }

    func sendAnnouncement(
        _ entry: Directory.Entry, to node: NodeAddress, now: Instant, effects: inout GatewayEffects
    ) {
        let age = UInt32(clamping: (now - entry.made).components.seconds)
        effects.append(
            .sendControl(
                .announcement(ageSeconds: age, encoded: entry.encoded), to: node, endpoint: nil, paddedTo: nil,
                localIndex: nil))
    }

    /// Takes an announcement that the member at `index` passed on, and passes news on to all others.
    mutating func receiveAnnouncement(
        _ encoded: [UInt8], age: Duration, from index: Int, now: Instant, effects: inout GatewayEffects
    ) {
        let sender = members.values[index].node
        switch directory.offer(encoded, age: age, by: identity, now: now) {
        case .refused(let fault):
            effects.append(.notice(.announcementRefused(from: sender, fault: fault)))
        case .known:
            if let node = try? Announcement.Unverified(reading: encoded).announcement.node {
                copyArrived(node, at: index, now: now, effects: &effects)
            }
        case .accepted:
            guard let owner = acceptedNode(encoded), let entry = directory[owner] else { return }
            if owner == node {
                outrun(entry.announcement.sequence, now: now, effects: &effects)
            } else {
                learned(entry, now: now, effects: &effects)
                for other in members.values where other.path != nil && other.node != sender && other.node != owner {
                    sendAnnouncement(entry, to: other.node, now: now, effects: &effects)
                }
            }
            copyArrived(owner, at: index, now: now, effects: &effects)
            selectRoutes(effects: &effects)
        }
    }

    private func acceptedNode(_ encoded: [UInt8]) -> NodeAddress? {
        (try? Announcement.Unverified(reading: encoded))?.announcement.node
    }

    /// The grid holds a newer announcement of ours than we remember (the clock went back): goes beyond it.
    private mutating func outrun(_ known: UInt64, now: Instant, effects: inout GatewayEffects) {
        sequence = max(sequence, known)
        publish(now: now, effects: &effects)
    }

    private mutating func learned(_ entry: Directory.Entry, now: Instant, effects: inout GatewayEffects) {
        let announcement = entry.announcement
        let index = member(for: entry.identity, effects: &effects)
        // The newest announcement has the certificate that counts, be it shorter-lived than the one before.
        members.values[index].identity = entry.identity
        effects.append(
            .notice(
                .announcementAccepted(
                    site: entry.identity.site, node: announcement.node, isWithdrawn: announcement.isWithdrawn,
                    prefixes: announcement.exports.map(\.virtual))))
        if members.values[index].path == nil {
            if announcement.isWithdrawn {
                members.values[index].nextDial = nil
                members.values[index].reason = .stopped
            } else {
                members.values[index].dialAttempts = 0
                members.values[index].nextDial = now
            }
        }
        effects.append(.membersChanged)
    }

    /// Decides anew who owns which prefix.
    mutating func selectRoutes(effects: inout GatewayEffects) {
        let exports = isStopping ? [] : settings.exports.map(\.virtual)
        let new = RouteSelection(
            directory: directory, own: (identity.own.site, node, exports), policy: settings.policy)
        guard new != selection else { return }
        selection = new
        effects.append(.routesChanged)
    }

    /// Removes what has expired: members that are gone for good leave no trace.
    mutating func expireDirectory(now: Instant, effects: inout GatewayEffects) {
        let gone = directory.expire(now: now, unixSeconds: unixSeconds)
        guard !gone.isEmpty else { return }
        for node in gone where node != self.node {
            guard let index = members.index(forKey: node) else { continue }
            let identity = members.values[index].identity
            effects.append(.notice(.memberExpired(site: identity.site, node: node)))
            if identity.notAfter < unixSeconds {
                endSession(at: index, reason: .certificate(.expired), now: now, effects: &effects)
            }
            if members.values[index].path == nil { removeMember(node, effects: &effects) }
        }
        effects.append(.membersChanged)
        selectRoutes(effects: &effects)
    }

    private mutating func removeMember(_ node: NodeAddress, effects: inout GatewayEffects) {
        guard let member = members.removeValue(forKey: node) else { return }
        for generation in member.generations {
            effects.append(.removeGeneration(localIndex: generation.keys.localIndex))
        }
        effects.append(.removePeer(node))
    }

    // MARK: Copies

    mutating func startCopy(at index: Int, now: Instant, effects: inout GatewayEffects) {
        let copy = DirectoryCopy(now: now)
        members.values[index].copy = copy
        effects.append(
            .sendControl(
                .summaryRequest(start: copy.start), to: members.values[index].node, endpoint: nil, paddedTo: nil,
                localIndex: nil))
    }

    /// Two probes in a row with another digest than ours: something was missed, so the directory is copied again.
    mutating func compareDigest(_ digest: UInt64, at index: Int, now: Instant, effects: inout GatewayEffects) {
        guard members.values[index].path != nil else { return }
        if digest == directory.digest {
            members.values[index].isEven = true
            members.values[index].digestMismatches = 0
            return
        }
        guard members.values[index].copy == nil else { return }
        members.values[index].digestMismatches += 1
        if members.values[index].digestMismatches >= 2 {
            members.values[index].digestMismatches = 0
            startCopy(at: index, now: now, effects: &effects)
        }
    }

    mutating func receiveSummary(
        _ page: [ControlMessage.SummaryEntry], isLast: Bool, at index: Int, now: Instant,
        effects: inout GatewayEffects
    ) {
        let wanted = page.filter { entry in
            directory[entry.node].map { $0.announcement.sequence < entry.sequence } ?? true
        }
        guard
            let step = members.values[index].copy?.received(
                page, isLast: isLast, wanted: wanted.map(\.node), now: now)
        else { return }
        carryOut(step, at: index, now: now, effects: &effects)
    }

    private mutating func copyArrived(
        _ node: NodeAddress, at index: Int, now: Instant, effects: inout GatewayEffects
    ) {
        guard let step = members.values[index].copy?.arrived(node, now: now) else { return }
        carryOut(step, at: index, now: now, effects: &effects)
    }

    mutating func carryOut(
        _ step: DirectoryCopy.Step, at index: Int, now: Instant, effects: inout GatewayEffects
    ) {
        switch step {
        case .wait:
            break
        case .done:
            members.values[index].copy = nil
            // Whether the two are even now is worth knowing at once: somebody may wait for it.
            if !members.values[index].isEven { members.values[index].path?.nextProbe = now }
        case .request(let message):
            effects.append(
                .sendControl(
                    message, to: members.values[index].node, endpoint: nil, paddedTo: nil, localIndex: nil))
        }
    }
}
