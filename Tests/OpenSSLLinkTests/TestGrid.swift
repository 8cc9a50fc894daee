import LinkSecurity
import NetworkTypes
import OpenSSLLink

/// A grid for tests: an authority, and sites with identities of their own. The clock stands still until a test sets it.
final class TestGrid {
    /// 2026-01-01T00:00:00Z.
    static let start: Int64 = 1_767_225_600

    let authority: CertificateAuthority
    var now: Int64
    /// When the grid's certificates are issued.
    let issuing: Int64

    init(_ name: String = "physics", now: Int64 = TestGrid.start) throws {
        authority = try CertificateAuthority.create(grid: name, days: 3_650, now: now)
        self.now = now
        issuing = now
    }

    func certificate(
        _ site: String, _ prefixes: [String] = [], key: PrivateKey, days: Int = 365
    ) throws -> Certificate {
        try authority.issue(
            site: site, prefixes: prefixes.compactMap { IPPrefix($0) }, days: days, publicKey: key.publicKey,
            now: issuing)
    }

    func identity(_ site: String, _ prefixes: [String] = [], days: Int = 365) throws -> SiteIdentity {
        let key = try PrivateKey.generate()
        let certificate = try certificate(site, prefixes, key: key, days: days)
        return try SiteIdentity(
            certificate: certificate, key: key, authority: authority.certificate, grid: authority.grid,
            now: { [self] in now })
    }
}

/// A gateway's view of its peers' certificates that says what a test wants.
final class FixedVerdict: IdentityAuthority {
    let own: PeerIdentity
    let verdict: Result<PeerIdentity, CertificateFault>

    init(_ verdict: Result<PeerIdentity, CertificateFault>, own: PeerIdentity) {
        self.own = own
        self.verdict = verdict
    }

    func revoke(_ serials: [String]) {}
    func verifyCertificate(_ certificate: [UInt8]) -> Result<PeerIdentity, CertificateFault> { verdict }
    func sign(_ message: [UInt8]) -> [UInt8] { [] }
    func verifySignature(_ signature: [UInt8], of message: [UInt8], by certificate: [UInt8]) -> Bool { false }
}
