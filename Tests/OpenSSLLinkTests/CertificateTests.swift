import LinkSecurity
import NetworkTypes
import OpenSSLLink
import Testing

@Suite struct CertificateTests {
    @Test func `an authority's certificate says what it is`() throws {
        let authority = try CertificateAuthority.create(grid: "physics", days: 10, now: TestGrid.start)

        let details = authority.certificate.details

        #expect(details.isAuthority && details.site == "physics" && details.grid == "physics")
        #expect(details.prefixes == [IPPrefix("0.0.0.0/0")!, IPPrefix("::/0")!])
        #expect(details.notBefore == TestGrid.start - 3_600)
        #expect(details.notAfter == TestGrid.start + 10 * 86_400)
        #expect(details.serial.count == 32 && details.fingerprint.count == 64)
        #expect(authority.certificate.matches(authority.key))
    }

    @Test func `a site's certificate says what was issued`() throws {
        let grid = try TestGrid()
        let key = try PrivateKey.generate()
        let prefixes = ["10.1.0.0/16", "192.168.10.0/24", "2001:db8:1::/48"]

        let details = try grid.certificate("ufl", prefixes, key: key).details

        #expect(details.site == "ufl" && details.grid == "physics" && !details.isAuthority)
        #expect(details.prefixes?.map(\.description) == prefixes)
        #expect(details.node == key.publicKeyNodeAddress)
        #expect(details.notAfter == TestGrid.start + 365 * 86_400)
    }

    @Test func `serial numbers differ and renewal keeps the node address`() throws {
        let grid = try TestGrid()
        let key = try PrivateKey.generate()

        let first = try grid.certificate("ufl", key: key).details
        let second = try grid.certificate("ufl", key: key).details

        #expect(first.serial != second.serial && first.fingerprint != second.fingerprint)
        #expect(first.node == second.node)
    }

    @Test func `a site's certificate ends with its authority's`() throws {
        let authority = try CertificateAuthority.create(grid: "physics", days: 10, now: TestGrid.start)
        let key = try PrivateKey.generate()

        let details = try authority.issue(
            site: "ufl", prefixes: [], days: 365, publicKey: key.publicKey, now: TestGrid.start
        ).details

        #expect(details.notAfter == authority.certificate.details.notAfter)
    }

    @Test(arguments: [
        (["10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/8"], ["10.0.0.0/8"]),
        (["10.0.1.0/24", "10.0.0.0/24"], ["10.0.0.0/23"]),
        (["10.0.1.0/24", "10.0.2.0/24"], ["10.0.1.0/24", "10.0.2.0/24"]),
        (["10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/30"], ["10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/30"]),
        (["0.0.0.0/0"], ["0.0.0.0/0"]), (["::/0", "255.255.255.255/32"], ["255.255.255.255/32", "::/0"]),
        (["2001:db8::/127", "2001:db8::3/128"], ["2001:db8::/127", "2001:db8::3/128"]), ([], []),
    ])
    func `address blocks survive as the fewest prefixes`(given: [String], read: [String]) throws {
        let grid = try TestGrid()

        let certificate = try grid.certificate("ufl", given, key: PrivateKey.generate())

        #expect(certificate.details.prefixes?.map(\.description) == read)
    }

    @Test func `a thousand prefixes fit`() throws {
        let grid = try TestGrid()
        let prefixes = (0..<1_000).map { "10.\($0 / 100).\($0 % 100 * 2).0/24" }

        let certificate = try grid.certificate("ufl", prefixes, key: PrivateKey.generate())

        #expect(certificate.details.prefixes?.count == 1_000)
        #expect(certificate.der.count < Certificate.byteCountLimit)
    }

    @Test(arguments: ["", "Ufl", "ufl/x", "-a", "a,DNS:evil", "ü"])
    func `a name that breaks the rule is refused`(name: String) throws {
        let grid = try TestGrid()
        let key = try PrivateKey.generate()
        #expect(throws: OpenSSLError.invalidName(name)) { try grid.certificate(name, key: key) }
        #expect(throws: OpenSSLError.invalidName(name)) { try CertificateAuthority.create(grid: name, days: 1) }
        #expect(throws: OpenSSLError.invalidName(name)) {
            try CertificateSigningRequest.make(site: name, grid: nil, key: key)
        }
    }

    @Test(arguments: [0, -1, 36_526]) func `validity has bounds`(days: Int) throws {
        let grid = try TestGrid()
        #expect(throws: OpenSSLError.self) { try grid.certificate("ufl", key: PrivateKey.generate(), days: days) }
    }

    @Test func `keys and certificates survive their text`() throws {
        let grid = try TestGrid()
        let key = try PrivateKey.generate()
        let certificate = try grid.certificate("ufl", key: key)

        let sameKey = try PrivateKey(pem: key.pem)
        let sameCertificate = try Certificate(pem: "any text before\n" + certificate.pem)

        #expect(sameKey.publicKeyNodeAddress == key.publicKeyNodeAddress)
        #expect(sameCertificate.der == certificate.der && sameCertificate.details == certificate.details)
        #expect(sameCertificate.matches(sameKey))
        #expect(!sameCertificate.matches(try PrivateKey.generate()))
    }

    @Test func `what a key signs its certificate verifies, and nothing else`() throws {
        let grid = try TestGrid()
        let key = try PrivateKey.generate()
        let certificate = try grid.certificate("ufl", key: key)
        let other = try grid.certificate("lsu", key: PrivateKey.generate())
        let message = Array("announcement".utf8)

        var signature = key.sign(message)

        #expect(signature.count <= 72)
        #expect(certificate.verifySignature(signature, of: message))
        #expect(!certificate.verifySignature(signature, of: message + [0]))
        #expect(!other.verifySignature(signature, of: message))
        #expect(certificate.verifySignature(key.sign([]), of: []))
        signature[signature.count / 2] ^= 1
        #expect(!certificate.verifySignature(signature, of: message))
        #expect(!certificate.verifySignature([], of: message))
    }

    @Test func `a request carries site, grid and key to the authority`() throws {
        let grid = try TestGrid()
        let key = try PrivateKey.generate()
        let request = try CertificateSigningRequest(
            pem: CertificateSigningRequest.make(site: "ufl", grid: "physics", key: key).pem)

        let certificate = try grid.authority.issue(
            site: request.site, prefixes: [], days: 1, publicKey: request.publicKey, now: TestGrid.start)

        #expect(request.site == "ufl" && request.grid == "physics")
        #expect(certificate.matches(key))
        #expect(try CertificateSigningRequest.make(site: "ufl", grid: nil, key: key).grid == nil)
    }

    @Test func `a request that was changed is refused`() throws {
        let key = try PrivateKey.generate()
        var bundle = try PEMBundle(CertificateSigningRequest.make(site: "ufl", grid: nil, key: key).pem)
        let name = try #require(bundle.blocks[0].bytes.firstIndex(of: UInt8(ascii: "u")))

        bundle.blocks[0].bytes[name] = UInt8(ascii: "v")

        #expect(throws: OpenSSLError.malformed("the request is not signed by its own key")) {
            try CertificateSigningRequest(pem: bundle.text)
        }
    }

    @Test func `a truncated or changed certificate never traps`() throws {
        let der = try TestGrid().certificate("ufl", ["10.0.0.0/8"], key: PrivateKey.generate()).der
        for count in 0..<der.count {
            #expect(throws: OpenSSLError.self) { try Certificate(der: Array(der[..<count])) }
        }
        #expect(throws: OpenSSLError.self) { try Certificate(der: der + [0]) }
        for index in der.indices {
            var changed = der
            changed[index] ^= 0xff
            _ = try? Certificate(der: changed)
        }
    }

    @Test func `an authority needs its own key and certificate`() throws {
        let grid = try TestGrid()
        let key = try PrivateKey.generate()
        #expect(throws: OpenSSLError.keyMismatch) {
            try CertificateAuthority(key: key, certificate: grid.authority.certificate)
        }
        #expect(throws: OpenSSLError.self) {
            try CertificateAuthority(key: key, certificate: grid.certificate("ufl", key: key))
        }
    }
}
