package import GatewayConfiguration

/// Why a configuration file could not be read.
package enum FileReadFault: Error, Equatable, Sendable {
    case notFound
    case permissionDenied
    /// In the system's words.
    case other(String)
}

/// What the files of a configuration directory say.
package struct LoadedConfiguration: Sendable {
    /// `nil` when ipop.yaml has errors.
    package let settings: GatewaySettings?
    /// `nil` when subnets.map has errors; empty when there is none.
    package let subnetMap: SubnetMap?
    /// `nil` when grid.yaml has errors. Its signature has not been looked at.
    package let gridProfile: GridProfile?
    /// The newer one of grid.yaml's and what was published; `nil` when grid.yaml has errors.
    package let newestProfile: GridProfile?
    /// ipop.yaml as a tree, for the places of its values; `nil` when it is not YAML.
    package let settingsTree: ConfigurationNode?
    /// Of all files, in the order ipop.yaml, subnets.map, grid.yaml, each in the file's order.
    package let problems: [ConfigurationProblem]

    /// Whether a problem keeps the configuration from being used.
    package var hasErrors: Bool { problems.contains { $0.severity == .error } }
}

/// Reads the text files of a configuration directory. Certificates and keys are not read here.
package enum ConfigurationFiles {
    /// Loads ipop.yaml, subnets.map and grid.yaml from `directory`. `readFile` returns a file's content by path.
    /// `published` is a profile that the grid's authority has published, its signature verified: a newer one than that
    /// of grid.yaml says what the pools are.
    package static func load(
        directory: String, published: GridProfile? = nil, readFile: (String) -> Result<[UInt8], FileReadFault>
    ) -> LoadedConfiguration {
        let paths = ConfigurationPaths(directory: directory)
        var problems: [ConfigurationProblem] = []

        var settings: GatewaySettings?
        let joinHint = "run 'ipop join FILE.ipop --lan IFACE' first"
        let settingsTree = tree(paths.settings, hint: joinHint, readFile, &problems)
        if let root = settingsTree {
            let reading = ConfigurationReader.settings(from: root, file: paths.settings)
            settings = reading.settings
            problems += reading.problems
        }

        var map: SubnetMap?
        switch readFile(paths.subnetMap) {
        case .success(let bytes):
            let reading = SubnetMapReader.map(from: bytes, file: paths.subnetMap, site: settings?.site)
            map = reading.map
            problems += reading.problems
        case .failure(.notFound):
            map = SubnetMap()
            problems.append(
                ConfigurationProblem(
                    file: paths.subnetMap, .warning, .unreadableFile, "there is no such file, so nothing is exported",
                    suggestion: "write 'SITE SUBNET same' lines into it"))
        case .failure(let fault):
            problems.append(unreadable(paths.subnetMap, fault, hint: nil))
        }

        var profile: GridProfile?
        let hint = "it comes with the bundle: run 'ipop join FILE.ipop --lan IFACE --force'"
        if let root = tree(paths.gridProfile, hint: hint, readFile, &problems) {
            let reading = ConfigurationReader.gridProfile(from: root, file: paths.gridProfile)
            profile = reading.profile
            problems += reading.problems
        }
        if let settings, let profile, settings.grid != profile.grid {
            problems.append(
                ConfigurationProblem(
                    file: paths.gridProfile, .gridProfile,
                    "this is the profile of grid '\(profile.grid)', but ipop.yaml names grid '\(settings.grid)'",
                    suggestion: "keep files of one grid only"))
        }
        let newest = profile.map { profile in
            published.flatMap { $0.created > profile.created ? $0 : nil } ?? profile
        }
        if let settings, let map {
            problems += BridgedSubnetCheck.problems(
                settings: settings, settingsTree: settingsTree, map: map, pools: newest?.pools ?? [], paths: paths)
        }
        return LoadedConfiguration(
            settings: settings, subnetMap: map, gridProfile: profile, newestProfile: newest,
            settingsTree: settingsTree, problems: problems)
    }

    private static func tree(
        _ path: String, hint: String, _ readFile: (String) -> Result<[UInt8], FileReadFault>,
        _ problems: inout [ConfigurationProblem]
    ) -> ConfigurationNode? {
        switch readFile(path) {
        case .success(let bytes):
            switch YAMLReader.node(from: bytes, file: path) {
            case .success(let root): return root
            case .failure(let problem): problems.append(problem)
            }
        case .failure(let fault):
            problems.append(unreadable(path, fault, hint: hint))
        }
        return nil
    }

    private static func unreadable(_ path: String, _ fault: FileReadFault, hint: String?) -> ConfigurationProblem {
        switch fault {
        case .notFound:
            ConfigurationProblem(file: path, .unreadableFile, "there is no such file", suggestion: hint)
        case .permissionDenied:
            ConfigurationProblem(
                file: path, .unreadableFile, "the file cannot be read: permission denied",
                suggestion: "run this as root, or as the file's owner")
        case .other(let reason):
            ConfigurationProblem(file: path, .unreadableFile, "the file cannot be read: \(reason)")
        }
    }
}
