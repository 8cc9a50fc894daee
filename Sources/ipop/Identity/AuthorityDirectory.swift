import GatewayConfiguration
import GatewayFiles
import LinkSecurity
import LinuxSystem
import NetworkTypes
import OpenSSLLink
import YAMLReader

/// The directory of a grid's authority: its key and certificate, the grid's profile, what was issued and taken back.
struct AuthorityDirectory {
    let path: String

    var keyFile: String { "\(path)/ca.key" }
    var certificateFile: String { "\(path)/ca.crt" }
    var profileFile: String { "\(path)/grid.yaml" }
    var revocationFile: String { "\(path)/ca.crl" }
    /// Every bundle that was issued, without keys: `SITE.NODE.SERIAL.ipop`.
    var issuedDirectory: String { "\(path)/issued" }

    init(path: String) {
        self.path = ConfigurationPaths(directory: path).directory
    }

    /// Makes the authority of a new grid. Refuses a directory that holds one.
    func create(
        grid: String, pools: [IPPrefix], leaseSeconds: Int?, days: Int
    ) throws(CommandFailure) -> CertificateAuthority {
        for file in [keyFile, certificateFile, profileFile] where FileSystem.exists(file) {
            throw CommandFailure(
                "\(file) exists already: \(path) holds an authority; choose another directory (an authority is never "
                    + "overwritten, its grid would be lost)")
        }
        try CommandFiles.makeDirectory(path, mode: 0o700)
        let authority: CertificateAuthority
        do throws(OpenSSLError) {
            authority = try CertificateAuthority.create(grid: grid, days: days)
        } catch {
            throw CommandFailure("cannot make the authority: \(error)")
        }
        let profile = Self.profile(
            of: authority, grid: grid, pools: pools, leaseSeconds: leaseSeconds,
            created: CertificateAuthority.systemTime())
        try CommandFiles.write(keyFile, authority.key.pem, mode: 0o600)
        try CommandFiles.write(certificateFile, authority.certificate.pem, mode: 0o644)
        try CommandFiles.write(profileFile, profile.yamlText, mode: 0o644)
        return authority
    }

    /// Signs another profile in the place of the one that is there, with a later time. `nil` keeps what that says.
    func renewProfile(pools: [IPPrefix]?, leaseSeconds: Int?) throws(CommandFailure) -> GridProfile {
        let authority = try open()
        let file = profileFile
        guard case .success(let root) = YAMLReader.node(from: Array(try CommandFiles.readText(file).utf8), file: file),
            let old = ConfigurationReader.gridProfile(from: root, file: file).profile,
            old.fault(under: authority.certificate) == nil
        else { throw CommandFailure("\(file) is not a profile of this authority") }
        let profile = Self.profile(
            of: authority, grid: old.grid, pools: pools ?? old.pools, leaseSeconds: leaseSeconds ?? old.leaseSeconds,
            created: max(CertificateAuthority.systemTime(), old.created + 1))
        try CommandFiles.write(file, profile.yamlText, mode: 0o644)
        return profile
    }

    private static func profile(
        of authority: CertificateAuthority, grid: String, pools: [IPPrefix], leaseSeconds: Int?, created: Int64
    ) -> GridProfile {
        guard let fingerprint = Hexadecimal.decode(authority.certificate.details.fingerprint) else {
            preconditionFailure("a fingerprint is hexadecimal")
        }
        var profile = GridProfile(
            grid: grid, pools: pools, leaseSeconds: leaseSeconds, created: created, authorityFingerprint: fingerprint)
        profile.signature = authority.key.sign(profile.signedBytes)
        return profile
    }

    /// The authority, its key included.
    func open() throws(CommandFailure) -> CertificateAuthority {
        guard FileSystem.exists(keyFile) else {
            throw CommandFailure(
                "\(keyFile): there is no such file; --ca is the directory that 'ipop grid create' made")
        }
        let key = try CommandFiles.readText(keyFile)
        let certificate = try CommandFiles.readText(certificateFile)
        do throws(OpenSSLError) {
            return try CertificateAuthority(
                key: try PrivateKey(pem: key), certificate: try Certificate(pem: certificate))
        } catch {
            throw CommandFailure("\(path) holds no usable authority: \(error)")
        }
    }

    /// The grid's profile; refuses one that this authority has not signed.
    func profile(signedBy authority: Certificate) throws(CommandFailure) -> GridProfile {
        let text = try CommandFiles.readText(profileFile)
        let profile = try ProfileReading.profile(Array(text.utf8), file: profileFile)
        if let fault = profile.fault(under: authority) {
            throw CommandFailure("\(profileFile): \(fault)")
        }
        return profile
    }

    /// The list of what was taken back; an empty one when nothing was.
    func revocations(of authority: Certificate) throws(CommandFailure) -> RevocationList {
        guard let text = try CommandFiles.readTextIfPresent(revocationFile) else { return RevocationList() }
        do throws(OpenSSLError) {
            return try RevocationList(pem: text, authority: authority)
        } catch {
            throw CommandFailure("\(revocationFile): \(error)")
        }
    }

    /// Keeps a bundle, without its key, for renewal and revocation.
    func record(_ bundle: SiteBundle) throws(CommandFailure) {
        var record = bundle
        record.key = nil
        let details = bundle.certificate.details
        let node = Hexadecimal.encode(details.node.bytes.prefix(8))
        try CommandFiles.makeDirectory(issuedDirectory, mode: 0o700)
        try CommandFiles.write(
            "\(issuedDirectory)/\(details.site).\(node).\(details.serial).ipop", record.text, mode: 0o600)
    }

    /// Every bundle that was issued for `site`, in no meaningful order.
    func issued(to site: String) throws(CommandFailure) -> [SiteBundle] {
        var bundles: [SiteBundle] = []
        for name in try CommandFiles.list(issuedDirectory) where name.hasPrefix("\(site).") && name.hasSuffix(".ipop") {
            bundles.append(try SiteBundle(file: "\(issuedDirectory)/\(name)"))
        }
        return bundles
    }
}

/// The grid's profile as a file or a part of one.
enum ProfileReading {
    /// Reads the text of grid.yaml.
    static func profile(_ bytes: [UInt8], file: String) throws(CommandFailure) -> GridProfile {
        switch YAMLReader.node(from: bytes, file: file) {
        case .failure(let problem):
            throw CommandFailure(problem.description)
        case .success(let root):
            let reading = ConfigurationReader.gridProfile(from: root, file: file)
            guard let profile = reading.profile else {
                throw CommandFailure(reading.problems.map(\.description).joined(separator: "\n"))
            }
            return profile
        }
    }
}
