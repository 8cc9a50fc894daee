package import LinkSecurity

/// This gateway's certificate and key, and the trust in its grid: what handshakes and announcements need.
///
/// The certificate may be replaced by a renewed one of the same key while sessions go on.
package final class SiteIdentity: IdentityAuthority {
    package private(set) var own: PeerIdentity
    /// The certificate that handshakes present.
    package private(set) var certificate: Certificate
    package let key: PrivateKey
    package let trust: TrustStore
    package let grid: String
    /// The wall clock, in seconds since 1970-01-01T00:00:00Z, against which validity is checked.
    package var now: () -> Int64
    /// A signature is checked right after its certificate.
    private var lastRead: Certificate?

    /// Refuses a key that is not the certificate's, and a certificate that its own grid would refuse for ever
    /// (`OpenSSLError.refused`); one that is expired or not yet valid is taken, see `ownFault`.
    package init(
        certificate: Certificate, key: PrivateKey, authority: Certificate, grid: String,
        now: @escaping () -> Int64 = CertificateAuthority.systemTime
    ) throws(OpenSSLError) {
        let trust = try TrustStore(authority: authority)
        own = try Self.identity(of: certificate, key: key, trust: trust, grid: grid)
        self.certificate = certificate
        self.key = key
        self.trust = trust
        self.grid = grid
        self.now = now
    }

    /// Why peers refuse this gateway now; `nil` when they do not.
    package var ownFault: CertificateFault? {
        switch trust.verify(certificate, grid: grid, now: now()) {
        case .success: nil
        case .failure(let fault): fault
        }
    }

    /// Presents a renewed certificate from now on. Refuses one of another key or another site; the old one stays then.
    package func replace(certificate renewed: Certificate) throws(OpenSSLError) {
        let identity = try Self.identity(of: renewed, key: key, trust: trust, grid: grid)
        guard identity.site == own.site else { throw .malformed("the certificate is of the site \(identity.site)") }
        certificate = renewed
        own = identity
    }

    /// Refuses certificates with these serial numbers from now on.
    package func revoke(_ serials: [String]) { trust.revokedSerials = Set(serials) }

    /// Checks a certificate (DER) against the grid's authority, now.
    package func verifyCertificate(_ certificate: [UInt8]) -> Result<PeerIdentity, CertificateFault> {
        guard let certificate = read(certificate) else { return .failure(.malformed) }
        return trust.verify(certificate, grid: grid, now: now())
    }

    /// Signs with the site's key: ECDSA P-256, SHA-256, DER.
    package func sign(_ message: [UInt8]) -> [UInt8] {
        key.sign(message)
    }

    /// Whether `signature` over `message` is by the key of `certificate` (DER).
    package func verifySignature(_ signature: [UInt8], of message: [UInt8], by certificate: [UInt8]) -> Bool {
        guard let certificate = read(certificate) else { return false }
        return certificate.verifySignature(signature, of: message)
    }

    /// The certificate in `der`. Reading takes the library longer than checking it.
    private func read(_ der: [UInt8]) -> Certificate? {
        if let lastRead, lastRead.der == der { return lastRead }
        guard let certificate = try? Certificate(der: der) else { return nil }
        lastRead = certificate
        return certificate
    }

    /// Verifies with a clock inside the certificate's validity, so that only lasting faults count.
    private static func identity(of certificate: Certificate, key: PrivateKey, trust: TrustStore, grid: String)
        throws(OpenSSLError) -> PeerIdentity
    {
        guard certificate.matches(key) else { throw .keyMismatch }
        let inside = max(certificate.details.notBefore, trust.authority.details.notBefore)
        switch trust.verify(certificate, grid: grid, now: inside) {
        case .success(let identity): return identity
        case .failure(let fault): throw .refused(fault)
        }
    }
}
