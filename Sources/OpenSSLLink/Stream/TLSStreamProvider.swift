import COpenSSL
import COpenSSLShims
package import LinkSecurity

/// Makes TLS connections with this gateway's certificate.
package final class TLSStreamProvider {
    private let identity: SiteIdentity
    private let judge: any IdentityAuthority
    private let settings: OpaquePointer

    /// A provider that presents `identity`, whatever certificate it has at the time. Peers' certificates are judged by
    /// `judge`; `nil`: by the identity too.
    package init(identity: SiteIdentity, judge: (any IdentityAuthority)? = nil) throws(OpenSSLError) {
        ERR_clear_error()
        guard let settings = ossl_tls_context_new() else { throw .last("preparing TLS") }
        self.settings = settings
        self.identity = identity
        self.judge = judge ?? identity
    }

    deinit { SSL_CTX_free(settings) }

    /// The end that has connected; `nil` when the library has no memory for it.
    package func makeClient() -> TLSStream? {
        TLSStream(context: settings, identity: identity, judge: judge, isClient: true)
    }

    /// The end that was connected to; `nil` when the library has no memory for it.
    package func makeServer() -> TLSStream? {
        TLSStream(context: settings, identity: identity, judge: judge, isClient: false)
    }
}
