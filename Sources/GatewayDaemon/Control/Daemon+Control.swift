import ControlProtocol
import GatewayConfiguration
import GatewayCore
import LinuxSystem
import NetworkTypes
import RoutePlanning

/// A control request that waits for something to happen.
struct PendingRequest {
    enum Kind {
        case ping(site: String, node: NodeAddress, echo: UInt64)
        case wait(site: String?)
        case trace(site: String, node: NodeAddress, trace: UInt64)
        case crawl
        case explain(site: String, question: UInt64)
        case plan(PlanInquiry)
    }

    let token: UInt64
    var kind: Kind
    let deadline: Instant?
}

extension Daemon {
    func acceptControl() { controlServer.accept(now: now) }

    /// A control connection is ready: reads, answers.
    func serveControl(_ token: UInt64, _ ready: Readiness) {
        guard let line = controlServer.ready(token, ready) else {
            if !controlServer.isWaiting(token) { pending.removeAll { $0.token == token } }
            return
        }
        do throws(ControlFailure) {
            try serve(try ControlRequest(line: line), token: token)
        } catch {
            controlServer.answer(token, .failure(error), now: now)
        }
    }

    private func serve(_ request: ControlRequest, token: UInt64) throws(ControlFailure) {
        switch request {
        case .status:
            controlServer.answer(token, .success(report.json), now: now)
        case .reload:
            switch reload() {
            case .success(let result): controlServer.answer(token, .success(result.json), now: now)
            case .failure(let failure): throw failure
            }
        case .plan:
            try plan(token: token)
        case .ping(let site, let timeout):
            try ping(site, timeout: .milliseconds(Int64(timeout)), token: token)
        case .wait(let site, let timeout):
            if let site, site == files.settings.site { throw ControlFailure(.ownSite, "'\(site)' is this site") }
            let deadline = timeout.map { now + .seconds(Int64($0)) }
            for member in gateway.memberStatus where member.site == site && !member.isLive {
                gateway.trafficWaits(for: member.node, now: now, effects: &effects)
            }
            pending.append(PendingRequest(token: token, kind: .wait(site: site), deadline: deadline))
            settle()
            answerWaiters()
        case .leases:
            controlServer.answer(token, .success(LeasesReport(leases: report.leases).json), now: now)
        case .publications:
            controlServer.answer(token, .success(publicationsReport.json), now: now)
        case .publish(let kind, let content):
            controlServer.answer(token, .success(try publish(kind, content).json), now: now)
        case .ring:
            controlServer.answer(token, .success(ringReport.json), now: now)
        case .crawl:
            crawl(token: token)
        case .explain(let packet):
            try explain(packet, token: token)
        case .trace(let target, let forcesOverlay, let timeout):
            try trace(
                target, forcesOverlay: forcesOverlay, timeout: .milliseconds(Int64(timeout)), token: token)
        }
    }

    private func ping(_ site: String, timeout: Duration, token: UInt64) throws(ControlFailure) {
        if site == files.settings.site { throw ControlFailure(.ownSite, "'\(site)' is this site") }
        let known = gateway.memberStatus.filter { $0.site == site && !$0.isWithdrawn }
        guard !known.isEmpty else { throw ControlFailure(.unknownSite, "no site '\(site)' in the grid") }
        guard let member = known.first(where: { $0.isLive }) ?? known.first(where: { $0.isOverOverlay }) else {
            throw ControlFailure(.siteDown, "site '\(site)' cannot be reached: \(known[0].reason.code)")
        }
        nextEcho += 1
        let isSent = gateway.echo(to: member.node, token: nextEcho, timeout: timeout, now: now, effects: &effects)
        guard isSent else { throw ControlFailure(.busy, "too many pings at once") }
        pending.append(
            PendingRequest(
                token: token, kind: .ping(site: site, node: member.node, echo: nextEcho), deadline: nil))
        settle()
    }

    /// An echo has ended: answers who asked for it.
    func answerEcho(_ echo: UInt64, roundTrip: Duration?) {
        let index = pending.firstIndex {
            if case .ping(_, _, echo) = $0.kind { true } else { false }
        }
        guard let index, case .ping(let site, let node, _) = pending[index].kind else { return }
        let request = pending.remove(at: index)
        guard let roundTrip else {
            controlServer.answer(
                request.token, .failure(ControlFailure(.noAnswer, "no answer from site '\(site)'")), now: now)
            return
        }
        let member = gateway.memberStatus(of: node)
        let result = PingResult(
            site: site, node: node, rttMicroseconds: UInt64(max(0, roundTrip.wholeMicroseconds)),
            path: member?.pathKind ?? .directUDP, endpoint: member?.endpoint,
            via: member?.via.flatMap { gateway.site(of: $0) })
        controlServer.answer(request.token, .success(result.json), now: now)
    }

    /// Answers every `wait` whose condition holds, and every request whose time is over.
    func answerWaiters() {
        var left: [PendingRequest] = []
        for request in pending {
            let isLate = request.deadline.map { $0 <= now } ?? false
            switch request.kind {
            case .wait(let site) where isReached(site):
                let result = WaitResult(members: gateway.memberCount, site: site)
                controlServer.answer(request.token, .success(result.json), now: now)
            case .plan(let inquiry) where isLate || inquiry.isComplete:
                controlServer.answer(request.token, .success(planReport(inquiry).json), now: now)
            case .wait(let site) where isLate:
                let what = site.map { "site '\($0)' is not reachable" } ?? "not in the grid"
                controlServer.answer(request.token, .failure(ControlFailure(.timedOut, "\(what) yet")), now: now)
            case .ping, .trace, .crawl, .explain, .wait, .plan:
                guard isLate else {
                    left.append(request)
                    continue
                }
                let failure = ControlFailure(.timedOut, "the crawl has not come round in time")
                controlServer.answer(request.token, .failure(failure), now: now)
            }
        }
        pending = left
    }

    /// In the grid, or the site reached: with what it exports in the kernel.
    private func isReached(_ site: String?) -> Bool {
        let isInstalled = keeper.plan.verdicts.allSatisfy { verdict in
            verdict.state != .missing || site.map { $0 != verdict.wanted.site } ?? false
        }
        guard isInstalled else { return false }
        guard let site else { return gateway.isSettled(now: now) }
        return gateway.isReached(site, now: now)
    }
}
