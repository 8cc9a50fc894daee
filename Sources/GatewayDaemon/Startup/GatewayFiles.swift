import GatewayConfiguration
import LinkSecurity
import LinuxSystem
import NetworkTypes
import OpenSSLLink
import YAMLReader

/// Everything that the configuration directory holds, read and found sound.
struct GatewayFiles {
    let settings: GatewaySettings
    let subnetMap: SubnetMap
    let profile: GridProfile
    let certificate: Certificate
    let authority: Certificate
    let key: PrivateKey
    /// Warnings: nothing that keeps the gateway from running.
    let warnings: [ConfigurationProblem]

    /// Own exports that the certificate covers, and those that it does not.
    var exports: (covered: [SubnetExport], uncovered: [SubnetExport]) {
        let blocks = certificate.details.prefixes ?? []
        let all = subnetMap.exports(of: settings.site)
        let isCovered = { (export: SubnetExport) in blocks.contains { $0.covers(export.subnet) } }
        return (all.filter(isCovered), all.filter { !isCovered($0) })
    }

    /// Reads `directory`; throws every error found, not only the first.
    static func load(directory: String, now: Int64) throws(StartupError) -> GatewayFiles {
        let paths = ConfigurationPaths(directory: directory)
        let loaded = ConfigurationFiles.load(directory: directory, readFile: read)
        var problems = loaded.problems
        let certificate = parse(paths.siteCertificate, &problems) { text throws(OpenSSLError) in
            try Certificate(pem: text)
        }
        let authority = parse(paths.authorityCertificate, &problems) { text throws(OpenSSLError) in
            try Certificate(pem: text)
        }
        let key = parse(paths.siteKey, &problems) { text throws(OpenSSLError) in try PrivateKey(pem: text) }
        if let certificate, let key, !certificate.matches(key) {
            problems.append(problem(paths.siteKey, "the key is not that of \(paths.siteCertificate)"))
        }
        if let certificate, let authority, let settings = loaded.settings {
            problems += judge(certificate, authority: authority, settings: settings, paths: paths, now: now)
        }
        if let profile = loaded.gridProfile, let authority,
            !authority.verifySignature(profile.signature, of: profile.signedBytes)
        {
            problems.append(
                ConfigurationProblem(
                    file: paths.gridProfile, .gridProfile, "the grid profile is not signed by this grid's authority",
                    suggestion: "install the bundle again: ipop join FILE.ipop --lan IFACE --force"))
        }
        guard let settings = loaded.settings, let map = loaded.subnetMap, let profile = loaded.gridProfile,
            let certificate, let authority, let key, !problems.contains(where: { $0.severity == .error })
        else { throw .configuration(problems) }
        return GatewayFiles(
            settings: settings, subnetMap: map, profile: profile, certificate: certificate, authority: authority,
            key: key, warnings: problems)
    }

    private static func judge(
        _ certificate: Certificate, authority: Certificate, settings: GatewaySettings, paths: ConfigurationPaths,
        now: Int64
    ) -> [ConfigurationProblem] {
        if certificate.details.site != settings.site {
            return [
                problem(
                    paths.siteCertificate,
                    "the certificate is for site '\(certificate.details.site)', but ipop.yaml names '\(settings.site)'")
            ]
        }
        do throws(OpenSSLError) {
            let trust = try TrustStore(authority: authority)
            guard case .failure(let fault) = trust.verify(certificate, grid: settings.grid, now: now) else { return [] }
            return [problem(paths.siteCertificate, "refused: \(fault.rawValue)")]
        } catch {
            return [problem(paths.authorityCertificate, "\(error)")]
        }
    }

    private static func parse<Value>(
        _ path: String, _ problems: inout [ConfigurationProblem], _ body: (String) throws(OpenSSLError) -> Value
    ) -> Value? {
        switch read(path) {
        case .failure(let fault):
            let reason =
                switch fault {
                case .notFound: "there is no such file"
                case .permissionDenied: "the file cannot be read: permission denied"
                case .other(let text): "the file cannot be read: \(text)"
                }
            problems.append(ConfigurationProblem(file: path, .unreadableFile, reason))
            return nil
        case .success(let bytes):
            do throws(OpenSSLError) {
                return try body(String(decoding: bytes, as: UTF8.self))
            } catch {
                problems.append(problem(path, "\(error)"))
                return nil
            }
        }
    }

    private static func problem(_ path: String, _ text: String) -> ConfigurationProblem {
        ConfigurationProblem(file: path, .certificate, text)
    }

    private static func read(_ path: String) -> Result<[UInt8], FileReadFault> {
        do throws(SystemError) {
            return .success(try FileSystem.read(path))
        } catch {
            if error.isNotFound { return .failure(.notFound) }
            return .failure(error.isPermission ? .permissionDenied : .other(error.reason))
        }
    }
}
