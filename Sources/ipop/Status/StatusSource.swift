import ControlProtocol
import GatewayConfiguration
import LinuxSystem
import NetworkTypes
import OpenSSLLink
import YAMLReader

/// Where the two halves of status come from.
struct StatusSource {
    private let question: DaemonQuestion
    private let paths: ConfigurationPaths

    init(run: RunDirectory, configuration: ConfigurationDirectory) {
        question = DaemonQuestion(run)
        paths = configuration.paths
    }

    /// Asks the daemon and the kernel, and the files where the daemon says nothing.
    func status() throws(CommandFailure) -> StatusReport {
        let gateway: Result<GatewayReport, DaemonAbsence>
        do throws(QuestionFailure) {
            gateway = .success(try question.report())
        } catch {
            switch error {
            case .absent(let absence, _): gateway = .failure(absence)
            case .refused: gateway = .failure(.notAnswering)
            }
        }
        let report = try? gateway.get()
        let configured = report == nil ? ConfiguredGateway.read(paths) : nil
        return StatusReport(
            gateway: gateway, kernel: try KernelView.read(report, configured), configured: configured)
    }
}

extension ConfiguredGateway {
    /// What the files say; `nil` when they cannot be read or have errors, which `ipop check` tells.
    static func read(_ paths: ConfigurationPaths) -> ConfiguredGateway? {
        let loaded = ConfigurationFiles.load(directory: paths.directory) { path in
            do throws(SystemError) {
                guard let bytes = try FileSystem.readIfPresent(path) else { return .failure(.notFound) }
                return .success(bytes)
            } catch {
                return .failure(error.meansNoPermission ? .permissionDenied : .other(error.reason))
            }
        }
        guard let settings = loaded.settings else { return nil }
        let details = certificateDetails(paths)
        return ConfiguredGateway(
            grid: settings.grid, site: settings.site,
            host: HostSettings(
                device: settings.device, lanInterface: settings.lan.interface,
                lanMode: settings.lan.mode == .bridged ? .bridged : .routed, table: settings.routes.table.number,
                metric: settings.routes.metric),
            node: details?.node,
            certificate: details.map {
                CertificateReport(notAfter: $0.notAfter, now: WallClock.unixSeconds(), subnets: $0.prefixes ?? [])
            })
    }

    private static func certificateDetails(_ paths: ConfigurationPaths) -> CertificateDetails? {
        guard let bytes = try? FileSystem.read(paths.siteCertificate) else { return nil }
        return try? Certificate(pem: String(decoding: bytes, as: UTF8.self)).details
    }
}
