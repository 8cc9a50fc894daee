import ArgumentParser
import ControlProtocol
import GatewayConfiguration
import LinuxSystem
import NetworkTypes
import OpenSSLLink

/// `ipop cert renew`.
struct CertRenew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew",
        abstract: "Issue certificates again for the keys that sites have",
        discussion: """
            Makes a bundle without a key for every gateway of the sites named: same key, same node address, same \
            subnets, new validity. `ipop join SITE.ipop` at the site replaces the certificate and nothing else, and \
            sessions go on. A certificate that was revoked is not renewed.

            With one bundle, --out is the file to write; with several, or when it exists as a directory, it is the \
            directory in which they are written as SITE.ipop, or SITE-NODE.ipop where a site has several gateways.
            """)

    @Argument(help: "The sites' names.", transform: ArgumentReading.name)
    var sites: [String]

    @OptionGroup var authority: AuthorityOption

    @Option(help: "Days until the new certificates end.")
    var days = 365

    @Option(help: ArgumentHelp("Where to write the bundle or bundles.", valueName: "path"))
    var out: String

    func validate() throws {
        try CertificateText.checkDays(days)
    }

    func run() throws {
        let directory = authority.directory
        let signer = try directory.open()
        let profile = try directory.profile(signedBy: signer.certificate)
        let revoked = Set(try directory.revocations(of: signer.certificate).entries.map(\.serial))
        var renewed: [SiteBundle] = []
        for site in sites.sorted() {
            for old in try newest(of: site, in: directory, revoked: revoked) {
                let certificate: Certificate
                do throws(OpenSSLError) {
                    certificate = try signer.issue(
                        site: site, prefixes: old.settings.subnets, days: days, publicKey: old.certificate.publicKey)
                } catch {
                    throw CommandFailure("cannot renew the certificate of \(site): \(error)")
                }
                renewed.append(
                    SiteBundle(
                        certificate: certificate, authority: signer.certificate, key: nil, profile: profile,
                        settings: old.settings))
            }
        }
        let files = try files(for: renewed)
        for file in files { try SiteBundle.refuseStranger(file) }
        for (bundle, file) in zip(renewed, files) {
            try directory.record(bundle)
            try CommandFiles.write(file, bundle.text, mode: 0o600)
            let details = bundle.certificate.details
            let end = UTCTime(unixSeconds: details.notAfter)
            print("\(file): site \(details.site), node \(details.node), until \(end)")
        }
        print("next, at each site: ipop join FILE.ipop && ipop reload")
    }

    /// For each gateway of `site` the certificate that ends last.
    private func newest(
        of site: String, in directory: AuthorityDirectory, revoked: Set<String>
    ) throws(CommandFailure) -> [SiteBundle] {
        let issued = try directory.issued(to: site)
        guard !issued.isEmpty else {
            throw CommandFailure("no certificate was issued for site '\(site)' from \(directory.path)")
        }
        // A gateway whose newest certificate was taken back is out: an older one must not bring it in again.
        var newest: [SiteBundle] = []
        for bundle in issued.sorted(by: { $0.certificate.details.notAfter > $1.certificate.details.notAfter })
        where !newest.contains(where: { $0.certificate.details.node == bundle.certificate.details.node }) {
            newest.append(bundle)
        }
        newest.removeAll { revoked.contains($0.certificate.details.serial) }
        guard !newest.isEmpty else { throw CommandFailure("every certificate of site '\(site)' is revoked") }
        return newest.sorted { $0.certificate.details.node < $1.certificate.details.node }
    }

    private func files(for bundles: [SiteBundle]) throws(CommandFailure) -> [String] {
        let isDirectory: Bool
        do throws(SystemError) {
            isDirectory = try FileSystem.status(out)?.kind == .directory
        } catch {
            throw CommandFailure("look at", error)
        }
        if bundles.count == 1, !isDirectory, !out.hasSuffix("/") { return [out] }
        try CommandFiles.makeDirectory(out, mode: 0o700)
        let directory = ConfigurationPaths(directory: out).directory
        return bundles.map { bundle in
            let details = bundle.certificate.details
            let isOnly = bundles.count { $0.certificate.details.site == details.site } == 1
            let node = Hexadecimal.encode(details.node.bytes.prefix(4))
            return "\(directory)/\(details.site)\(isOnly ? "" : "-\(node)").ipop"
        }
    }
}
