import ControlProtocol
package import GatewayConfiguration
import LinkSecurity
import LinuxSystem
import NetworkTypes
package import OpenSSLLink
package import YAMLReader

/// Checks a configuration offline: the files, the identity, and whether the two fit each other.
///
/// What the host has against it is `HostCheck`'s part. Files come through `readFile`, so that `ipop join` can
/// check what it is about to write.
package struct ConfigurationCheck {
    package let paths: ConfigurationPaths
    private let readFile: (String) -> Result<[UInt8], FileReadFault>
    /// Seconds since 1970-01-01T00:00:00Z.
    package let now: Int64

    /// Whether the key's file is about to be written: who may read the old one does not matter then.
    package var replacesKey = false

    /// A grid profile that was published, as the daemon has kept it: it counts if the authority has signed it and it is
    /// newer than grid.yaml. The daemon runs by it, too.
    package var publishedProfile: [UInt8]?

    /// Everything that was found, in the order of the files.
    package private(set) var problems: [ConfigurationProblem] = []
    /// What ipop.yaml says; `nil` while it has errors.
    package private(set) var settings: GatewaySettings?
    /// Where ipop.yaml says it.
    package private(set) var settingsTree: ConfigurationNode?
    /// What subnets.map says; `nil` while it has errors.
    package private(set) var subnetMap: SubnetMap?
    /// What grid.yaml says; `nil` when it has errors or is not there.
    package private(set) var gridProfile: GridProfile?
    /// The site's certificate, the authority's, and the site's key, as far as they could be read.
    package private(set) var certificate: Certificate?
    package private(set) var authority: Certificate?
    package private(set) var key: PrivateKey?
    /// Whether a file could not be read for want of permission.
    package private(set) var lacksPermission = false

    /// What this site's lines of subnets.map export.
    package var exports: [SubnetExport] {
        guard let settings, let subnetMap else { return [] }
        return subnetMap.exports(of: settings.site)
    }

    /// The errors that keep a gateway from running. An export that the certificate does not cover is no such error, nor
    /// one whose virtual prefix is not in the pools: it is refused by itself, and the rest works.
    package var fatalProblems: [ConfigurationProblem] {
        problems.filter { problem in
            problem.severity == .error && problem.code != .exportNotInCertificate
                && problem.code != .virtualPrefixOutsidePool
        }
    }

    /// A check of the files in `paths` as of `now`. Nothing is read before `run`.
    package init(
        paths: ConfigurationPaths, now: Int64,
        readFile: @escaping (String) -> Result<[UInt8], FileReadFault> = Self.readFromDisk
    ) {
        self.paths = paths
        self.now = now
        self.readFile = readFile
    }

    /// Looks at everything; afterwards `problems` has what was found.
    package mutating func run() {
        let loaded = ConfigurationFiles.load(
            directory: paths.directory, published: verifiedProfile, readFile: readFile)
        problems = loaded.problems
        settings = loaded.settings
        settingsTree = loaded.settingsTree
        let names = [paths.settings, paths.subnetMap, paths.gridProfile]
        for name in names { if case .failure(.permissionDenied) = readFile(name) { lacksPermission = true } }
        subnetMap = loaded.subnetMap
        gridProfile = loaded.gridProfile
        authority = readIdentity(paths.authorityCertificate) { text throws(OpenSSLError) in
            try Certificate(pem: text)
        }
        certificate = readIdentity(paths.siteCertificate) { text throws(OpenSSLError) in try Certificate(pem: text) }
        key = readIdentity(paths.siteKey) { text throws(OpenSSLError) in try PrivateKey(pem: text) }
        if let own = certificate {
            if let key, !own.matches(key) {
                add(
                    .certificate, paths.siteKey, "the key does not belong to the certificate \(paths.siteCertificate)",
                    fix: "join again with the bundle that the certificate came in")
            }
            checkNames(own.details)
            if let authority { checkChain(own, authority: authority) }
            checkExports(own.details)
        }
        if let pools = loaded.newestProfile?.pools { checkVirtualPrefixes(pools) }
        if let authority, let profile = loaded.gridProfile,
            let fault = profile.fault(under: authority)
        {
            add(.gridProfile, paths.gridProfile, fault, fix: "join again with a bundle of this grid")
        }
        if !replacesKey { checkKeyFile() }
    }

    /// The published profile, if it is of the authority that the files name.
    private var verifiedProfile: GridProfile? {
        guard let publishedProfile, case .success(let bytes) = readFile(paths.authorityCertificate),
            let authority = try? Certificate(pem: String(decoding: bytes, as: UTF8.self))
        else { return nil }
        return try? GridPublications(authority: authority).profile(publishedProfile).get()
    }

    /// Reads a file from the disk.
    package static func readFromDisk(_ path: String) -> Result<[UInt8], FileReadFault> {
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
            add(.certificate, paths.siteCertificate, fault.advice, fix: nil)
        case .success:
            let days = details.daysLeft(now: now)
            guard days < CertificateDetails.soonDays else { return }
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
                fix: "it covers \(details.prefixList); issue one that does: ipop cert issue "
                    + "\(details.site) --subnet \(export.subnet)")
        }
    }

    /// A virtual prefix other than the subnet's own is of the pools; for `auto` there must be room for one.
    private mutating func checkVirtualPrefixes(_ pools: [IPPrefix]) {
        for export in exports where export.isMapped {
            let family = pools.filter { $0.family == export.subnet.family }
            let list = family.isEmpty ? "none of its family" : family.map(\.description).joined(separator: ", ")
            if let virtual = export.virtual {
                guard !family.contains(where: { $0.covers(virtual) }) else { continue }
                add(
                    .virtualPrefixOutsidePool, paths.subnetMap, at: export.virtualPosition,
                    "the virtual prefix \(virtual) is not in the grid's pools",
                    fix: "they are \(list); take a prefix of them, or write 'auto'")
            } else if !family.contains(where: { $0.length <= export.subnet.length }) {
                add(
                    .poolExhausted, paths.subnetMap, at: export.virtualPosition,
                    "no pool of the grid has a prefix as large as \(export.subnet)",
                    fix: "they are \(list); export smaller subnets, or let the authority publish a larger pool",
                    severity: .warning)
            }
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
