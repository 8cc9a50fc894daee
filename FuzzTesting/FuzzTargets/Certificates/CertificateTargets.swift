import LinkSecurity
import NetworkTypes
import OpenSSLLink

/// A site's bundle, and any other PEM file: what stands in its blocks is read too.
enum PEMBundleTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        let text = String(decoding: input, as: UTF8.self)
        _ = try? PrivateKey(pem: text)
        _ = try? Certificate(pem: text)
        guard let bundle = try? PEMBundle(text) else { return }
        try expect(bundle.blocks.reduce(0) { $0 + $1.bytes.count } <= input.count, "base64 does not grow")
        try expect((try? PEMBundle(bundle.text)) == bundle, "a bundle survives being written and read")
    }
}

/// A certificate as it comes in a handshake or an announcement: DER.
enum CertificateTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        guard let certificate = try? Certificate(der: input) else { return }
        let details = certificate.details
        try expect(details.site.isEmpty || SiteName.isValid(details.site), "a site has a name that can be one")
        try expect(details.grid.map { SiteName.isValid($0) } ?? true, "a grid has a name that can be one")
        try expect((details.prefixes?.count ?? 0) <= 4_096, "address blocks are bounded")
        let again = try? Certificate(der: certificate.der)
        try expect(again?.details.node == details.node, "a certificate survives being written and read")
        _ = certificate.verifySignature(input, of: input)

        guard let trust = try? TestAuthority.trust() else {
            throw PropertyViolation(description: "there is no \(TestAuthority.path)")
        }
        guard case .success(let peer) = trust.verify(certificate, grid: TestAuthority.grid, now: TestAuthority.now)
        else { return }
        // Whatever was changed about a certificate of the corpus, what its authority signed still holds.
        try expect(TestAuthority.sites.contains(peer.site), "nobody but the authority makes sites: \(peer.site)")
        try expect(peer.prefixes == TestAuthority.prefixes(of: peer.site), "nobody but the authority gives prefixes")
    }
}

/// A certificate request, DER: what `ipop cert issue --csr` reads once the PEM around it is gone.
enum SigningRequestTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        let text = PEMBundle.Block(label: "CERTIFICATE REQUEST", bytes: input).text
        guard let request = try? CertificateSigningRequest(pem: text) else { return }
        try expect(SiteName.isValid(request.site), "a site has a name that can be one")
        try expect(request.grid.map { SiteName.isValid($0) } ?? true, "a grid has a name that can be one")
        let again = try? CertificateSigningRequest(pem: request.pem)
        try expect(again?.publicKey.nodeAddress == request.publicKey.nodeAddress, "a request survives")
    }
}

/// A revocation list, DER.
enum RevocationListTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        guard let authority = try? TestAuthority.trust().authority else {
            throw PropertyViolation(description: "there is no \(TestAuthority.path)")
        }
        let text = PEMBundle.Block(label: "X509 CRL", bytes: input).text
        guard let list = try? RevocationList(pem: text, authority: authority) else { return }
        try expect(list.number >= 0, "lists are numbered from 0")
        try expect(list.entries.allSatisfy { !$0.serial.isEmpty }, "who is revoked has a serial number")
    }
}
