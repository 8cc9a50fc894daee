import LinkSecurity
import NetworkTypes
import OpenSSLLink
import Testing

/// Our files in the hands of the ordinary `openssl` program.
@Suite struct OpenSSLToolTests {
    @Test func `openssl shows a site's certificate as it was issued`() throws {
        let directory = try TemporaryDirectory()
        let grid = try TestGrid()
        let certificate = try grid.certificate(
            "ufl", ["192.168.10.0/24", "10.0.1.0/24", "10.0.2.0/24", "2001:db8:1::/48"], key: PrivateKey.generate())
        let file = try directory.write("site.crt", certificate.pem)

        let shown = try OpenSSLTool.run(["x509", "-text", "-noout", "-in", file])

        #expect(shown.exitCode == 0)
        let text = shown.text.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: "\n")
        for expected in [
            "Version: 3 (0x2)", "Issuer: CN = physics", "Subject: CN = ufl", "ASN1 OID: prime256v1",
            "Not Before: Dec 31 23:00:00 2025 GMT", "Not After : Jan  1 00:00:00 2027 GMT",
            "Signature Algorithm: ecdsa-with-SHA256",
            "X509v3 Basic Constraints: critical\nCA:FALSE", "X509v3 Key Usage: critical\nDigital Signature",
            "X509v3 Extended Key Usage: \nTLS Web Client Authentication, TLS Web Server Authentication",
            "X509v3 Subject Alternative Name: \nURI:ipop://physics/ufl",
            "sbgp-ipAddrBlock: critical\nIPv4:\n10.0.1.0-10.0.2.255\n192.168.10.0/24\nIPv6:\n2001:db8:1::/48",
            "X509v3 Subject Key Identifier:", "X509v3 Authority Key Identifier:",
        ] {
            #expect(text.contains(expected), "\(expected)\nin\n\(text)")
        }
    }

    @Test func `openssl shows an authority that covers every address`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("ca.crt", TestGrid().authority.certificate.pem)

        let shown = try OpenSSLTool.run(["x509", "-text", "-noout", "-in", file])

        let text = shown.text.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: "\n")
        #expect(text.contains("X509v3 Basic Constraints: critical\nCA:TRUE, pathlen:0"))
        #expect(text.contains("X509v3 Key Usage: critical\nCertificate Sign, CRL Sign"))
        #expect(text.contains("sbgp-ipAddrBlock: critical\nIPv4:\n0.0.0.0/0\nIPv6:\n::/0"))
        #expect(!text.contains("Extended Key Usage"))
    }

    @Test func `a certificate without prefixes has no address blocks`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("a.crt", TestGrid().certificate("ufl", key: PrivateKey.generate()).pem)

        let shown = try OpenSSLTool.run(["x509", "-text", "-noout", "-in", file])

        #expect(shown.exitCode == 0 && !shown.text.contains("sbgp"))
    }

    @Test(arguments: [[], ["10.0.0.0/8", "2001:db8::/32"]])
    func `openssl verifies a site's certificate for both roles`(prefixes: [String]) throws {
        let directory = try TemporaryDirectory()
        let grid = try TestGrid()
        let authority = try directory.write("ca.crt", grid.authority.certificate.pem)
        let site = try directory.write("a.crt", grid.certificate("ufl", prefixes, key: PrivateKey.generate()).pem)
        let other = try directory.write("b.crt", TestGrid().certificate("ufl", key: PrivateKey.generate()).pem)
        func verify(_ file: String, _ purpose: String) throws -> Int32 {
            try OpenSSLTool.run([
                "verify", "-x509_strict", "-attime", "\(TestGrid.start)", "-purpose", purpose, "-CAfile", authority,
                file,
            ]).exitCode
        }

        #expect(try verify(site, "sslclient") == 0)
        #expect(try verify(site, "sslserver") == 0)
        #expect(try verify(other, "sslclient") != 0)
    }

    @Test func `openssl reads our keys and requests, and we read its`() throws {
        let directory = try TemporaryDirectory()
        let key = try PrivateKey.generate()
        let keyFile = try directory.write("site.key", key.pem)
        let request = try directory.write(
            "site.csr", CertificateSigningRequest.make(site: "ufl", grid: "physics", key: key).pem)

        let checked = try OpenSSLTool.run(["req", "-verify", "-noout", "-text", "-in", request])
        let made = try OpenSSLTool.run(["req", "-new", "-key", keyFile, "-subj", "/O=University/CN=ufl"])

        #expect(checked.exitCode == 0 && checked.text.contains("URI:ipop://physics/ufl"), "\(checked.text)")
        let theirs = try CertificateSigningRequest(pem: made.text)
        #expect(theirs.site == "ufl" && theirs.grid == nil)
        #expect(theirs.publicKey.nodeAddress == key.publicKeyNodeAddress)
    }

    @Test func `blocks outside the authority's are refused`() throws {
        // An authority that ordinary tools made with narrower blocks than a site's certificate claims.
        let directory = try TemporaryDirectory()
        let key = try PrivateKey.generate()
        let keyFile = try directory.write("ca.key", key.pem)
        let certificateFile = directory.path + "/ca.crt"
        let made = try OpenSSLTool.run([
            "req", "-x509", "-new", "-key", keyFile, "-days", "30", "-subj", "/CN=physics", "-out", certificateFile,
            "-addext", "keyUsage=critical,keyCertSign", "-addext", "sbgp-ipAddrBlock=critical,IPv4:10.0.0.0/8",
        ])
        try #require(made.exitCode == 0, "\(made.text)")
        let shown = try OpenSSLTool.run(["x509", "-in", certificateFile])
        let authority = try CertificateAuthority(key: key, certificate: Certificate(pem: shown.text))
        let trust = try TrustStore(authority: authority.certificate)
        let site = try PrivateKey.generate().publicKey
        func fault(_ prefix: String) throws -> CertificateFault? {
            let certificate = try authority.issue(
                site: "ufl", prefixes: [IPPrefix(prefix)!], days: 1, publicKey: site)
            switch trust.verify(certificate, grid: "physics", now: CertificateAuthority.systemTime()) {
            case .success: return nil
            case .failure(let fault): return fault
            }
        }

        #expect(try fault("10.1.0.0/16") == nil)
        #expect(try fault("11.0.0.0/16") == .addressBlocks)
    }
}
