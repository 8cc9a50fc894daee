package import NetworkTypes

/// What a verified certificate says about a gateway.
package struct PeerIdentity: Equatable, Sendable {
    /// Derived from the certificate's public key.
    package var node: NodeAddress
    /// The subject's common name.
    package var site: String
    /// From the subject alternative name `ipop://GRID/SITE`.
    package var grid: String
    /// The RFC 3779 address blocks: what the site may announce. Empty when the extension is missing.
    package var prefixes: [IPPrefix]
    /// The end of validity, in seconds since 1970-01-01T00:00:00Z.
    package var notAfter: Int64
    /// The certificate, DER.
    package var certificate: [UInt8]
    /// The certificate's serial number in lower-case hexadecimal digits: by it a revocation list names it.
    package var serial: String

    package init(
        node: NodeAddress, site: String, grid: String, prefixes: [IPPrefix], notAfter: Int64, certificate: [UInt8],
        serial: String = ""
    ) {
        self.node = node
        self.site = site
        self.grid = grid
        self.prefixes = prefixes
        self.notAfter = notAfter
        self.certificate = certificate
        self.serial = serial
    }

    /// Whether the certificate covers `prefix`.
    package func covers(_ prefix: IPPrefix) -> Bool {
        prefixes.contains { $0.covers(prefix) }
    }
}

/// Why a certificate is refused. The raw value is the machine-readable reason in status, log and docs/codes.md.
package enum CertificateFault: String, Error, Sendable, CaseIterable {
    /// Not a certificate, or without what a site certificate must have.
    case malformed = "certificate-malformed"
    /// Not signed by this grid's authority.
    case untrusted = "certificate-untrusted"
    /// Signed by this authority, for another grid.
    case wrongGrid = "certificate-wrong-grid"
    case expired = "certificate-expired"
    case notYetValid = "certificate-not-yet-valid"
    case revoked = "certificate-revoked"
    /// The address blocks are not within the authority's.
    case addressBlocks = "certificate-address-blocks"
    /// The peer sent none.
    case missing = "certificate-missing"
}

/// The gateway's own identity and the grid's trust, behind which the cryptography stands.
///
/// Implemented by OpenSSL in the daemon and in plain text in simulation. Calls are synchronous and short.
package protocol IdentityAuthority: AnyObject {
    /// Who this gateway is.
    var own: PeerIdentity { get }
    /// Refuses certificates with these serial numbers as revoked from now on; those that were named before and are not
    /// now count again.
    func revoke(_ serials: [String])
    /// Checks a certificate against the grid's authority, now.
    func verifyCertificate(_ certificate: [UInt8]) -> Result<PeerIdentity, CertificateFault>
    /// Signs with the gateway's key (ECDSA P-256, SHA-256; a DER signature of at most 72 bytes).
    func sign(_ message: [UInt8]) -> [UInt8]
    /// Whether `signature` is by the key of `certificate`, which has been verified before.
    func verifySignature(_ signature: [UInt8], of message: [UInt8], by certificate: [UInt8]) -> Bool
}
