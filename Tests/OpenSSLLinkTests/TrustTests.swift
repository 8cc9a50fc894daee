import LinkSecurity
import NetworkTypes
import OpenSSLLink
import Testing

@Suite struct TrustTests {
    @Test func `a valid certificate tells who its holder is`() throws {
        let grid = try TestGrid()
        let key = try PrivateKey.generate()
        let certificate = try grid.certificate("ufl", ["10.0.0.0/8"], key: key)
        let trust = try TrustStore(authority: grid.authority.certificate)

        let peer = try trust.verify(certificate, grid: "physics", now: grid.now).get()

        #expect(peer.node == key.publicKeyNodeAddress && peer.site == "ufl" && peer.grid == "physics")
        #expect(peer.prefixes == [IPPrefix("10.0.0.0/8")!] && peer.covers(IPPrefix("10.9.0.0/16")!))
        #expect(peer.notAfter == certificate.details.notAfter && peer.certificate == certificate.der)
    }

    private static let year: Int64 = 365 * 86_400
    private static let times: [(Int64, CertificateFault?)] = [
        (-3_601, .notYetValid), (-3_600, nil), (year - 1, nil), (year, .expired),
    ]

    @Test(arguments: times)
    func `validity is judged at the given time`(offset: Int64, fault: CertificateFault?) throws {
        let grid = try TestGrid()
        let certificate = try grid.certificate("ufl", key: PrivateKey.generate())
        let trust = try TrustStore(authority: grid.authority.certificate)

        let result = trust.verify(certificate, grid: "physics", now: TestGrid.start + offset)

        #expect(self.fault(result) == fault)
    }

    @Test func `another authority's certificate is untrusted, even one of the same name`() throws {
        let ours = try TestGrid()
        let theirs = try TestGrid()
        let certificate = try theirs.certificate("ufl", key: PrivateKey.generate())
        let trust = try TrustStore(authority: ours.authority.certificate)

        let result = trust.verify(certificate, grid: "physics", now: TestGrid.start)

        #expect(fault(result) == .untrusted)
    }

    @Test func `a certificate of another grid of the same authority is refused`() throws {
        let grid = try TestGrid()
        let certificate = try grid.certificate("ufl", key: PrivateKey.generate())
        let trust = try TrustStore(authority: grid.authority.certificate)

        #expect(fault(trust.verify(certificate, grid: "chemistry", now: TestGrid.start)) == .wrongGrid)
    }

    @Test func `a revoked certificate is refused`() throws {
        let grid = try TestGrid()
        let certificate = try grid.certificate("ufl", key: PrivateKey.generate())
        let trust = try TrustStore(authority: grid.authority.certificate)

        trust.revokedSerials = [certificate.details.serial]

        #expect(fault(trust.verify(certificate, grid: "physics", now: TestGrid.start)) == .revoked)
    }

    @Test func `an authority's certificate is not a site's`() throws {
        let grid = try TestGrid()
        let trust = try TrustStore(authority: grid.authority.certificate)
        #expect(fault(trust.verify(grid.authority.certificate, grid: "physics", now: TestGrid.start)) == .malformed)
        #expect(throws: OpenSSLError.self) {
            try TrustStore(authority: grid.certificate("ufl", key: PrivateKey.generate()))
        }
    }

    @Test func `a changed certificate is refused whatever bit was changed`() throws {
        let grid = try TestGrid()
        let identity = try grid.identity("ufl", ["10.0.0.0/8"])
        let der = identity.certificate.der
        for index in der.indices {
            var changed = der
            changed[index] ^= 1
            #expect(fault(identity.verifyCertificate(changed)) != nil, "byte \(index)")
        }
    }

    @Test func `an identity needs its own key and its own grid`() throws {
        let grid = try TestGrid()
        let other = try TestGrid("chemistry")
        let key = try PrivateKey.generate()
        let certificate = try grid.certificate("ufl", key: key)
        func identity(_ key: PrivateKey, _ authority: Certificate, _ name: String) throws -> SiteIdentity {
            try SiteIdentity(certificate: certificate, key: key, authority: authority, grid: name)
        }
        #expect(throws: OpenSSLError.keyMismatch) {
            try identity(PrivateKey.generate(), grid.authority.certificate, "physics")
        }
        #expect(throws: OpenSSLError.refused(.wrongGrid)) {
            try identity(key, grid.authority.certificate, "chemistry")
        }
        #expect(throws: OpenSSLError.refused(.untrusted)) {
            try identity(key, other.authority.certificate, "physics")
        }
    }

    @Test func `an identity takes a renewed certificate of the same key and site only`() throws {
        let grid = try TestGrid()
        let identity = try grid.identity("ufl", ["10.0.0.0/8"], days: 1)
        grid.now += 2 * 86_400
        #expect(identity.ownFault == .expired)
        #expect(throws: OpenSSLError.self) {
            try identity.replace(certificate: grid.certificate("lsu", key: identity.key))
        }
        #expect(throws: OpenSSLError.keyMismatch) {
            try identity.replace(certificate: grid.certificate("ufl", key: PrivateKey.generate()))
        }

        try identity.replace(certificate: grid.certificate("ufl", ["10.1.0.0/16"], key: identity.key))

        #expect(identity.ownFault == nil)
        #expect(identity.own.prefixes == [IPPrefix("10.1.0.0/16")!])
    }

    @Test func `an identity signs for others to verify`() throws {
        let grid = try TestGrid()
        let ufl = try grid.identity("ufl")
        let lsu = try grid.identity("lsu")

        let signature = ufl.sign([1, 2, 3])

        #expect(lsu.verifySignature(signature, of: [1, 2, 3], by: ufl.own.certificate))
        #expect(!lsu.verifySignature(signature, of: [1, 2, 3], by: lsu.own.certificate))
        #expect(!lsu.verifySignature(signature, of: [1, 2, 3], by: [0]))
    }

    private func fault(_ result: Result<PeerIdentity, CertificateFault>) -> CertificateFault? {
        guard case .failure(let fault) = result else { return nil }
        return fault
    }
}
