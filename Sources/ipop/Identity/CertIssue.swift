import ArgumentParser
import ControlProtocol
import GatewayConfiguration
import NetworkTypes
import OpenSSLLink

/// `ipop cert issue`.
struct CertIssue: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue",
        abstract: "Issue a certificate for a site, as a bundle to join with",
        discussion: """
            The bundle is one file (mode 0600) with the site's certificate, the authority's, the grid's profile, the \
            bootstrap list, and the site's new key. With --csr the key stays at the site and the bundle holds none.

            The certificate covers the subnets that the site exports and nothing else. Two sites may get the same \
            subnet; one of them must map it to a virtual prefix then. Issuing again for a site makes one more gateway \
            of it; `ipop cert renew` is what keeps a gateway's key. Validity begins an hour before now. Examples:

              ipop cert issue lsu --ca physics-ca/ --subnet 192.168.20.0/24 \\
                  --bootstrap gw.ufl.example:7867 --out lsu.ipop
              ipop cert issue lsu --ca physics-ca/ --subnet 192.168.20.0/24 --csr lsu.csr --out lsu.ipop
            """)

    @Argument(help: "The site's name: \(SiteName.rule).", transform: ArgumentReading.name)
    var site: String

    @OptionGroup var authority: AuthorityOption

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("A subnet that the site may export; may be repeated.", valueName: "cidr"),
        transform: ArgumentReading.prefix)
    var subnet: [IPPrefix] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("A member that the site asks first; may be repeated.", valueName: "host:port"),
        transform: ArgumentReading.hostAndPort)
    var bootstrap: [HostAndPort] = []

    @Option(help: ArgumentHelp("Certify the key of this request instead of making one.", valueName: "file.csr"))
    var csr: String?

    @Option(help: "Days until the certificate ends.")
    var days = 365

    @Option(help: ArgumentHelp("Where to write the bundle.", valueName: "file.ipop"))
    var out: String

    func validate() throws {
        try ArgumentReading.checkDisjoint(subnet, option: "--subnet")
        try ArgumentReading.checkRoutable(subnet, option: "--subnet")
        for (index, host) in bootstrap.enumerated() where bootstrap[..<index].contains(host) {
            throw ValidationError("--bootstrap \(host) is given twice")
        }
        try CertificateText.checkDays(days)
    }

    func run() throws {
        let directory = authority.directory
        let signer = try directory.open()
        let profile = try directory.profile(signedBy: signer.certificate)
        try SiteBundle.refuseStranger(out)
        let (key, publicKey) = try keys(grid: signer.grid)
        let certificate: Certificate
        do throws(OpenSSLError) {
            certificate = try signer.issue(site: site, prefixes: subnet, days: days, publicKey: publicKey)
        } catch {
            throw CommandFailure("cannot issue the certificate: \(error)")
        }
        let bundle = SiteBundle(
            certificate: certificate, authority: signer.certificate, key: key, profile: profile,
            settings: BundleSettings(bootstrap: bootstrap, subnets: subnet))
        let others = try directory.issued(to: site)
            .filter { $0.certificate.details.node != certificate.details.node }
        try directory.record(bundle)
        try CommandFiles.write(out, bundle.text, mode: 0o600)
        report(bundle, days: days, hasOthers: !others.isEmpty)
    }

    /// The key pair to certify; without the private half when a request came from the site.
    private func keys(grid: String) throws(CommandFailure) -> (PrivateKey?, PublicKey) {
        guard let csr else {
            do throws(OpenSSLError) {
                let key = try PrivateKey.generate()
                return (key, key.publicKey)
            } catch {
                throw CommandFailure("cannot make a key: \(error)")
            }
        }
        let text = try CommandFiles.readText(csr)
        let request: CertificateSigningRequest
        do throws(OpenSSLError) {
            request = try CertificateSigningRequest(pem: text)
        } catch {
            throw CommandFailure("\(csr): \(error)")
        }
        guard request.site == site else {
            throw CommandFailure("\(csr) is the request of site '\(request.site)', not of '\(site)'")
        }
        if let wanted = request.grid, wanted != grid {
            throw CommandFailure("\(csr) is a request to grid '\(wanted)', and \(authority.ca) is of grid '\(grid)'")
        }
        return (nil, request.publicKey)
    }

    private func report(_ bundle: SiteBundle, days: Int, hasOthers: Bool) {
        let details = bundle.certificate.details
        print(
            """
            \(out): site \(site) of grid \(bundle.profile.grid)
              subnets  \(CertificateText.list(subnet))
              node     \(details.node)
              valid    until \(UTCTime(unixSeconds: details.notAfter))
            """)
        if bundle.key != nil { print("It holds the site's private key: carry it over a protected channel.") }
        print("next, at the site: ipop join \(out) --lan IFACE\(bundle.key == nil ? " --key FILE.key" : "")")
        if subnet.isEmpty { Terminal.printWarning("without --subnet the site can reach others and export nothing") }
        if hasOthers {
            Terminal.printWarning(
                "site '\(site)' has certificates already, so this is one more gateway of it; to replace an old one: "
                    + "ipop cert renew \(site), or ipop cert revoke")
        }
        let end = details.notAfter
        if Int64(days) * 86_400 + CertificateAuthority.systemTime() > end + 60 {
            Terminal.printWarning("the certificate ends with the authority's own, before \(days) days are over")
        }
    }
}
