/// Where the files of a configuration directory stand.
package struct ConfigurationPaths: Equatable, Sendable {
    /// Where the programs look unless `--config-dir` says otherwise.
    package static let defaultDirectory = "/etc/ipop"

    /// Without a slash at its end.
    package let directory: String

    package init(directory: String = Self.defaultDirectory) {
        var path = directory[...]
        while path.utf8.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        self.directory = String(path)
    }

    /// This gateway's settings.
    package var settings: String { "\(directory)/ipop.yaml" }
    /// What is exported, and what is accepted of other sites.
    package var subnetMap: String { "\(directory)/subnets.map" }
    /// The grid's signed profile.
    package var gridProfile: String { "\(directory)/grid.yaml" }
    /// Holds the three files below.
    package var identityDirectory: String { "\(directory)/tls" }
    /// PEM.
    package var authorityCertificate: String { "\(identityDirectory)/ca.crt" }
    /// PEM.
    package var siteCertificate: String { "\(identityDirectory)/site.crt" }
    /// PEM, mode 0600.
    package var siteKey: String { "\(identityDirectory)/site.key" }
}
