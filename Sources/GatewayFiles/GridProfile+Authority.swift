package import GatewayConfiguration
package import LinkSecurity
import NetworkTypes
package import OpenSSLLink

extension GridProfile {
    /// What it lays down for leases.
    package var terms: ProfileTerms {
        ProfileTerms(
            version: UInt64(clamping: created), pools: pools,
            leaseTime: leaseSeconds.map { .seconds(Int64($0)) } ?? ProfileTerms.usualLeaseTime)
    }

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
