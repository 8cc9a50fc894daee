import GatewayConfiguration
import GatewayFiles
import LinkSecurity
import NetworkTypes
import OpenSSLLink

/// What the gateway runs by: everything that the configuration directory holds, read and found sound.
struct RunningConfiguration {
    var settings: GatewaySettings
    let subnetMap: SubnetMap
    /// What grid.yaml lays down for leases.
    let terms: ProfileTerms
    let certificate: Certificate
    let authority: Certificate
    let key: PrivateKey
    /// Nothing that keeps the gateway from running.
    let warnings: [ConfigurationProblem]

    /// Own exports that the certificate covers, and those that it does not.
    var exports: (covered: [SubnetExport], uncovered: [SubnetExport]) {
        let blocks = certificate.details.prefixes ?? []
        let all = subnetMap.exports(of: settings.site)
        let isCovered = { (export: SubnetExport) in blocks.contains { $0.covers(export.subnet) } }
        return (all.filter(isCovered), all.filter { !isCovered($0) })
    }

    /// What is compared with another configuration.
    var side: ConfigurationDifference.Side {
        ConfigurationDifference.Side(
            settings: settings, subnetMap: subnetMap, certificate: certificate.der, node: certificate.details.node,
            profileVersion: terms.version)
    }

    /// Reads the configuration directory, and of the state directory the profile that was published; throws every error
    /// found, not only the first, if one of them is fatal.
    static func load(_ arguments: DaemonArguments, now: Int64) throws(StartupError) -> RunningConfiguration {
        var check = ConfigurationCheck(paths: ConfigurationPaths(directory: arguments.configDirectory), now: now)
        check.publishedProfile = PublishedProfile.saved(in: arguments.stateDirectory)
        check.run()
        let fatal = check.fatalProblems
        guard let settings = check.settings, let map = check.subnetMap, let certificate = check.certificate,
            let authority = check.authority, let key = check.key, fatal.isEmpty
        else {
            if check.lacksPermission { throw .permission(fatal.map(\.description).joined(separator: "\n")) }
            throw .configuration(check.problems)
        }
        return RunningConfiguration(
            settings: settings, subnetMap: map, terms: check.gridProfile?.terms ?? ProfileTerms(),
            certificate: certificate, authority: authority, key: key,
            warnings: check.problems.filter { $0.severity == .warning })
    }
}
