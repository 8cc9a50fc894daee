/// Something wrong, or worth saying, about a configuration file or what it refers to.
package struct ConfigurationProblem: Error, Equatable, Sendable {
    /// An error keeps the configuration from being used; a warning does not.
    package enum Severity: String, Sendable {
        case error
        case warning
    }

    /// The file as the operator knows it; empty when the problem is not about a file.
    package var file: String
    /// From 1; 0 when the problem is about the file as a whole.
    package var line: Int
    /// From 1, in characters; 0 with `line` 0.
    package var column: Int
    package var severity: Severity
    package var code: ConfigurationCode
    /// What is wrong, one sentence without a full stop.
    package var message: String
    /// What to do about it; `nil` when the message says it all.
    package var suggestion: String?

    package init(
        file: String, at position: SourcePosition? = nil, _ severity: Severity, _ code: ConfigurationCode,
        _ message: String, suggestion: String? = nil
    ) {
        self.file = file
        self.line = position?.line ?? 0
        self.column = position?.column ?? 0
        self.severity = severity
        self.code = code
        self.message = message
        self.suggestion = suggestion
    }
}

extension ConfigurationProblem {
    /// An error.
    package init(
        file: String, at position: SourcePosition? = nil, _ code: ConfigurationCode, _ message: String,
        suggestion: String? = nil
    ) {
        self.init(file: file, at: position, .error, code, message, suggestion: suggestion)
    }
}

extension ConfigurationProblem: CustomStringConvertible {
    /// `file:line:column: error: message; suggestion`.
    package var description: String {
        var text = file
        if line > 0 { text += ":\(line):\(column)" }
        if !text.isEmpty { text += ": " }
        text += "\(severity.rawValue): \(message)"
        if let suggestion { text += "; \(suggestion)" }
        return text
    }
}

/// The closed list of what can be wrong with a gateway's configuration. Cause and fix of each stand in docs/codes.md.
package enum ConfigurationCode: String, Sendable, CaseIterable {
    /// The file is missing or cannot be read.
    case unreadableFile = "E101"
    /// Not YAML, or YAML that is refused here (anchors, aliases, tags, too deep, too long).
    case syntax = "E102"
    case unknownKey = "E103"
    /// A key, a list item or a line that stands twice.
    case duplicate = "E104"
    /// A number where a list belongs, and the like.
    case wrongType = "E105"
    /// The right type, but not a value that can be used.
    case invalidValue = "E106"
    case missingKey = "E107"
    /// Understood, but not offered by this version.
    case notOffered = "E108"
    /// Two lines of subnets.map that claim a common address.
    case overlap = "E109"
    /// The certificate, its key or its chain cannot be used.
    case certificate = "E110"
    /// The key file can be read by others, or not by the daemon.
    case keyFile = "E111"
    /// The signed grid profile does not verify or does not fit.
    case gridProfile = "E112"
    /// An export that this host cannot stand behind.
    case exportUnreachable = "E113"
    /// No own address inside the exported subnets.
    case noOwnAddress = "E114"
    /// LAN hosts seem to have another default router.
    case oneArmed = "E115"

    // The same as in `ipop status`.
    case certificateExpiresSoon = "E003"
    case certificateExpired = "E004"
    case certificateNotYetValid = "E005"
    case exportNotInCertificate = "E020"
    case exportOtherInterface = "E021"
    case forwardingOff = "E033"
    case reversePathFilter = "E034"
    case lanInterfaceMissing = "E035"
}
