import COpenSSL
import COpenSSLShims
import Glibc
package import NetworkTypes

/// A grid's certificate authority: its key and its self-signed certificate.
package final class CertificateAuthority {
    package let key: PrivateKey
    package let certificate: Certificate
    /// The grid: the certificate's common name.
    package let grid: String

    /// An authority from its two files; refuses a key of another certificate, and what is not an authority.
    package init(key: PrivateKey, certificate: Certificate) throws(OpenSSLError) {
        guard certificate.details.isAuthority else { throw .malformed("the certificate is not an authority's") }
        guard let grid = certificate.details.grid else { throw .malformed("the authority's certificate names no grid") }
        guard certificate.matches(key) else { throw .keyMismatch }
        self.key = key
        self.certificate = certificate
        self.grid = grid
    }

    /// Days of validity of any certificate at most: a hundred years.
    package static let dayLimit = 36_525

    /// How long before now validity begins, for gateways whose clocks are behind; in seconds.
    package static let backdating: Int64 = 3_600

    /// A new authority for a grid, with a new key. `now` is in seconds since 1970-01-01T00:00:00Z.
    package static func create(grid: String, days: Int, now: Int64 = systemTime()) throws(OpenSSLError)
        -> CertificateAuthority
    {
        guard SiteName.isValid(grid) else { throw .invalidName(grid) }
        let key = try PrivateKey.generate()
        var template = CertificateTemplate(commonName: grid, publicKey: key.publicKey, notBefore: now - backdating)
        template.notAfter = try end(days: days, now: now)
        // Critical blocks over everything: without them no site's block would nest in the chain (RFC 3779 §2.3).
        template.prefixes = AddressBlocks.everything
        template.extensions = [
            (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
            (NID_key_usage, "critical,keyCertSign,cRLSign"),
            (NID_subject_key_identifier, "hash"),
        ]
        let certificate = try template.sign(issuer: nil, key: key)
        return try CertificateAuthority(key: key, certificate: certificate)
    }

    /// A certificate for a site. Issuing again for the same key renews it: the node address stays.
    ///
    /// Validity begins an hour before `now` and ends after `days`, but not after the authority's own.
    /// Prefixes that another one covers are left out; neighbouring ones are merged (RFC 3779 §2.2.3.6).
    package func issue(
        site: String, prefixes: [IPPrefix], days: Int, publicKey: PublicKey, now: Int64 = systemTime()
    ) throws(OpenSSLError) -> Certificate {
        guard SiteName.isValid(site) else { throw .invalidName(site) }
        var template = CertificateTemplate(
            commonName: site, publicKey: publicKey, notBefore: now - Self.backdating)
        template.notAfter = min(try Self.end(days: days, now: now), certificate.details.notAfter)
        template.prefixes = prefixes
        template.extensions = [
            (NID_basic_constraints, "critical,CA:FALSE"),
            (NID_key_usage, "critical,digitalSignature"),
            (NID_ext_key_usage, "clientAuth,serverAuth"),
            (NID_subject_key_identifier, "hash"),
            (NID_authority_key_identifier, "keyid:always"),
            (NID_subject_alt_name, "URI:" + SiteURI(grid: grid, site: site).text),
        ]
        return try template.sign(issuer: certificate, key: key)
    }

    /// The system's clock, in seconds since 1970-01-01T00:00:00Z.
    package static func systemTime() -> Int64 { Int64(time(nil)) }

    private static func end(days: Int, now: Int64) throws(OpenSSLError) -> Int64 {
        guard (1...dayLimit).contains(days) else { throw .malformed("validity must be 1 to \(dayLimit) days") }
        return now + Int64(days) * 86_400
    }
}

/// What goes into a certificate before it is signed.
struct CertificateTemplate {
    var commonName: String
    var publicKey: PublicKey
    var notBefore: Int64
    var notAfter: Int64 = 0
    var prefixes: [IPPrefix] = []
    /// Extensions by number, in the words of openssl.cnf.
    var extensions: [(nid: Int32, value: String)] = []

    /// Makes the certificate; without an issuer it signs itself.
    func sign(issuer: Certificate?, key: PrivateKey) throws(OpenSSLError) -> Certificate {
        ERR_clear_error()
        guard let certificate = X509_new() else { throw .last("making a certificate") }
        do throws(OpenSSLError) {
            try fill(certificate, issuer: issuer)
            guard X509_sign(certificate, key.handle, EVP_sha256()) > 0 else { throw .last("signing a certificate") }
        } catch {
            X509_free(certificate)
            throw error
        }
        return try Certificate(owned: certificate)
    }

    private func fill(_ certificate: OpaquePointer, issuer: Certificate?) throws(OpenSSLError) {
        let operation = "making a certificate"
        let version3: Int = 2
        guard X509_set_version(certificate, version3) == 1,
            Self.setRandomSerial(certificate),
            let subject = X509_get_subject_name(certificate),
            X509_NAME_add_entry_by_NID(
                subject, NID_commonName, MBSTRING_UTF8, Array(commonName.utf8), Int32(commonName.utf8.count), -1, 0)
                == 1,
            X509_set_issuer_name(certificate, issuer.map { X509_get_subject_name($0.handle) } ?? subject) == 1,
            ASN1_TIME_set(X509_getm_notBefore(certificate), time_t(notBefore)) != nil,
            ASN1_TIME_set(X509_getm_notAfter(certificate), time_t(notAfter)) != nil,
            X509_set_pubkey(certificate, publicKey.handle) == 1
        else { throw .last(operation) }
        for (nid, value) in extensions {
            guard ossl_certificate_add_extension(certificate, issuer?.handle ?? certificate, nid, value) == 1 else {
                throw .last(operation)
            }
        }
        try AddressBlocks.add(prefixes, to: certificate)
    }

    /// A random serial number of 128 bits (RFC 5280 §4.1.2.2: positive, at most 20 bytes).
    private static func setRandomSerial(_ certificate: OpaquePointer) -> Bool {
        guard let number = BN_new() else { return false }
        defer { BN_free(number) }
        // With the top bit set, all serial numbers have the same length and none is zero.
        return BN_rand(number, 128, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
            && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
    }
}
