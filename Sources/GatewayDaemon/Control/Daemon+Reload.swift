import ControlProtocol
import GatewayConfiguration
import GatewayCore
import LinuxSystem
import Logging
import NetworkTypes
import OpenSSLLink

extension Daemon {
    /// Reads the configuration again and applies the difference; on an error nothing changes.
    func reload() -> Result<ReloadResult, ControlFailure> {
        notify { try $0.reloading() }
        defer { notify { try $0.ready() } }
        let new: RunningConfiguration
        do throws(StartupError) {
            new = try RunningConfiguration.load(directory: arguments.configDirectory, now: WallClock.unixSeconds())
        } catch {
            reloadErrors = error.description.split(separator: "\n").map(String.init)
            return .failure(ControlFailure(.configurationRejected, error.description))
        }
        if let refusal = refusal(of: new) {
            reloadErrors = [refusal]
            return .failure(ControlFailure(.configurationRejected, refusal))
        }
        reloadErrors = []
        let old = files
        let changes = changes(from: old, to: new)
        files = new
        logger.logLevel = LogLevels.level(new.settings.log.level)
        if new.certificate.der != old.certificate.der {
            do throws(OpenSSLError) {
                try identity.replace(certificate: new.certificate)
                gateway.certificateRenewed(now: now, effects: &effects)
            } catch {
                return .failure(ControlFailure(.configurationRejected, "\(error)"))
            }
        }
        settleBridge()
        applyExports(first: true)
        settleLAN()
        listenForMetrics()
        configureStreams()
        followUplinks()
        gateway.underlayChanged(underlayFacts, now: now, effects: &effects)
        settle()
        reconcile()
        followRouter()
        logger.info("reloaded", metadata: ["changes": "\(changes.isEmpty ? "none" : changes.joined(separator: "; "))"])
        return .success(
            ReloadResult(changes: changes, warnings: new.warnings.map(\.description) + needsRestart(from: old, to: new))
        )
    }

    /// What cannot be another in a running gateway: another grid, site or key is another gateway.
    private func refusal(of new: RunningConfiguration) -> String? {
        let old = files.settings
        if new.settings.grid != old.grid || new.settings.site != old.site {
            return "grid and site cannot change while ipopd runs: restart it"
        }
        return new.certificate.details.node == files.certificate.details.node
            ? nil : "the site's key cannot change while ipopd runs: restart it"
    }

    /// The difference in words.
    private func changes(from old: RunningConfiguration, to new: RunningConfiguration) -> [String] {
        var changes: [String] = []
        let before = old.subnetMap.exports(of: old.settings.site).map(\.subnet)
        let after = new.subnetMap.exports(of: new.settings.site).map(\.subnet)
        changes += after.filter { !before.contains($0) }.map { "export \($0) added" }
        changes += before.filter { !after.contains($0) }.map { "export \($0) removed" }
        for export in new.subnetMap.exports(of: new.settings.site) {
            let former = old.subnetMap.exports(of: old.settings.site).first { $0.subnet == export.subnet }
            guard let former, former.virtual != export.virtual else { continue }
            let target = export.virtual.map { $0 == export.subnet ? "not mapped" : "mapped to \($0)" }
            changes.append("export \(export.subnet) \(target ?? "mapped to a leased prefix")")
        }
        if old.subnetMap.policy(for: old.settings.site) != new.subnetMap.policy(for: new.settings.site)
            || old.settings.routes.accept != new.settings.routes.accept
        {
            changes.append("policy for other sites changed")
        }
        if old.settings.bootstrap != new.settings.bootstrap { changes.append("bootstrap list changed") }
        if old.settings.routes.metric != new.settings.routes.metric
            || old.settings.routes.table != new.settings.routes.table
        {
            changes.append("routes moved to table \(new.settings.routes.table), metric \(new.settings.routes.metric)")
        }
        if old.settings.mtu != new.settings.mtu { changes.append("mtu \(new.settings.mtu)") }
        if old.settings.metrics != new.settings.metrics {
            changes.append(new.settings.metrics.listen.map { "metrics served at \($0)" } ?? "metrics no longer served")
        }
        if old.settings.listen.tcp != new.settings.listen.tcp {
            changes.append(new.settings.listen.tcp ? "TLS over TCP accepted" : "TLS over TCP no longer accepted")
        }
        if old.settings.proxy != new.settings.proxy {
            changes.append(new.settings.proxy.map { "proxy \($0)" } ?? "no proxy")
        }
        if old.settings.log != new.settings.log { changes.append("log level \(new.settings.log.level.rawValue)") }
        if old.settings.session != new.settings.session { changes.append("session settings changed") }
        if old.settings.isRelay != new.settings.isRelay {
            changes.append(new.settings.isRelay ? "passes on for others" : "passes on for others no longer")
        }
        if old.settings.listen.portMapping != new.settings.listen.portMapping {
            changes.append("port mapping \(new.settings.listen.portMapping.rawValue)")
        }
        if old.settings.lan != new.settings.lan {
            changes.append("lan interface \(new.settings.lan.interface), \(new.settings.lan.mode.rawValue)")
        }
        if old.certificate.der != new.certificate.der { changes.append("certificate renewed") }
        return changes
    }

    /// Settings that sockets and devices were opened with.
    private func needsRestart(from old: RunningConfiguration, to new: RunningConfiguration) -> [String] {
        var warnings: [String] = []
        if old.settings.listen.port != new.settings.listen.port
            || old.settings.listen.addresses != new.settings.listen.addresses
        {
            warnings.append("listen takes effect at the next restart")
        }
        if old.settings.device != new.settings.device { warnings.append("device takes effect at the next restart") }
        if old.settings.offloads != new.settings.offloads {
            warnings.append("offloads take effect at the next restart")
        }
        return warnings
    }
}
