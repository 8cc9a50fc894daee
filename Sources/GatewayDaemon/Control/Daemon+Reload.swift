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
        let (new, difference): (RunningConfiguration, ConfigurationDifference)
        do throws(ControlFailure) {
            (new, difference) = try readChanges()
            try renew(to: new.certificate)
        } catch {
            reloadErrors = error.text.split(separator: "\n").map(String.init)
            return .failure(error)
        }
        reloadErrors = []
        files = new
        logger.logLevel = LogLevels.level(new.settings.log.level)
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
        settleNames(isAsked: true)
        let changes = difference.changes
        logger.info("reloaded", metadata: ["changes": "\(changes.isEmpty ? "none" : changes.joined(separator: "; "))"])
        return .success(
            ReloadResult(changes: changes, warnings: new.warnings.map(\.description) + difference.restarts))
    }

    /// Reads the files as a reload would apply them, and says what that changes. Throws every error of the files, one
    /// a line, or why a gateway that runs cannot take them.
    func readChanges() throws(ControlFailure) -> (new: RunningConfiguration, difference: ConfigurationDifference) {
        var new: RunningConfiguration
        do throws(StartupError) {
            new = try RunningConfiguration.load(arguments, now: WallClock.unixSeconds())
        } catch {
            throw ControlFailure(.configurationRejected, error.description)
        }
        let difference = ConfigurationDifference(from: files.side, to: new.side)
        if let refusal = difference.refusal { throw ControlFailure(.configurationRejected, refusal) }
        new.settings = difference.effective
        return (new, difference)
    }

    private func renew(to certificate: Certificate) throws(ControlFailure) {
        guard certificate.der != files.certificate.der else { return }
        do throws(OpenSSLError) {
            try identity.replace(certificate: certificate)
        } catch {
            throw ControlFailure(.configurationRejected, "\(error)")
        }
        gateway.certificateRenewed(now: now, effects: &effects)
    }
}
