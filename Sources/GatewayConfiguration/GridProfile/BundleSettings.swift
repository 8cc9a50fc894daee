package import NetworkTypes

/// What a site's bundle says beside its certificates: the block `IPOP SETTINGS`, from which `ipop join` writes files.
package struct BundleSettings: Equatable, Sendable {
    /// Members to ask first.
    package var bootstrap: [HostAndPort]
    /// The subnets as the authority was given them; the certificate merges neighbours (RFC 3779 §2.2.3.6).
    package var subnets: [IPPrefix]

    package init(bootstrap: [HostAndPort] = [], subnets: [IPPrefix] = []) {
        self.bootstrap = bootstrap
        self.subnets = subnets
    }

    /// The YAML that says this; `ConfigurationReader.bundleSettings(from:file:)` reads it back.
    package var yamlText: String {
        let bootstrap = bootstrap.map { "\"\($0)\"" }.joined(separator: ", ")
        let subnets = subnets.map { "\"\($0)\"" }.joined(separator: ", ")
        return "bootstrap: [\(bootstrap)]\nsubnets: [\(subnets)]\n"
    }
}

extension ConfigurationReader {
    /// The settings of a bundle that `root` holds, and every problem in the text's order.
    package static func bundleSettings(from root: ConfigurationNode, file: String) -> (
        settings: BundleSettings?, problems: [ConfigurationProblem]
    ) {
        var problems = ProblemList(file: file)
        guard let top = StrictMapping(root, section: "", keys: ["bootstrap", "subnets"], &problems) else {
            return (nil, problems.sorted)
        }
        let bootstrap = bootstrap(top, &problems)
        let subnets = prefixes(top, "subnets", noun: "subnet", limit: StrictMapping.subnetLimit, &problems)
        let settings = BundleSettings(bootstrap: bootstrap, subnets: subnets)
        return (problems.hasErrors ? nil : settings, problems.sorted)
    }

    /// A list of prefixes that do not overlap.
    static func prefixes(
        _ top: StrictMapping, _ key: String, noun: String, limit: Int = StrictMapping.itemLimit,
        _ problems: inout ProblemList
    ) -> [IPPrefix] {
        var prefixes: [IPPrefix] = []
        for (text, position) in top.texts(key, expected: "prefixes", limit: limit, &problems) {
            switch IPPrefix.parse(text) {
            case .success(let prefix):
                if let other = prefixes.first(where: { $0.overlaps(prefix) }) {
                    problems.error(.overlap, at: position, "\(noun) \(prefix) overlaps \(noun) \(other)")
                } else {
                    prefixes.append(prefix)
                }
            case .failure(let error):
                problems.error(.invalidValue, at: position, "\(noun) '\(text)': \(error)")
            }
        }
        return prefixes
    }
}
