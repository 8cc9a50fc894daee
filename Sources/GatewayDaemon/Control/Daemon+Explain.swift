import ControlProtocol
import GatewayConfiguration
import GatewayCore
import HostDiagnosis
import LinkSecurity
import Logging
import NetworkTypes
import OpenSSLLink
import PacketForwarding
import RouteControl
import RoutePlanning

// The far gateway's half of `ipop explain`: asked for here, and given to others.
extension Daemon {
    /// Asks the gateway that the destination is behind, with the source's address as that knows it.
    func explain(_ packet: ExplainedPacket, token: UInt64) throws(ControlFailure) {
        let target = try explained(packet.destination)
        nextEcho += 1
        let question = OperatorQuestion(
            source: exportReports.virtual(packet.source), destination: packet.destination,
            transport: packet.transport, port: packet.port ?? 0)
        // The effect may come at once.
        pending.append(
            PendingRequest(
                token: token, kind: .explain(site: target.site, question: nextEcho), deadline: nil))
        let isAsked = gateway.ask(
            question, of: target.node, token: nextEcho,
            timeout: .milliseconds(Int64(ControlLimits.explainMilliseconds)), now: now, effects: &effects)
        guard isAsked else {
            pending.removeLast()
            throw ControlFailure(.busy, "too many questions at once")
        }
        settle()
    }

    /// The gateway that a destination is behind: a host's, or that of the longest route.
    private func explained(_ destination: IPAddress) throws(ControlFailure) -> (site: String, node: NodeAddress) {
        if gateway.bridgedSubnets.contains(where: { $0.subnet.contains(destination) }) {
            gateway.resolveHost(destination, now: now, effects: &effects)
            settle()
            guard let host = gateway.remoteHost(destination) else {
                throw ControlFailure(
                    .noRoute, "no site is known to have the host \(destination); it is looked for, so ask again")
            }
            return (gateway.site(of: host.node) ?? host.node.abbreviated, host.node)
        }
        let route = gateway.routes.filter { $0.prefix.contains(destination) }
            .max { $0.prefix.length < $1.prefix.length }
        guard let route else {
            throw ControlFailure(.noRoute, "no route leads to \(destination); see `ipop routes`")
        }
        return (route.site, route.node)
    }

    /// A question has ended: answers who asked for it.
    func answerExplain(_ question: UInt64, _ answer: OperatorAnswer?) {
        let index = pending.firstIndex {
            if case .explain(_, question) = $0.kind { true } else { false }
        }
        guard let index, case .explain(let site, _) = pending[index].kind else { return }
        let request = pending.remove(at: index)
        guard let answer else {
            let failure = ControlFailure(.noAnswer, "site '\(site)' gives no answer")
            controlServer.answer(request.token, .failure(failure), now: now)
            return
        }
        let half = FarHalf(
            steps: answer.steps.map { step in
                ExplainStep(
                    site: site, name: step.name, isPassed: step.isPassed, text: step.text,
                    code: step.code.isEmpty ? nil : step.code, fix: step.fix.isEmpty ? nil : step.fix)
            })
        controlServer.answer(request.token, .success(half.json), now: now)
    }

    /// A member's operator asks: reads the kernel and tells the steps.
    func answerQuestion(_ question: OperatorQuestion, token: UInt64, by node: NodeAddress) {
        let packet = ExplainedPacket(
            source: question.source, destination: question.destination, transport: question.transport,
            port: question.port == 0 ? nil : question.port)
        gateway.answer(OperatorAnswer(steps: farSteps(packet, by: node)), token: token, to: node, effects: &effects)
    }

    private func farSteps(_ packet: ExplainedPacket, by node: NodeAddress) -> [OperatorAnswer.Step] {
        if bridgedSubnet?.contains(packet.destination) == true {
            let host = gateway.localHosts.first { $0.record.address == packet.destination && $0.state == .held }
            let half = FarHosts(grid: farGrid(packet, by: node), host: host?.record.mac, packet: packet)
            return half.steps.map(Self.told)
        }
        let settings = files.settings
        // What is not exported here is nothing that others may ask about.
        let isOurs = activeExports.contains { $0.virtual.contains(packet.destination) }
        let facts: SideFacts
        do throws(NetlinkError) {
            facts = try SideFactsReader.read(
                .init(
                    local: exportReports.local(packet.destination), remote: packet.source, lanInterface: lanInterface,
                    device: bridge.bridge ?? settings.device), asksHost: isOurs)
        } catch {
            logger.warning("cannot answer a question", metadata: ["error": "\(error)"])
            return [
                .init(
                    name: ExplainStepName.farGateway.rawValue, isPassed: nil,
                    text: "this gateway cannot read its kernel's state")
            ]
        }
        let steps = FarSide(grid: farGrid(packet, by: node), facts: facts, packet: packet).steps
        return (isOurs ? steps : Array(steps.prefix(1))).map(Self.told)
    }

    private static func told(_ step: ExplainStep) -> OperatorAnswer.Step {
        .init(name: step.name, isPassed: step.isPassed, text: step.text, code: step.code ?? "", fix: step.fix ?? "")
    }

    /// Where a source of a bridged subnet is, as if its site announced it alone; `nil` when it is not known.
    private func hostRoute(_ source: IPAddress) -> RouteReport? {
        gateway.remoteHost(source).flatMap { host in
            gateway.site(of: host.node).map { RouteReport(prefix: IPPrefix(host: source), site: $0) }
        }
    }

    private func farGrid(_ packet: ExplainedPacket, by node: NodeAddress) -> FarSide.Grid {
        let routes = routeReports.filter { !$0.isDeadEnd && $0.prefix.contains(packet.source) }
        let wanted = routes.filter(\.wanted).max { $0.prefix.length < $1.prefix.length }
        let isHost = gateway.bridgedSubnets.contains { $0.subnet.contains(packet.source) }
        let best = isHost ? hostRoute(packet.source) : wanted ?? routes.max { $0.prefix.length < $1.prefix.length }
        let isMissing = keeper.plan.verdicts.contains { $0.wanted.prefix == best?.prefix && $0.state == .missing }
        return FarSide.Grid(
            site: files.settings.site, exports: exportReports, sourceRoute: best, isSourceRouteMissing: isMissing,
            asker: gateway.site(of: node) ?? node.abbreviated)
    }
}
