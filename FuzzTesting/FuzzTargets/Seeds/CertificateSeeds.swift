import GatewayConfiguration
import LinkSecurity
import NetworkTypes
import OpenSSLLink

/// Seeds of handshakes and certificates. Keys are random, so these differ each time they are made.
enum CertificateSeeds {
    static var handshakes: [(name: String, bytes: [UInt8])] {
        guard let identities = TestIdentities.shared, let wire = HandshakeWire(identities) else { return [] }
        wire.run()
        var list: [(String, [UInt8])] = wire.sent.indices.map { index in
            ("replaced-\(index)", [UInt8(index), 0] + wire.sent[index])
        }
        list += [
            ("stranger", [HandshakeTarget.stranger, 0] + (wire.sent.first ?? [])),
            ("stranger-with-cookie", [HandshakeTarget.stranger, 0] + (wire.sent.dropFirst(2).first ?? [])),
            ("alert-before", [4, 1, 21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40]),
            ("changed", [3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            ("lost", [5, 0]),
        ]
        return list
    }

    /// What an authority that is forgotten afterwards has signed, and its certificate.
    struct Signed {
        var authority: String
        var certificates: [(name: String, bytes: [UInt8])] = []
        var requests: [(name: String, bytes: [UInt8])] = []
        var lists: [(name: String, bytes: [UInt8])] = []
        var bundles: [(name: String, bytes: [UInt8])] = []
        var publications: [(name: String, bytes: [UInt8])] = []
    }

    static func signed() throws(OpenSSLError) -> Signed {
        let authority = try CertificateAuthority.create(grid: TestAuthority.grid, days: 36_000)
        var result = Signed(authority: authority.certificate.pem)
        result.certificates.append(("authority", authority.certificate.der))
        var list = RevocationList()
        for site in TestAuthority.sites {
            let key = try PrivateKey.generate()
            let certificate = try authority.issue(
                site: site, prefixes: TestAuthority.prefixes(of: site), days: 36_000, publicKey: key.publicKey)
            result.certificates.append((site, certificate.der))
            _ = list.add(.init(serial: certificate.details.serial, date: TestAuthority.now))
            let request = try CertificateSigningRequest.make(
                site: site, grid: site == "cern" ? nil : TestAuthority.grid, key: key)
            result.requests += blocks(site, request.pem)
            result.lists += blocks("revoked-\(site)", try list.signed(by: authority, now: TestAuthority.now))
            let bundle =
                certificate.pem + key.pem + authority.certificate.pem
                + PEMBundle.Block(label: "IPOP SETTINGS", bytes: Array("subnets: []\n".utf8)).text
            result.bundles.append((site, Array(bundle.utf8)))
        }
        result.publications = result.lists.map { ($0.name, [PublicationKind.revocationList.rawValue] + $0.bytes) }
        var profile = GridProfile(
            grid: TestAuthority.grid, pools: TestAuthority.prefixes(of: "ufl"), created: TestAuthority.now,
            authorityFingerprint: Hexadecimal.decode(authority.certificate.details.fingerprint) ?? [])
        profile.signature = authority.key.sign(profile.signedBytes)
        result.publications.append(("profile", [PublicationKind.gridProfile.rawValue] + Array(profile.yamlText.utf8)))
        let foreign = try CertificateAuthority.create(grid: "chemistry", days: 1)
        result.certificates.append(("foreign", foreign.certificate.der))
        return result
    }

    private static func blocks(_ name: String, _ pem: String) -> [(name: String, bytes: [UInt8])] {
        ((try? PEMBundle(pem))?.blocks ?? []).map { (name, $0.bytes) }
    }
}
