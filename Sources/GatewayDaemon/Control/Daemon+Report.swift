import ControlProtocol
import GatewayConfiguration
import GatewayCore
import LANServices
import LinkSecurity
import LinuxSystem
import NetworkTypes
import OpenSSLLink
import OverlayRing
import PacketForwarding
import RoutePlanning

extension Daemon {
    /// The daemon's half of status.
    var report: GatewayReport {
        let settings = files.settings
        let wallClock = WallClock.unixSeconds()
        return GatewayReport(
            state: gateway.isJoined ? .up : .joining, grid: settings.grid, site: settings.site, node: identity.own.node,
            version: ProgramVersion.text, uptimeSeconds: UInt64(max(0, (now - started).components.seconds)),
            certificate: CertificateReport(
                notAfter: identity.own.notAfter, now: wallClock, subnets: identity.own.prefixes),
            overlay: overlayReport,
            sites: siteReports, routes: routeReports, exports: exportReports, leases: leaseReports, nat: natReport,
            streams: streams.report, relays: relaysReport,
            problems: problems,
            drops: drops.filter { $0.packets > 0 },
            refusedHandshakes: refusalTally.reports,
            host: HostSettings(
                device: settings.device, deviceMTU: deviceMTU, lanInterface: settings.lan.interface,
                lanMode: settings.lan.mode == .bridged ? .bridged : .routed, bridge: bridge.bridge,
                bridgedSubnet: bridgedSubnet,
                table: settings.routes.table.number, metric: settings.routes.metric))
    }

    /// What was dropped and why, for each reason that there is.
    var drops: [DropCount] {
        let packets = plane.counters.drops.map { DropCount(reason: $0.reason.rawValue, packets: $0.count) }
        let frames = lan?.services.counters.drops.all ?? []
        return packets + strangerDrops + frames.map { DropCount(reason: $0.reason.rawValue, packets: $0.count) }
            + nameServer.drops.map { DropCount(reason: $0.reason.rawValue, packets: $0.count) }
    }

    private var overlayReport: OverlayReport {
        let ring = gateway.ringStatus
        func count(_ purpose: RingPurposes) -> Int {
            ring.links.count { $0.purposes.union($0.theirPurposes).contains(purpose) }
        }
        return OverlayReport(
            members: gateway.memberCount, near: count(.near), far: count(.far), shortcuts: count(.shortcut),
            ringConsistent: gateway.memberCount > 1 && !ring.isRoutable ? nil : ring.isConsistent)
    }

    /// One line for `systemctl status`.
    var statusLine: String {
        let (reached, known) = gateway.reach
        return "\(reached) of \(known) sites reached, \(gateway.routes.count) routes"
    }

    private var siteReports: [SiteReport] {
        gateway.memberStatus.filter { !$0.isWithdrawn || $0.isLive }.map { member in
            let counters = plane.peerCounters(member.node) ?? PeerCounters()
            let rate = rates.rate(of: member.node)
            return SiteReport(
                site: member.site, node: member.node, path: member.pathKind,
                via: member.via.flatMap { gateway.site(of: $0) }, endpoint: member.endpoint,
                uplink: member.endpoint.flatMap { ports.uplinks.name(of: $0.uplink) },
                reason: PathReason(rawValue: member.reason.code) ?? .protocolError,
                rttMicroseconds: member.roundTrip.map { UInt64(max(0, $0.wholeMicroseconds)) },
                lossPercent: member.lossPercent, mtu: member.payload, rxBytes: counters.receivedBytes,
                txBytes: counters.sentBytes, rxBytesPerSecond: rate?.receivedPerSecond,
                txBytesPerSecond: rate?.sentPerSecond,
                lastHeardSeconds: counters.lastReceived.map { max(0, (now - $0).inSeconds) }, prefixes: member.exports,
                sourceDrops: counters.sourceCheckDrops)
        }
    }

    var routeReports: [RouteReport] {
        var reports = keeper.plan.verdicts.map { verdict in
            let key = routeKey(verdict.wanted.prefix)
            let known = keeper.schedule.enrich(verdict, key: key)
            return RouteReport(
                prefix: known.wanted.prefix, site: known.wanted.site, wanted: known.state != .refused,
                issue: known.reason.flatMap { RouteIssue(code: $0.code, text: $0.text, fix: $0.fix) },
                vanished: vanished(key), isDeadEnd: known.wanted.isDeadEnd)
        }
        for refused in gateway.refusedRoutes {
            let issue = RouteCode(rawValue: refused.reason.rawValue).map { RouteIssue($0) }
            reports.append(
                RouteReport(prefix: refused.route.prefix, site: refused.route.site, wanted: false, issue: issue))
        }
        reports.sort { first, second in
            first.prefix != second.prefix ? first.prefix < second.prefix : first.site < second.site
        }
        return reports
    }

    private func routeKey(_ prefix: IPPrefix) -> RouteKey {
        RouteKey(
            table: RoutingTable(rawValue: files.settings.routes.table.number), prefix: prefix,
            metric: files.settings.routes.metric)
    }

    private func vanished(_ key: RouteKey) -> VanishedRoute? {
        guard let history = keeper.schedule.history(of: .route(key)), let at = history.lastVanished,
            now - at < .seconds(60)
        else { return nil }
        return VanishedRoute(
            secondsAgo: UInt64(max(0, (now - at).components.seconds)), remover: history.lastRemover,
            restored: history.lastRestored.map { $0 >= at } ?? false)
    }

    private var relaysReport: RelaysReport {
        RelaysReport(
            pairs: ports.relays.pairCount, ways: ports.relays.wayCount, passedFrames: ports.relays.passedFrames,
            passedBytes: ports.relays.passedBytes, strangeFrames: ports.relays.strangeFrames)
    }

    private var natReport: NATReport {
        let own = underlayFacts.endpoints
        let mapped = portMapping.endpoints
        let observed = gateway.observedEndpoints.filter { !mapped.contains($0) }
        return NATReport(
            mapping: NATMapping(gateway.mapping), udp: udpReachability,
            endpoints: observed.isEmpty ? own : mapped + observed)
    }

    private var udpReachability: UDPReachability {
        if gateway.isUDPBlocked { return .blocked }
        return gateway.hasUDPPath ? .ok : .unknown
    }

    /// What is wrong and not to be seen in the rest of the report.
    private var problems: [Problem] {
        var list: [Problem] = []
        if gateway.isRevoked { list.append(.certificateRevoked()) }
        if let first = reloadErrors.first { list.append(.configurationNotReloaded(error: first)) }
        if let stateError {
            list.append(.stateNotSaved(directory: arguments.stateDirectory, error: stateError))
        }
        if let fault = metricsServer.fault {
            list.append(.metricsNotServed(fault.address, error: fault.text))
        }
        for fault in namePorts.faults { list.append(.namesNotServed(fault.address, error: fault.text)) }
        if let fault = streams.listenFault {
            list.append(.streamsNotAccepted(port: files.settings.listen.port, error: fault))
        }
        if let proxy = files.settings.proxy, let fault = streams.proxyFault {
            list.append(.proxyUnusable("\(proxy)", error: fault))
        }
        for refused in gateway.refusedRoutes {
            guard let owner = refused.owner else { continue }
            list.append(.prefixConflict(refused.route.prefix, owner: owner, loser: refused.route.site))
        }
        list += prefixLosses + sharedPrefixes(activeExports)
        for failure in keeper.failures {
            list.append(.kernelChangeFailed(change: "\(failure.step)", error: failure.text))
        }
        return list + bridgeProblems + hostProblems + linkProblems
    }

    private var bridgeProblems: [Problem] {
        switch bridge.standing {
        case .routed: return []
        case .refused(let refusal): return [.lanNotBridged(reason: refusal.text, fix: refusal.fix)]
        case .left(let name): return [.bridgeLeft(name)]
        case .bridged(let name, _):
            let device = files.settings.device
            guard let history = keeper.schedule.history(of: .membership(device)), let at = history.lastVanished,
                now - at < .seconds(60)
            else { return [] }
            return [
                .portTakenOut(
                    device, bridge: name, remover: history.lastRemover,
                    restored: history.lastRestored.map { $0 >= at } ?? false)
            ]
        }
    }

    private var linkProblems: [Problem] {
        var list: [Problem] = []
        let unreached = gateway.bootstrapStatus.filter { !$0.isReached && unresolved[$0.name] == nil }
        if !gateway.isJoined, !unreached.isEmpty { list.append(.bootstrapUnreachable(unreached.map(\.name))) }
        for name in unresolved.keys.sorted(by: { $0.description < $1.description }) {
            list.append(.nameNotResolved(name.host, error: unresolved[name] ?? ""))
        }
        for refusal in gateway.refusedHandshakes {
            guard let reason = PathReason(rawValue: refusal.reason.code) else { continue }
            let peer = refusal.site.map { "site \($0) (\(refusal.endpoint))" } ?? "\(refusal.endpoint)"
            list.append(.linkRefused(peer: peer, reason: reason))
        }
        for member in gateway.memberStatus {
            let drops = plane.peerCounters(member.node)?.sourceCheckDrops ?? 0
            if drops > 0 { list.append(.sourceCheckDrops(site: member.site, packets: drops)) }
        }
        return list
    }
}
