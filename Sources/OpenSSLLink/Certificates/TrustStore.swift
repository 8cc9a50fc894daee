import COpenSSL
import COpenSSLShims
package import LinkSecurity
import NetworkTypes

/// Checks certificates against one grid's authority, and nothing else.
package final class TrustStore {
    private let store: OpaquePointer
    /// The only certificate that is trusted.
    package let authority: Certificate
    /// Serial numbers (lower-case hexadecimal) of certificates that no longer count.
    package var revokedSerials: Set<String> = []

    /// A store that trusts `authority`; refuses what is not an authority's certificate.
    package init(authority: Certificate) throws(OpenSSLError) {
        guard authority.details.isAuthority else { throw .malformed("the certificate is not an authority's") }
        ERR_clear_error()
        guard let store = X509_STORE_new() else { throw .last("making a trust store") }
        guard X509_STORE_add_cert(store, authority.handle) == 1 else {
            X509_STORE_free(store)
            throw .last("making a trust store")
        }
        self.store = store
        self.authority = authority
    }

    deinit { X509_STORE_free(store) }

    /// Who the certificate's holder is, when at `now` (seconds since 1970-01-01T00:00:00Z) it is a valid site
    /// certificate of `grid`: signed by this authority, its address blocks within the authority's (RFC 3779 §2.3).
    package func verify(_ certificate: Certificate, grid: String, now: Int64) -> Result<PeerIdentity, CertificateFault>
    {
        if let fault = verifyChain(certificate, now: now) { return .failure(fault) }
        let details = certificate.details
        let requiredUses = UInt32(XKU_SSL_CLIENT | XKU_SSL_SERVER)
        guard !details.isAuthority, !details.site.isEmpty, let named = details.grid,
            X509_get_extended_key_usage(certificate.handle) & requiredUses == requiredUses,
            X509_get_key_usage(certificate.handle) & UInt32(KU_DIGITAL_SIGNATURE) != 0
        else { return .failure(.malformed) }
        guard named == grid else { return .failure(.wrongGrid) }
        guard let prefixes = details.prefixes else { return .failure(.addressBlocks) }
        guard !revokedSerials.contains(details.serial) else { return .failure(.revoked) }
        return .success(
            PeerIdentity(
                node: details.node, site: details.site, grid: named, prefixes: prefixes, notAfter: details.notAfter,
                certificate: certificate.der, serial: details.serial))
    }

    /// Checks signature, dates, extensions and address blocks.
    private func verifyChain(_ certificate: Certificate, now: Int64) -> CertificateFault? {
        ERR_clear_error()
        guard let context = X509_STORE_CTX_new() else { return .malformed }
        defer {
            X509_STORE_CTX_free(context)
            ERR_clear_error()
        }
        guard X509_STORE_CTX_init(context, store, certificate.handle, nil) == 1,
            let parameters = X509_STORE_CTX_get0_param(context)
        else { return .malformed }
        X509_VERIFY_PARAM_set_time(parameters, time_t(now))
        X509_VERIFY_PARAM_set_depth(parameters, 0)
        guard X509_verify_cert(context) != 1 else { return nil }
        return Self.fault(of: X509_STORE_CTX_get_error(context))
    }

    private static func fault(of code: Int32) -> CertificateFault {
        switch code {
        case X509_V_ERR_CERT_HAS_EXPIRED: .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid
        case X509_V_ERR_UNNESTED_RESOURCE: .addressBlocks
        case X509_V_ERR_INVALID_EXTENSION, X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, X509_V_ERR_INVALID_PURPOSE,
            X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD,
            X509_V_ERR_EC_KEY_EXPLICIT_PARAMS:
            .malformed
        default: .untrusted
        }
    }
}
