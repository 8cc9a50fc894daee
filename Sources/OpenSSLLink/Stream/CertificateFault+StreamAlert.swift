import COpenSSL
import LinkSecurity

/// How a refusal crosses a stream. TLS 1.3 encrypts its alerts, so the record cannot be mended as DTLS's is: each fault
/// has a verification result for which OpenSSL's own table has an alert of its own (RFC 8446 §6.2).
extension CertificateFault {
    /// The verification result that stands for this fault, and makes the alert beside it.
    var streamVerificationResult: Int32 {
        switch self {
        // bad_certificate
        case .malformed, .missing: X509_V_ERR_CERT_REJECTED
        // unknown_ca
        case .untrusted: X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
        // handshake_failure
        case .wrongGrid: X509_V_ERR_APPLICATION_VERIFICATION
        // certificate_expired
        case .expired: X509_V_ERR_CERT_HAS_EXPIRED
        // certificate_unknown: what the table does not know
        case .notYetValid: X509_V_ERR_PERMITTED_VIOLATION
        // certificate_revoked
        case .revoked: X509_V_ERR_CERT_REVOKED
        // unsupported_certificate
        case .addressBlocks: X509_V_ERR_INVALID_PURPOSE
        }
    }

    /// What the peer's alert says of this gateway's certificate; `nil` for alerts about something else.
    /// `hasPresented`: the peer has seen the certificate, without which a handshake failure is another's.
    init?(streamAlert alert: Int32, hasPresented: Bool) {
        switch alert {
        case SSL_AD_BAD_CERTIFICATE: self = .malformed
        case SSL_AD_UNKNOWN_CA: self = .untrusted
        case SSL_AD_HANDSHAKE_FAILURE where hasPresented: self = .wrongGrid
        case SSL_AD_CERTIFICATE_EXPIRED: self = .expired
        case SSL_AD_CERTIFICATE_UNKNOWN: self = .notYetValid
        case SSL_AD_CERTIFICATE_REVOKED: self = .revoked
        case SSL_AD_UNSUPPORTED_CERTIFICATE: self = .addressBlocks
        case SSL_AD_CERTIFICATE_REQUIRED: self = .missing
        default: return nil
        }
    }
}
