import GatewayConfiguration
import GatewayFiles
import LinuxSystem
import NetworkTypes
import OpenSSLLink
import YAMLReader

/// What `ipop join` will write, worked out before anything is written.
struct JoinPlan {
    struct File {
        let path: String
        let text: String
        let mode: UInt32
    }

    let paths: ConfigurationPaths
    /// In the order of writing: ipop.yaml last, since the unit starts the daemon when it is there.
    private(set) var files: [File] = []
    /// Files that are there and stay as they are.
    private(set) var kept: [String] = []

    private let bundle: SiteBundle
    private let bundleFile: String
    private let force: Bool

    /// Refuses what differs from a configuration that is there, unless `force` is set.
    init(
        bundle: SiteBundle, bundleFile: String, keyFile: String?, lan: String?, bridged: IPPrefix?, port: UInt16?,
        paths: ConfigurationPaths, force: Bool
    ) throws(CommandFailure) {
        self.bundle = bundle
        self.bundleFile = bundleFile
        self.paths = paths
        self.force = force
        try CertVerify.verify(bundle, authority: bundle.authority, file: bundleFile)
        let old = ConfigurationFiles.load(directory: paths.directory, readFile: ConfigurationCheck.readFromDisk)
        let key = try siteKey(keyFile)
        let isRenewal = try planIdentity(key)
        try planProfile()
        try planMap(old, bridged: bridged, isRenewal: isRenewal)
        try planSettings(old, lan: lan, mode: bridged == nil ? .routed : .bridged, port: port)
    }

    /// Reads a file as it will be after `write`.
    func readFile(_ path: String) -> Result<[UInt8], FileReadFault> {
        if let file = files.first(where: { $0.path == path }) { return .success(Array(file.text.utf8)) }
        return ConfigurationCheck.readFromDisk(path)
    }

    /// Writes the files, each whole or not at all.
    func write() throws(CommandFailure) {
        let owner = try ServiceUser.owner()
        try CommandFiles.makeDirectory(paths.directory, mode: 0o755)
        try CommandFiles.makeDirectory(paths.identityDirectory, mode: 0o755)
        for file in files {
            try CommandFiles.write(
                file.path, file.text, mode: file.mode, owner: file.path == paths.siteKey ? owner : nil)
        }
    }

    private mutating func add(_ path: String, _ text: String, mode: UInt32 = 0o644) {
        files.append(File(path: path, text: text, mode: mode))
    }

    private func refuse(_ path: String, _ what: String) throws(CommandFailure) {
        if force { return }
        throw CommandFailure(
            "\(path) is there and \(what); leave that grid first (ipop leave), or overwrite it with --force")
    }

    private func existingText(_ path: String) throws(CommandFailure) -> String? {
        try CommandFiles.readTextIfPresent(path)
    }

    /// The site's key: from the bundle, from `--key`, or the one that is installed.
    private func siteKey(_ keyFile: String?) throws(CommandFailure) -> PrivateKey {
        if let key = bundle.key { return key }
        let source = keyFile ?? paths.siteKey
        guard let text = try CommandFiles.readTextIfPresent(source) else {
            throw CommandFailure(
                keyFile == nil
                    ? "\(bundleFile) holds no key; give the one that the request was made with: --key FILE.key"
                    : "\(source): there is no such file")
        }
        do throws(OpenSSLError) {
            let key = try PrivateKey(pem: text)
            guard bundle.certificate.matches(key) else {
                throw .malformed("the key does not belong to the certificate in \(bundleFile)")
            }
            return key
        } catch {
            throw CommandFailure("\(source): \(error)")
        }
    }

    /// The authority's certificate, the site's, and the key. Returns whether what is there is only renewed.
    private mutating func planIdentity(_ key: PrivateKey) throws(CommandFailure) -> Bool {
        if let text = try existingText(paths.authorityCertificate) {
            let old = try? Certificate(pem: text)
            if old?.der != bundle.authority.der {
                try refuse(paths.authorityCertificate, "is the certificate of another authority")
            }
        }
        var isRenewal = false
        if let text = try existingText(paths.siteKey) {
            isRenewal = (try? PrivateKey(pem: text))?.publicKeyNodeAddress == key.publicKeyNodeAddress
            if !isRenewal { try refuse(paths.siteKey, "is another key") }
        }
        if let text = try existingText(paths.siteCertificate), let old = try? Certificate(pem: text).details {
            let new = bundle.certificate.details
            isRenewal = isRenewal && old.site == new.site && old.grid == new.grid
            if old.site != new.site || old.grid != new.grid {
                try refuse(paths.siteCertificate, "is of site '\(old.site)', grid '\(old.grid ?? "")'")
            }
            if old.notAfter > new.notAfter {
                try refuse(paths.siteCertificate, "is valid for longer than the one in \(bundleFile)")
            }
        } else {
            isRenewal = false
        }
        try plan(paths.authorityCertificate, bundle.authority.pem)
        try plan(paths.siteKey, key.pem, mode: 0o600)
        try plan(paths.siteCertificate, bundle.certificate.pem)
        return isRenewal && !force
    }

    private mutating func planProfile() throws(CommandFailure) {
        if let text = try existingText(paths.gridProfile), text != bundle.profile.yamlText {
            let old = try? ProfileReading.profile(Array(text.utf8), file: paths.gridProfile)
            let isOlder = old.map {
                $0.grid == bundle.profile.grid && $0.authorityFingerprint == bundle.profile.authorityFingerprint
                    && $0.created <= bundle.profile.created
            }
            if isOlder != true { try refuse(paths.gridProfile, "is another profile") }
        }
        try plan(paths.gridProfile, bundle.profile.yamlText)
    }

    private mutating func planMap(
        _ old: LoadedConfiguration, bridged: IPPrefix?, isRenewal: Bool
    ) throws(CommandFailure) {
        let site = bundle.certificate.details.site
        let subnets = bundle.settings.subnets
        let text = ConfigurationWriter.subnetMapText(site: site, exports: subnets, bridged: bridged)
        if try existingText(paths.subnetMap) != nil, !force {
            let exports = old.subnetMap?.exports(of: site).map(\.subnet).sorted()
            let isSame = exports == subnets.sorted() && old.subnetMap?.bridgedSubnet(of: site)?.subnet == bridged
            if isRenewal || isSame {
                kept.append(paths.subnetMap)
                return
            }
            try refuse(paths.subnetMap, "exports something else than \(bundleFile) has")
        }
        add(paths.subnetMap, text)
    }

    private mutating func planSettings(
        _ old: LoadedConfiguration, lan: String?, mode: GatewaySettings.LAN.Mode, port: UInt16?
    ) throws(CommandFailure) {
        let details = bundle.certificate.details
        if try existingText(paths.settings) != nil, !force {
            guard let settings = old.settings else {
                try refuse(paths.settings, "has errors (ipop check)")
                return
            }
            if settings.site != details.site || settings.grid != details.grid {
                try refuse(paths.settings, "is of site '\(settings.site)', grid '\(settings.grid)'")
            }
            if let lan, lan != settings.lan.interface {
                try refuse(paths.settings, "has the LAN interface \(settings.lan.interface)")
            }
            if let port, port != settings.listen.port {
                try refuse(paths.settings, "listens at port \(settings.listen.port)")
            }
            kept.append(paths.settings)
            return
        }
        guard let interface = lan ?? old.settings?.lan.interface else {
            throw CommandFailure("--lan is missing: the interface that the site's hosts are on ('ip link' lists them)")
        }
        var settings = GatewaySettings(
            grid: bundle.profile.grid, site: details.site, lan: GatewaySettings.LAN(interface: interface, mode: mode))
        settings.bootstrap = bundle.settings.bootstrap
        settings.listen.port = port ?? GatewaySettings.Listen.defaultPort
        add(paths.settings, ConfigurationWriter.settingsText(settings))
    }

    /// Writes a file unless it says the same already.
    private mutating func plan(_ path: String, _ text: String, mode: UInt32 = 0o644) throws(CommandFailure) {
        if try existingText(path) == text { kept.append(path) } else { add(path, text, mode: mode) }
    }
}
