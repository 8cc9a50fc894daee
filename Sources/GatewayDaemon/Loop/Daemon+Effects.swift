import ControlProtocol
import GatewayCore
import LANServices
import LinuxSystem
import Logging
import NetworkTypes
import PacketForwarding

extension Daemon {
    /// Carries out what the core wants done, in its order.
    func carryOutEffects() {
        // What is sent now may tell a Lamport time that must not be told again after a crash.
        if gateway.storeClock > savedClock { saveLeases() }
        let list = effects.list
        effects.removeAll()
        var routesChanged = false
        for effect in list {
            switch effect {
            case .sendHandshake(let datagram, let endpoint):
                datagram.withUnsafeBytes { ports.send($0, segmentSize: $0.count, to: endpoint, trafficClass: 0) }
            case .receiveSealed(let datagram, let endpoint):
                receiveSealed(datagram, from: endpoint)
            case .sendControl(let message, let node, let endpoint, let padding, let localIndex):
                plane.sendControl(
                    message.encoded, to: node, endpoint: endpoint, paddedTo: padding, localIndex: localIndex)
            case .addPeer(let node):
                plane.addPeer(node)
            case .removePeer(let node):
                plane.removePeer(node)
                pathEndpoints[node] = nil
            case .setPath(let node, let endpoint, let payload):
                if setPath(node, endpoint, payload: payload) { routesChanged = true }
            case .relay(let change):
                ports.relays.change(change)
            case .install(let keys, let node):
                plane.install(keys, for: node)
            case .activate(let localIndex, let node):
                plane.activate(localIndex: localIndex, for: node)
            case .removeGeneration(let localIndex):
                plane.remove(localIndex: localIndex)
            case .routesChanged:
                routesChanged = true
            case .openStream(let number, let remote):
                openStream(number, to: remote)
            case .closeStream(let number):
                streams.close(number, now: now)
            case .resolve(let name):
                if !resolver.resolve(name) {
                    gateway.bootstrapResolved(name, [], now: now, effects: &effects)
                }
            case .membersChanged:
                membersDirty = true
                tellSites()
            case .echoEnded(let token, let roundTrip):
                answerEcho(token, roundTrip: roundTrip)
            case .traceEnded(let token, let result):
                answerTrace(token, result)
            case .crawlEnded(_, let result):
                answerCrawl(result)
            case .questionAsked(let token, let question, let node):
                answerQuestion(question, token: token, by: node)
            case .questionEnded(let token, let answer):
                answerExplain(token, answer)
            case .host(let change):
                hostChanged(change)
            case .storeCompleted(let number, let outcome):
                ownerFound(number, outcome)
            case .leasesChanged:
                leasesDirty = true
            case .publicationsChanged:
                savePublications()
            case .notice(let notice):
                log(notice)
            }
        }
        plane.flush()
        streams.flush(now: now)
        if routesChanged { followRoutes() }
        answerWaiters()
    }

    /// Sets a member's path; returns whether it goes elsewhere than before. The underlay's addresses are pinned in the
    /// kernel; another size of the path changes none.
    private func setPath(_ node: NodeAddress, _ endpoint: Endpoint?, payload: Int) -> Bool {
        plane.setPath(node, endpoint: endpoint, payloadByteCount: payload)
        guard pathEndpoints.updateValue(endpoint, forKey: node) != endpoint else { return false }
        // Whom the LAN's hosts reach may be others than a moment ago.
        lan?.services.remotesChanged()
        return true
    }

    private func receiveSealed(_ datagram: [UInt8], from endpoint: Endpoint) {
        var datagram = datagram
        datagram.withUnsafeMutableBytes {
            plane.receiveDatagrams($0, segmentSize: $0.count, source: endpoint, trafficClass: 0)
        }
    }

    /// An endpoint with its uplink, where there are several.
    private func words(_ endpoint: Endpoint) -> String {
        ports.uplinks.name(of: endpoint.uplink).map { "\(endpoint) over \($0)" } ?? "\(endpoint)"
    }

    private func log(_ notice: GatewayNotice) {
        switch notice {
        case .memberUp(let site, let node, let endpoint):
            logger.info(
                "site reached",
                metadata: ["site": "\(site)", "node": "\(node.abbreviated)", "endpoint": "\(words(endpoint))"])
        case .memberDown(let site, let node, let reason):
            logger.warning(
                "site lost", metadata: ["site": "\(site)", "node": "\(node.abbreviated)", "reason": "\(reason.code)"])
        case .pathMoved(let site, let node, let from, let to, let cause):
            logger.info(
                "path changed",
                metadata: [
                    "site": "\(site)", "node": "\(node.abbreviated)", "from": "\(words(from))",
                    "to": "\(words(to))",
                    "cause": "\(cause.rawValue)",
                ])
        case .pathMTU(let site, let node, let payload):
            logger.debug(
                "path size found",
                metadata: ["site": "\(site)", "node": "\(node.abbreviated)", "payload": "\(payload)"])
        case .rekeyed(let site, let node):
            logger.debug("keys replaced", metadata: ["site": "\(site)", "node": "\(node.abbreviated)"])
        case .handshakeRefused(let endpoint, let site, let reason):
            logger.warning(
                "handshake refused",
                metadata: ["endpoint": "\(endpoint)", "site": "\(site ?? "unknown")", "reason": "\(reason.code)"])
        case .announcementAccepted(let site, let node, let isWithdrawn, let prefixes):
            logger.info(
                isWithdrawn ? "site withdrawn" : "site announced",
                metadata: [
                    "site": "\(site)", "node": "\(node.abbreviated)",
                    "prefixes": "\(prefixes.map(\.description).joined(separator: ","))",
                ])
        case .hostClash(let address, let site):
            logger.warning("two hosts with one address", metadata: ["address": "\(address)", "site": "\(site)"])
        case .announcementRefused(let node, let fault):
            logger.warning(
                "announcement refused", metadata: ["from": "\(node.abbreviated)", "reason": "\(fault)"])
        case .memberExpired(let site, let node):
            logger.info("site forgotten", metadata: ["site": "\(site)", "node": "\(node.abbreviated)"])
        case .bootstrapIsSelf(let endpoint):
            logger.debug("a bootstrap address is this gateway", metadata: ["endpoint": "\(endpoint)"])
        case .leaseLost(let key, let site, let node):
            logger.warning(
                "lease lost", metadata: ["key": "\(key)", "to": "\(site)", "node": "\(node.abbreviated)"])
        case .prefixLost(let prefix, let subnet, let site):
            logger.warning(
                "leased prefix lost",
                metadata: ["prefix": "\(prefix)", "subnet": "\(subnet)", "to": "\(site ?? "no pool has it")"])
        case .published(let kind, let version, let source):
            logger.notice(
                "publication holds",
                metadata: [
                    "kind": "\(PublishedKind(kind).rawValue)", "version": "\(version)",
                    "from": "\(source?.abbreviated ?? "here")",
                ])
        case .publicationRefused(let node):
            logger.warning("publication refused", metadata: ["from": "\(node.abbreviated)"])
        case .memberRevoked(let site, let node):
            logger.notice("site revoked", metadata: ["site": "\(site)", "node": "\(node.abbreviated)"])
        case .ringJoined:
            logger.info("in the ring")
        case .ringIsolated:
            logger.warning("no link is left")
        case .malformedControl(let node):
            logger.debug("malformed control message", metadata: ["from": "\(node.abbreviated)"])
        }
    }
}
