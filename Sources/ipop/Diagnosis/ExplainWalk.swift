import ControlProtocol
import GatewayConfiguration
import HostDiagnosis
import LinuxSystem
import NetworkTypes
import RouteControl
import RoutePlanning

/// Gathers both halves of an explanation, again until the hosts at both ends are known to be there or not.
struct ExplainWalk {
    private let source: IPAddress?
    private let destination: IPAddress
    private let transport: UInt8
    private let port: UInt16?
    private let question: DaemonQuestion
    private let gateway: Result<GatewayReport, DaemonAbsence>
    private let configured: ConfiguredGateway?

    /// Between two looks. A host that is asked for answers at once, or is given up by the kernel after three seconds.
    private static let pauses: [Duration] = [
        .milliseconds(300), .milliseconds(500), .seconds(1), .seconds(1), .seconds(1), .seconds(1),
    ]

    /// `source` is `nil` for any host of this LAN. Asks the daemon and, where it says nothing, reads the files.
    init(
        source: IPAddress?, destination: IPAddress, transport: UInt8, port: UInt16?, question: DaemonQuestion,
        paths: ConfigurationPaths
    ) {
        self.source = source
        self.destination = destination
        self.transport = transport
        self.port = port
        self.question = question
        do throws(QuestionFailure) {
            gateway = .success(try question.report())
        } catch {
            gateway = .failure(error.absence)
        }
        configured = (try? gateway.get()) == nil ? ConfiguredGateway.read(paths) : nil
    }

    /// Why there is no daemon to ask.
    var absence: DaemonAbsence? {
        if case .failure(let absence) = gateway { absence } else { nil }
    }

    /// All steps, as they are in the end.
    func run() throws(CommandFailure) -> ExplainReport {
        var steps = try walk()
        // That a host gave no answer may be long ago: it is asked again.
        guard Self.isOpen(steps) || Self.isAbsent(steps) else { return ExplainReport(steps: steps) }
        for pause in Self.pauses {
            Screen.pause(pause)
            steps = try walk()
            if Self.isAbsent(steps) || !Self.isOpen(steps) { break }
        }
        return ExplainReport(steps: steps)
    }

    private static func isAbsent(_ steps: [ExplainStep]) -> Bool {
        steps.contains { $0.code == ExplainCode.hostAbsent.rawValue }
    }

    /// A host is being asked for, or the far gateway was: either may have answered at the next look.
    private static func isOpen(_ steps: [ExplainStep]) -> Bool {
        steps.contains { step in
            step.code == ExplainCode.farGatewaySilent.rawValue
                || (step.name == ExplainStepName.lanHost.rawValue && step.isPassed == nil)
        }
    }

    private func walk() throws(CommandFailure) -> [ExplainStep] {
        let report = try? gateway.get()
        let host = report?.host ?? configured?.host
        guard let host else {
            let step = ExplainStep(
                NearHalf.nameless, .daemon, fails: .daemonNotRunning,
                "\(absence?.problem.text ?? ""), and the configuration cannot be read")
            return [step]
        }
        let kernel = try KernelView.read(report, configured)
        let (from, isAnyHost) = try origin(host, report)
        let packet = ExplainedPacket(source: from, destination: destination, transport: transport, port: port)
        let facts: SideFacts
        do throws(NetlinkError) {
            facts = try SideFactsReader.read(
                .init(local: from, remote: destination, lanInterface: host.lanLink, device: host.overlayLink),
                asksHost: !isAnyHost)
        } catch {
            throw CommandFailure("cannot read the kernel's network state: \(error)", .degraded)
        }
        let near = NearHalf(
            site: report?.site ?? configured?.site, report: gateway, routes: kernel.routes, facts: facts,
            packet: packet, isAnyHost: isAnyHost)
        return near.steps + farSteps(packet, report)
    }

    /// The source, or a host of the LAN that stands for any: of an exported subnet, and not this gateway.
    private func origin(
        _ host: HostSettings, _ report: GatewayReport?
    ) throws(CommandFailure) -> (address: IPAddress, isAnyHost: Bool) {
        // A host of this LAN may be named as the grid knows it.
        if let source { return (report?.exports.local(source) ?? source, false) }
        if let report, NearHalf.isBridged(report, destination) {
            // A host of the bridged subnet is one that is registered; the first stands for all.
            let hosts = report.leases.filter { $0.origin != nil && $0.state == .held }
            if let host = hosts.compactMap({ IPAddress($0.key) }).first { return (host, false) }
        }
        let network: HostNetworkState
        do throws(NetlinkError) {
            network = try HostNetworkReader().read(device: host.device)
        } catch {
            throw CommandFailure("cannot read the kernel's network state: \(error)", .degraded)
        }
        let lan = network.link(named: host.lanLink)?.index
        let connected = network.addresses.filter { $0.linkIndex == lan && !$0.address.isLinkLocal }
            .map(\.connectedPrefix)
        let exports = report?.exports.map(\.subnet) ?? []
        let subnets = (exports + connected).filter { $0.family == destination.family }
        guard let subnet = subnets.first else {
            throw CommandFailure("this site has no subnet of the family of \(destination); name a source", .usage)
        }
        let own = network.addresses.map(\.address)
        let candidates = (1...UInt64(own.count + 1)).map { subnet.address.advanced(by: $0) }
        let free = candidates.first { subnet.contains($0) && !own.contains($0) }
        return (free ?? subnet.address, true)
    }

    private func farSteps(_ packet: ExplainedPacket, _ report: GatewayReport?) -> [ExplainStep] {
        guard let report else { return [] }
        if NearHalf.isBridged(report, packet.destination) { return hostSteps(packet, report) }
        guard let member = NearHalf.member(report, packet) else { return [] }
        if member.path == .down {
            return [ExplainStep(member.site, .farGateway, nil, "not asked: no path is up")]
        }
        do throws(QuestionFailure) {
            let half = try farHalf(packet)
            return [ExplainStep(member.site, .farGateway, true, "the gateway of site \(member.site) answers")]
                + half.steps
        } catch {
            guard case .refused(let failure) = error, failure.code == .noAnswer else {
                return [ExplainStep(member.site, .farGateway, nil, "not asked: \(error.commandFailure.text)")]
            }
            return [
                ExplainStep(
                    member.site, .farGateway, fails: .farGatewaySilent,
                    "the gateway of site \(member.site) does not answer the question")
            ]
        }
    }

    private func farHalf(_ packet: ExplainedPacket) throws(QuestionFailure) -> FarHalf {
        let limit = Duration.milliseconds(Int64(ControlLimits.explainMilliseconds)) + DaemonQuestion.timeout
        return try question.read(try question.ask(.explain(packet), timeout: limit), FarHalf.init(json:))
    }

    /// The half of the gateway that a host of the bridged subnet is behind: the daemon knows which it is.
    private func hostSteps(_ packet: ExplainedPacket, _ report: GatewayReport) -> [ExplainStep] {
        if NearHalf.host(report, packet.destination)?.state == .held { return [] }
        do throws(QuestionFailure) {
            return try farHalf(packet).steps
        } catch {
            guard case .refused(let failure) = error, failure.code == .noRoute else {
                return [ExplainStep(report.site, .farGateway, nil, "not asked: \(error.commandFailure.text)")]
            }
            return [ExplainStep(report.site, .farGateway, fails: .hostNotRegistered, failure.text)]
        }
    }
}
