import GatewayConfiguration
import NetworkTypes
import OpenSSLLink
import YAMLReader

/// A site's bundle, one file with all that `ipop join` needs: PEM blocks with the site's certificate, the authority's,
/// the key (unless it never left the site), the grid's profile, and the settings to begin with.
struct SiteBundle {
    static let profileLabel = "IPOP GRID PROFILE"
    static let settingsLabel = "IPOP SETTINGS"

    var certificate: Certificate
    var authority: Certificate
    /// `nil` when the bundle was issued for a request.
    var key: PrivateKey?
    var profile: GridProfile
    var settings: BundleSettings

    init(
        certificate: Certificate, authority: Certificate, key: PrivateKey?, profile: GridProfile,
        settings: BundleSettings
    ) {
        self.certificate = certificate
        self.authority = authority
        self.key = key
        self.profile = profile
        self.settings = settings
    }

    /// Whether a text is a bundle rather than a certificate or a request.
    static func isBundle(_ text: String) -> Bool {
        text.split(whereSeparator: \.isNewline).contains("-----BEGIN \(profileLabel)-----")
    }

    /// Refuses to overwrite anything but a bundle.
    static func refuseStranger(_ path: String) throws(CommandFailure) {
        try CommandFiles.refuseStranger(path, kind: "bundle", label: profileLabel)
    }

    /// Reads a bundle; nothing is verified.
    init(file: String) throws(CommandFailure) {
        try self.init(text: try CommandFiles.readText(file), file: file)
    }

    init(text: String, file: String) throws(CommandFailure) {
        let blocks: PEMBundle
        do throws(OpenSSLError) {
            blocks = try PEMBundle(text)
        } catch {
            throw CommandFailure("\(file) is not a bundle of 'ipop cert issue': \(error)")
        }
        let known = ["CERTIFICATE", "PRIVATE KEY", "EC PRIVATE KEY", Self.profileLabel, Self.settingsLabel]
        if let stranger = blocks.blocks.first(where: { !known.contains($0.label) }) {
            throw CommandFailure("\(file) is not a bundle of 'ipop cert issue': it has a block \(stranger.label)")
        }
        let certificates = try Self.certificates(blocks, file: file)
        guard let site = certificates.first(where: { !$0.details.isAuthority }),
            let authority = certificates.first(where: { $0.details.isAuthority }), certificates.count == 2
        else {
            throw CommandFailure(
                "\(file) is not a bundle of 'ipop cert issue': it must have the certificates of a site and of its "
                    + "authority, and has \(certificates.count)")
        }
        let profiles = blocks.blocks(labelled: Self.profileLabel)
        guard let profile = profiles.first, profiles.count == 1 else {
            throw CommandFailure("\(file) is not a bundle of 'ipop cert issue': it must have one \(Self.profileLabel)")
        }
        certificate = site
        self.authority = authority
        key = try Self.key(blocks, file: file)
        self.profile = try ProfileReading.profile(profile, file: "\(file) (\(Self.profileLabel))")
        settings = try Self.settings(blocks, file: file)
    }

    /// The bundle as a file.
    var text: String {
        let secret = key == nil ? "It holds no key." : "It holds the site's private key: keep it secret."
        let parts = [
            "# IPOP bundle of site \(certificate.details.site), grid \(profile.grid). \(secret)\n", certificate.pem,
            authority.pem, key?.pem ?? "",
            PEMBundle.Block(label: Self.profileLabel, bytes: Array(profile.yamlText.utf8)).text,
            PEMBundle.Block(label: Self.settingsLabel, bytes: Array(settings.yamlText.utf8)).text,
        ]
        return parts.joined()
    }

    private static func certificates(_ blocks: PEMBundle, file: String) throws(CommandFailure) -> [Certificate] {
        var certificates: [Certificate] = []
        do throws(OpenSSLError) {
            for bytes in blocks.blocks(labelled: "CERTIFICATE") { certificates.append(try Certificate(der: bytes)) }
        } catch {
            throw CommandFailure("\(file) has a certificate that cannot be read: \(error)")
        }
        return certificates
    }

    private static func key(_ blocks: PEMBundle, file: String) throws(CommandFailure) -> PrivateKey? {
        guard let block = blocks.blocks.first(where: { $0.label.hasSuffix("PRIVATE KEY") }) else { return nil }
        do throws(OpenSSLError) {
            return try PrivateKey(pem: block.text)
        } catch {
            throw CommandFailure("\(file) has a private key that cannot be read: \(error)")
        }
    }

    private static func settings(_ blocks: PEMBundle, file: String) throws(CommandFailure) -> BundleSettings {
        guard let bytes = blocks.blocks(labelled: settingsLabel).first else { return BundleSettings() }
        let name = "\(file) (\(settingsLabel))"
        switch YAMLReader.node(from: bytes, file: name) {
        case .failure(let problem):
            throw CommandFailure(problem.description)
        case .success(let root):
            let reading = ConfigurationReader.bundleSettings(from: root, file: name)
            guard let settings = reading.settings else {
                throw CommandFailure(reading.problems.map(\.description).joined(separator: "\n"))
            }
            return settings
        }
    }
}
