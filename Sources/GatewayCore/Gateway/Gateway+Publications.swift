package import LinkSecurity
package import NetworkTypes
import OrderedCollections
import OverlayStore
import WireFormat

// What the grid's authority has signed off line: any member brings it in, and every member holds the newest.
extension Gateway {
    /// Brings a publication into the overlay: verified, kept and told to everybody. The same one again is told again.
    package mutating func publish(
        _ kind: PublicationKind, _ content: [UInt8], now: Instant, effects: inout GatewayEffects
    ) -> Result<(publication: Publication, isNews: Bool), PublicationFault> {
        guard content.count <= PublicationLimits.contentByteCount else { return .failure(.tooLong) }
        switch authority.verify(kind, content) {
        case .failure(let fault):
            return .failure(fault)
        case .success(let publication):
            let notice = PublicationNotice(publication)
            let known = shelf.notice(notice.kind)
            if notice == known {
                spread(notice, until: node, effects: &effects)
                return .success((publication, isNews: false))
            }
            guard notice.supersedes(known) else { return .failure(.stale(known: known?.version ?? 0)) }
            adopt(publication, from: nil, until: node, now: now, effects: &effects)
            return .success((publication, isNews: true))
        }
    }

    /// The publications that hold now, one of each kind at most.
    package var publications: [Publication] { shelf.held }

    /// What is to be kept over restarts.
    package var publicationMemory: PublicationMemory {
        PublicationMemory(shelf.held.map { ($0.kind, $0.content) })
    }

    /// The own certificate is on the revocation list.
    package var isRevoked: Bool { directory.isRevoked(identity.own.serial) }

    /// Takes up what an earlier life has kept, before anybody is heard.
    mutating func restorePublications(_ memory: PublicationMemory, now: Instant, effects: inout GatewayEffects) {
        for item in memory.items {
            guard case .success(let publication) = authority.verify(item.kind, item.content) else { continue }
            adopt(publication, from: nil, until: nil, now: now, effects: &effects)
        }
    }

    /// Keeps a publication, does what it says, and passes it on within the arc to `until`.
    private mutating func adopt(
        _ publication: Publication, from source: NodeAddress?, until: NodeAddress?, now: Instant,
        effects: inout GatewayEffects
    ) {
        let notice = PublicationNotice(publication)
        shelf.put(publication)
        shelf.reviewAt = shelf.reviewAt ?? now + random.jitter(around: PublicationLimits.reviewInterval)
        // Who is revoked is out before anybody is told, and is not told.
        if publication.kind == .revocationList { revoke(publication.revokedSerials, now: now, effects: &effects) }
        if publication.kind == .gridProfile {
            // Pools may be others: exports, and what of the others' is taken.
            if store.isReady { claimAt = now }
            claimsMayHaveChanged = true
            routesMayChange(now: now)
        }
        effects.append(.publicationsChanged)
        effects.append(.notice(.published(publication.kind, version: publication.version, from: source)))
        if let until { spread(notice, until: until, effects: &effects) }
    }

    /// Certificates that no longer count: their announcements, sessions and leases end now.
    private mutating func revoke(_ serials: [String], now: Instant, effects: inout GatewayEffects) {
        identity.revoke(serials)
        var gone = directory.revoke(serials).map { (node: $0.node, site: $0.identity.site) }
        // One may be reached whose announcement is still to come, or is of a newer certificate than its session.
        for member in members.values where directory.isRevoked(member.identity?.serial ?? "") {
            if !gone.contains(where: { $0.node == member.node }) { gone.append((member.node, member.site)) }
        }
        guard !gone.isEmpty else { return }
        for revoked in gone where revoked.node != node {
            effects.append(.notice(.memberRevoked(site: revoked.site, node: revoked.node)))
            if let member = members[revoked.node] {
                seekFailed(with: member, now: now, effects: &effects)
                member.needs = SessionNeeds(isLinked: member.needs.isLinked)
                endSession(with: member, reason: .certificate(.revoked), now: now, effects: &effects)
                removeMember(revoked.node, effects: &effects)
            } else {
                effects.append(.removePeer(revoked.node))
            }
            for number in streams.keys.elements where streams[number]?.peer == revoked.node {
                streams[number] = nil
                effects.append(.closeStream(number))
            }
            store.revoke(revoked.node, now: now)
        }
        effects.append(.membersChanged)
        // What it had may be had now.
        if store.isReady { claimAt = now }
        routesMayChange(now: now)
    }

    // MARK: Spreading

    /// Bounded broadcast of what there is, as of an announcement: whoever lacks it asks for it.
    private mutating func spread(
        _ notice: PublicationNotice, until: NodeAddress, effects: inout GatewayEffects
    ) {
        for (target, end) in arc(until: until) {
            effects.send(.publications([notice], until: end), to: target)
        }
    }

    /// Tells a member all that there is.
    func tellPublications(to node: NodeAddress, effects: inout GatewayEffects) {
        guard !shelf.notices.isEmpty else { return }
        effects.send(.publications(shelf.notices, until: nil), to: node)
    }

    /// A member tells of a publication that is news to it (`until`), or of all that it has.
    mutating func receivePublications(
        _ notices: [PublicationNotice], until: NodeAddress?, from member: Member, now: Instant,
        effects: inout GatewayEffects
    ) {
        for notice in notices {
            guard PublicationKind(rawValue: notice.kind) != nil, notice.supersedes(shelf.notice(notice.kind)),
                (1...PublicationLimits.contentByteCount).contains(Int(notice.byteCount)),
                !shelf.refusals.contains(.init(source: member.node, notice: notice))
            else { continue }
            // What is learned on a new path or by the way is news to one's own side of the ring.
            pull(notice, from: member.node, until: until ?? node, now: now, effects: &effects)
        }
        let isBehind = shelf.notices.contains { own in
            let told = notices.first { $0.kind == own.kind }
            return told.map { own.supersedes($0) } ?? (until == nil)
        }
        // What is being got from there may be why it seems so.
        let isAsked = shelf.pulls.contains { $0.sources.contains(member.node) }
        if isBehind, !isAsked { tellPublications(to: member.node, effects: &effects) }
    }

    private mutating func pull(
        _ notice: PublicationNotice, from source: NodeAddress, until: NodeAddress, now: Instant,
        effects: inout GatewayEffects
    ) {
        if let index = shelf.pulls.firstIndex(where: { $0.notice == notice }) {
            shelf.pulls[index].add(source, until: until, own: node)
            return
        }
        guard shelf.pulls.count < PublicationLimits.pulls else { return }
        var pull = PublicationPull(notice, from: source, until: until, now: now)
        let step = pull.start(now: now)
        shelf.pulls.append(pull)
        carryOut(step, of: notice, now: now, effects: &effects)
    }

    /// Sends the pages that a member asks for.
    mutating func sendPages(
        of notice: PublicationNotice, first: Int, count: Int, to node: NodeAddress, effects: inout GatewayEffects
    ) {
        guard let index = shelf.notices.firstIndex(of: notice), first < notice.pageCount else { return }
        let content = shelf.held[index].content
        for page in first..<min(first + min(count, PublicationLimits.pageCount), notice.pageCount) {
            let begin = page * PublicationLimits.pageByteCount
            let bytes = Array(content[begin..<min(begin + PublicationLimits.pageByteCount, content.count)])
            effects.send(.publicationPage(notice, page: UInt16(page), bytes), to: node)
        }
    }

    mutating func receivePage(
        of notice: PublicationNotice, _ page: Int, _ bytes: [UInt8], from source: NodeAddress, now: Instant,
        effects: inout GatewayEffects
    ) {
        guard let index = shelf.pulls.firstIndex(where: { $0.notice == notice && $0.source == source })
        else { return }
        let step = shelf.pulls[index].arrived(page, bytes, now: now)
        carryOut(step, of: notice, now: now, effects: &effects)
    }

    private mutating func carryOut(
        _ step: PublicationPull.Step, of notice: PublicationNotice, now: Instant, effects: inout GatewayEffects
    ) {
        guard let index = shelf.pulls.firstIndex(where: { $0.notice == notice }) else { return }
        let source = shelf.pulls[index].source
        switch step {
        case .wait:
            break
        case .request(let first, let count):
            effects.send(.publicationRequest(notice, first: UInt16(first), count: UInt8(count)), to: source)
        case .complete(let content):
            guard let kind = PublicationKind(rawValue: notice.kind),
                case .success(let publication) = authority.verify(kind, content),
                PublicationNotice(publication) == notice
            else {
                effects.append(.notice(.publicationRefused(from: source)))
                shelf.refuse(notice, of: source)
                turnToNextSource(of: notice, now: now, effects: &effects)
                return
            }
            let until = shelf.pulls.remove(at: index).until
            // A newer one may have come meanwhile.
            guard notice.supersedes(shelf.notice(notice.kind)) else { return }
            adopt(publication, from: source, until: until, now: now, effects: &effects)
        case .giveUp:
            turnToNextSource(of: notice, now: now, effects: &effects)
        }
    }

    private mutating func turnToNextSource(
        of notice: PublicationNotice, now: Instant, effects: inout GatewayEffects
    ) {
        guard let index = shelf.pulls.firstIndex(where: { $0.notice == notice }) else { return }
        guard shelf.pulls[index].turnToNextSource(now: now) else {
            shelf.pulls.remove(at: index)
            return
        }
        let step = shelf.pulls[index].start(now: now)
        carryOut(step, of: notice, now: now, effects: &effects)
    }

    /// Asks again for pages that have not come, and now and then tells a member what there is.
    mutating func publicationTimeouts(now: Instant, effects: inout GatewayEffects) {
        for overdue in shelf.pulls where overdue.deadline <= now {
            guard let index = shelf.pulls.firstIndex(where: { $0.notice == overdue.notice }) else { continue }
            let step = shelf.pulls[index].timedOut(now: now)
            carryOut(step, of: overdue.notice, now: now, effects: &effects)
        }
        guard let due = shelf.reviewAt, due <= now else { return }
        shelf.reviewAt = now + random.jitter(around: PublicationLimits.reviewInterval)
        let direct = members.values.filter(\.isDirect)
        guard !direct.isEmpty else { return }
        tellPublications(to: direct[Int(random.below(UInt64(direct.count)))].node, effects: &effects)
    }
}
