import COpenSSL
import LinkSecurity

/// How a refusal crosses the wire: each fault has a TLS alert of its own (RFC 5246 §7.2.2), so that both ends know the
/// reason.
extension CertificateFault {
    /// The alert that tells the peer.
    var alert: UInt8 {
        switch self {
        case .malformed: UInt8(SSL_AD_BAD_CERTIFICATE)
        case .untrusted: UInt8(SSL_AD_UNKNOWN_CA)
        case .wrongGrid: UInt8(SSL_AD_ACCESS_DENIED)
        case .expired: UInt8(SSL_AD_CERTIFICATE_EXPIRED)
        case .notYetValid: UInt8(SSL_AD_CERTIFICATE_UNKNOWN)
        case .revoked: UInt8(SSL_AD_CERTIFICATE_REVOKED)
        case .addressBlocks: UInt8(SSL_AD_UNSUPPORTED_CERTIFICATE)
        case .missing: UInt8(SSL_AD_HANDSHAKE_FAILURE)
        }
    }

    /// What the peer's alert says of this gateway's certificate; `nil` for alerts about something else. A handshake
    /// failure is such: this gateway always presents a certificate, so it cannot be missing.
    init?(alert: Int32) {
        let fault = Self.allCases.first { $0 != .missing && Int32($0.alert) == alert }
        guard let fault else { return nil }
        self = fault
    }

    /// The verification result from which OpenSSL makes its alert. Its table has no way to some of ours:
    /// `DTLSHandshake` mends the alert record then.
    var verificationResult: Int32 {
        switch self {
        case .untrusted: X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
        case .expired: X509_V_ERR_CERT_HAS_EXPIRED
        case .notYetValid: X509_V_ERR_CERT_NOT_YET_VALID
        case .revoked: X509_V_ERR_CERT_REVOKED
        case .malformed, .wrongGrid, .addressBlocks, .missing: X509_V_ERR_CERT_REJECTED
        }
    }
}
