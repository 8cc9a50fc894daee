import LinkSecurity
import OpenSSLLink

/// Whether the certificates of the corpus are what they seem.
package enum CertificateSeedCheck {
    /// The site that the corpus's authority vouches for; throws when it does not.
    package static func site(of der: [UInt8]) throws -> String {
        try TestAuthority.trust().verify(
            Certificate(der: der), grid: TestAuthority.grid, now: TestAuthority.now
        ).get().site
    }
}
