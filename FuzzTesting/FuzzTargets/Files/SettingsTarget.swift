import GatewayConfiguration

/// ipop.yaml.
enum SettingsTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        guard let root = try ReadProblems.tree(input) else { return }
        let reading = ConfigurationReader.settings(from: root, file: "f")
        try ReadProblems.check(reading.problems, isRead: reading.settings != nil, of: input)
        guard let settings = reading.settings else { return }
        let text = Array(ConfigurationWriter.settingsText(settings).utf8)
        guard let written = try ReadProblems.tree(text) else {
            throw PropertyViolation(description: "what is written is YAML")
        }
        let again = ConfigurationReader.settings(from: written, file: "f").settings
        try expect(again == settings, "settings survive being written and read")
    }
}
