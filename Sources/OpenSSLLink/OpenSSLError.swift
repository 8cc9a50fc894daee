import COpenSSL
package import LinkSecurity

/// Why something about keys and certificates could not be done.
package enum OpenSSLError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The library refused; its own words.
    case library(operation: String, reason: String)
    /// The input is not what it should be.
    case malformed(String)
    /// The key does not belong to the certificate.
    case keyMismatch
    /// A name that does not follow `SiteName.rule`.
    case invalidName(String)
    /// The certificate is refused.
    case refused(CertificateFault)

    package var description: String {
        switch self {
        case .library(let operation, let reason): "\(operation): \(reason)"
        case .malformed(let what): what
        case .keyMismatch: "the key does not belong to the certificate"
        case .invalidName(let name): "'\(name)' is not a name of a site or grid"
        case .refused(let fault): fault.rawValue
        }
    }

    /// The error that the library's queue holds now; empties the queue.
    static func last(_ operation: String) -> OpenSSLError {
        .library(operation: operation, reason: errorQueueText())
    }

    /// The library's queue of errors as text, oldest first; empties the queue.
    static func errorQueueText() -> String {
        var reasons: [String] = []
        while true {
            let code = ERR_get_error()
            if code == 0 { break }
            let reason = ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
            if reasons.count < 4, reasons.last != reason { reasons.append(reason) }
        }
        return reasons.isEmpty ? "no reason given" : reasons.joined(separator: "; ")
    }
}
