package import GatewayConfiguration
import NetworkTypes
package import OpenSSLLink

extension GridProfile {
    /// Why the profile is not of `authority`'s making; `nil` when it is.
    package func fault(under authority: Certificate) -> String? {
        let details = authority.details
        if Hexadecimal.decode(details.fingerprint) != authorityFingerprint {
            return "the grid profile names another authority than '\(details.grid ?? details.site)'"
        }
        if details.grid != grid {
            return "the grid profile is of grid '\(grid)', the authority of grid '\(details.grid ?? "")'"
        }
        if !authority.verifySignature(signature, of: signedBytes) {
            return "the grid profile's signature is not the authority's: the profile was changed"
        }
        return nil
    }
}
