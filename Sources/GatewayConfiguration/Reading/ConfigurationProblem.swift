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
