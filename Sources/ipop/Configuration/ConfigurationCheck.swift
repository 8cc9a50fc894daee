import ControlProtocol
import GatewayConfiguration
import LinkSecurity
import LinuxSystem
import NetworkTypes
import OpenSSLLink
import YAMLReader

/// Checks a configuration offline: the files, the identity, and whether the two fit each other.
///
/// What the host has against it is `HostCheck`'s part. Files come through `readFile`, so that `ipop join` can
/// check what it is about to write.
struct ConfigurationCheck {
    let paths: ConfigurationPaths
    let readFile: (String) -> Result<[UInt8], FileReadFault>
    /// Seconds since 1970-01-01T00:00:00Z.
    let now: Int64

    /// Whether the key's file is about to be written: who may read the old one does not matter then.
    var replacesKey = false

    private(set) var problems: [ConfigurationProblem] = []
    private(set) var settings: GatewaySettings?
    private(set) var settingsTree: ConfigurationNode?
    private(set) var exports: [SubnetExport] = []
    private(set) var certificate: CertificateDetails?
    /// Whether a file could not be read for want of permission.
    private(set) var lacksPermission = false

    init(
        paths: ConfigurationPaths, now: Int64,
        readFile: @escaping (String) -> Result<[UInt8], FileReadFault> = Self.readFromDisk
    ) {
        self.paths = paths
        self.now = now
        self.readFile = readFile
    }

    /// Looks at everything; afterwards `problems` has what was found.
    mutating func run() {
        let loaded = ConfigurationFiles.load(directory: paths.directory, readFile: readFile)
        problems = loaded.problems
        settings = loaded.settings
        settingsTree = loaded.settingsTree
        let names = [paths.settings, paths.subnetMap, paths.gridProfile]
        for name in names { if case .failure(.permissionDenied) = readFile(name) { lacksPermission = true } }
        if let settings, let map = loaded.subnetMap { exports = map.exports(of: settings.site) }
        let authority = readIdentity(paths.authorityCertificate) { text throws(OpenSSLError) in
            try Certificate(pem: text)
        }
        let own = readIdentity(paths.siteCertificate) { text throws(OpenSSLError) in try Certificate(pem: text) }
        let key = readIdentity(paths.siteKey) { text throws(OpenSSLError) in try PrivateKey(pem: text) }
        if let own {
            certificate = own.details
            if let key, !own.matches(key) {
                add(
                    .certificate, paths.siteKey, "the key does not belong to the certificate \(paths.siteCertificate)",
                    fix: "join again with the bundle that the certificate came in")
            }
            checkNames(own.details)
            if let authority { checkChain(own, authority: authority) }
            checkExports(own.details)
        }
        if let authority, let profile = loaded.gridProfile,
            let fault = ProfileReading.fault(of: profile, authority: authority)
        {
            add(.gridProfile, paths.gridProfile, fault, fix: "join again with a bundle of this grid")
        }
        if !replacesKey { checkKeyFile() }
    }

    /// Reads a file from the disk.
    static func readFromDisk(_ path: String) -> Result<[UInt8], FileReadFault> {
        do throws(SystemError) {
            guard let bytes = try FileSystem.readIfPresent(path) else { return .failure(.notFound) }
            return .success(bytes)
        } catch {
            return .failure(error.meansNoPermission ? .permissionDenied : .other(error.reason))
        }
    }

    private mutating func add(
        _ code: ConfigurationCode, _ file: String, at position: SourcePosition? = nil, _ message: String,
        fix: String?, severity: ConfigurationProblem.Severity = .error
    ) {
        problems.append(
            ConfigurationProblem(file: file, at: position, severity, code, message, suggestion: fix))
    }

    private mutating func readIdentity<Value>(
        _ path: String, _ parse: (String) throws(OpenSSLError) -> Value
    ) -> Value? {
        switch readFile(path) {
        case .success(let bytes):
            do throws(OpenSSLError) {
                return try parse(String(decoding: bytes, as: UTF8.self))
            } catch {
                add(.certificate, path, "\(error)", fix: "join again with the site's bundle")
            }
        case .failure(.notFound):
            add(.unreadableFile, path, "there is no such file", fix: "run 'ipop join FILE.ipop --lan IFACE' first")
        case .failure(.permissionDenied):
            lacksPermission = true
            add(.unreadableFile, path, "the file cannot be read: permission denied", fix: "run this as root (sudo)")
        case .failure(.other(let reason)):
            add(.unreadableFile, path, "the file cannot be read: \(reason)", fix: nil)
        }
        return nil
    }

    private mutating func checkNames(_ details: CertificateDetails) {
        guard let settings else { return }
        if details.site != settings.site {
            add(
                .certificate, paths.siteCertificate,
                "the certificate is of site '\(details.site)', but ipop.yaml names site '\(settings.site)'",
                fix: "correct 'site' in ipop.yaml, or join with the bundle of site '\(settings.site)'")
        }
        if let grid = details.grid, grid != settings.grid {
            add(
                .certificate, paths.siteCertificate,
                "the certificate is of grid '\(grid)', but ipop.yaml names grid '\(settings.grid)'",
                fix: "correct 'grid' in ipop.yaml, or join with a bundle of grid '\(settings.grid)'")
        }
    }

    private mutating func checkChain(_ own: Certificate, authority: Certificate) {
        let details = own.details
        let verdict: Result<PeerIdentity, CertificateFault>
        do throws(OpenSSLError) {
            let trust = try TrustStore(authority: authority)
            verdict = trust.verify(own, grid: details.grid ?? "", now: now)
        } catch {
            add(.certificate, paths.authorityCertificate, "\(error)", fix: "join again with the site's bundle")
            return
        }
        switch verdict {
        case .failure(.expired):
            add(
                .certificateExpired, paths.siteCertificate,
                "the certificate expired at \(UTCTime(unixSeconds: details.notAfter))",
                fix: "renew it where the authority is: ipop cert renew \(details.site)")
        case .failure(.notYetValid):
            add(
                .certificateNotYetValid, paths.siteCertificate,
                "the certificate is not valid before \(UTCTime(unixSeconds: details.notBefore))",
                fix: "set this host's clock: timedatectl")
        case .failure(let fault):
            add(.certificate, paths.siteCertificate, FaultText.text(fault), fix: nil)
        case .success:
            let days = CertificateText.daysLeft(details, now: now)
            guard days < CertificateText.soonDays else { return }
            add(
                .certificateExpiresSoon, paths.siteCertificate,
                "the certificate expires in \(HumanUnits.count(days, "day"))",
                fix: "renew it where the authority is: ipop cert renew \(details.site)", severity: .warning)
        }
    }

    private mutating func checkExports(_ details: CertificateDetails) {
        for export in exports where !(details.prefixes ?? []).contains(where: { $0.covers(export.subnet) }) {
            add(
                .exportNotInCertificate, paths.subnetMap, at: export.position,
                "the certificate does not cover the export \(export.subnet)",
                fix: "it covers \(CertificateText.list(details.prefixes)); issue one that does: ipop cert issue "
                    + "\(details.site) --subnet \(export.subnet)")
        }
    }

    private mutating func checkKeyFile() {
        guard let status = try? FileSystem.status(paths.siteKey), status.kind == .file else { return }
        if status.mode & 0o077 != 0 {
            let mode = String(status.mode & 0o777, radix: 8)
            add(
                .keyFile, paths.siteKey, "the key can be read by others: its mode is 0\(mode)",
                fix: "chmod 600 \(paths.siteKey)")
        }
        guard paths.directory == ConfigurationPaths.defaultDirectory,
            let user = try? UserDatabase.userID(ServiceUser.name), user != status.owner.user
        else { return }
        add(
            .keyFile, paths.siteKey,
            "the key does not belong to the user \(ServiceUser.name), as whom ipopd runs",
            fix: "chown \(ServiceUser.name): \(paths.siteKey)", severity: .warning)
    }
}

/// The user as whom the packaged daemon runs.
enum ServiceUser {
    static let name = "ipop"

    /// Who the daemon's secrets are to belong to: that user when it exists and this process may give files away.
    static func owner() throws(CommandFailure) -> FileSystem.Owner? {
        guard UserDatabase.currentUserID == 0 else { return nil }
        do throws(SystemError) {
            guard let user = try UserDatabase.userID(name), let group = try UserDatabase.primaryGroupID(ofUser: name)
            else { return nil }
            return FileSystem.Owner(user: user, group: group)
        } catch {
            throw CommandFailure("look up the user", error)
        }
    }
}
