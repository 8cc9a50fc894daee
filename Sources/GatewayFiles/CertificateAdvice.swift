package import LinkSecurity
import NetworkTypes
package import OpenSSLLink

extension CertificateDetails {
    /// Under so many days a certificate counts as ending soon.
    package static let soonDays = 14

    /// Whole days until the end, negative after it.
    package func daysLeft(now: Int64) -> Int {
        Int((notAfter - now + (notAfter < now ? -86_399 : 0)) / 86_400)
    }

    /// `192.168.20.0/24, 2001:db8::/48`, or `none`.
    package var prefixList: String {
        guard let prefixes else { return "malformed" }
        return prefixes.isEmpty ? "none" : prefixes.map(\.description).joined(separator: ", ")
    }
}

extension CertificateFault {
    /// What is wrong and what to do.
    package var advice: String {
        switch self {
        case .malformed: "the certificate is not one of a site; issue it again: ipop cert issue"
        case .untrusted: "the certificate is not signed by this grid's authority; take both of one grid"
        case .wrongGrid: "the certificate is of another grid; take both of one grid"
        case .expired: "the certificate has expired; renew it: ipop cert renew"
        case .notYetValid: "the certificate is not valid yet; set the clock: timedatectl"
        case .revoked: "the certificate was revoked; issue another: ipop cert issue"
        case .addressBlocks: "the certificate's address blocks exceed the authority's; issue it again: ipop cert issue"
        case .missing: "there is no certificate"
        }
    }
}
