import GatewayConfiguration

/// grid.yaml.
enum GridProfileTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        guard let root = try ReadProblems.tree(input) else { return }
        let reading = ConfigurationReader.gridProfile(from: root, file: "f")
        try ReadProblems.check(reading.problems, isRead: reading.profile != nil, of: input)
        guard let profile = reading.profile else { return }
        guard let written = try ReadProblems.tree(Array(profile.yamlText.utf8)) else {
            throw PropertyViolation(description: "what is written is YAML")
        }
        let again = ConfigurationReader.gridProfile(from: written, file: "f").profile
        try expect(again == profile, "a profile survives being written and read")
        try expect(again?.signedBytes == profile.signedBytes, "the signed bytes stay the same")
    }
}

/// The block IPOP SETTINGS of a bundle.
enum BundleSettingsTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        guard let root = try ReadProblems.tree(input) else { return }
        let reading = ConfigurationReader.bundleSettings(from: root, file: "f")
        try ReadProblems.check(reading.problems, isRead: reading.settings != nil, of: input)
        guard let settings = reading.settings else { return }
        guard let written = try ReadProblems.tree(Array(settings.yamlText.utf8)) else {
            throw PropertyViolation(description: "what is written is YAML")
        }
        let again = ConfigurationReader.bundleSettings(from: written, file: "f").settings
        try expect(again == settings, "a bundle's settings survive being written and read")
    }
}
