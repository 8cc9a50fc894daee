import ControlProtocol
import GatewayConfiguration
import LinuxSystem
import Logging
import NetworkTypes
import PacketForwarding
import RouteControl
import RoutePlanning

extension Daemon {
    /// How old a page may be: who asks more often gets the one of before, so that no asking takes time from packets.
    private static let pageAge: Duration = .seconds(1)

    /// Serves the page where the settings say, from now on.
    func listenForMetrics() {
        let before = metricsServer.fault?.address
        metricsServer.listen(at: files.settings.metrics.listen, now: now)
        guard let fault = metricsServer.fault, fault.address != before else { return }
        logger.warning("metrics are not served", metadata: ["address": "\(fault.address)", "error": "\(fault.text)"])
    }

    func acceptMetrics() { metricsServer.accept(now: now) }

    /// A connection of the metrics server is ready.
    func serveMetrics(_ token: UInt64) {
        metricsServer.ready(token, now: now) { metricsPage }
    }

    private var metricsPage: [UInt8] {
        if let page = lastPage, now - page.drawn < Self.pageAge { return page.bytes }
        var report = report
        // A counter that comes into being with its first drop would hide that drop from who asks for its growth.
        report.drops = drops
        let bytes = MetricsPage(StatusReport(gateway: .success(report), kernel: kernelFacts)).bytes
        lastPage = (bytes, now)
        return bytes
    }

    /// The kernel's half of status, as the keeper saw it last: it hears of every change.
    private var kernelFacts: KernelFacts {
        let settings = files.settings
        let found = keeper.found
        let lan = found.link(named: settings.lan.interface)
        return KernelFacts(
            deviceName: settings.device,
            device: found.link(named: settings.device).map { link in
                DeviceFacts(name: link.name, isUp: link.isUp, mtu: link.mtu, counters: keeper.deviceCounters)
            },
            routes: keeper.plan.verdicts.map(routeFact), forwardingV4: isSet("ipv4/ip_forward"),
            forwardingV6: isSet("ipv6/conf/all/forwarding"),
            strictReversePath: [settings.lan.interface, settings.device]
                .filter(InterfaceSettings.isReversePathStrict),
            lanInterfaceExists: lan != nil)
    }

    private func routeFact(_ verdict: RouteVerdict) -> RouteFact {
        RouteFact(
            prefix: verdict.wanted.prefix, kernel: KernelRouteState(rawValue: verdict.state.rawValue) ?? .missing,
            device: verdict.wanted.isDeadEnd ? nil : files.settings.device, metric: files.settings.routes.metric,
            issue: verdict.reason.flatMap { RouteIssue(code: $0.code, text: $0.text, fix: $0.fix) },
            isDeadEnd: verdict.wanted.isDeadEnd)
    }

    private func isSet(_ name: String) -> Bool? {
        (try? InterfaceSettings.readGlobalNumber(name)).map { $0 != 0 }
    }
}
