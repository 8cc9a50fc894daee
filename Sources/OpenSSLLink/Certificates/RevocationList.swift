import COpenSSL
import COpenSSLShims

/// A certificate revocation list (RFC 5280 §5): the serial numbers of an authority's certificates that no longer count.
package struct RevocationList: Equatable, Sendable {
    /// One certificate that was taken back.
    package struct Entry: Equatable, Sendable {
        /// Lower-case hexadecimal digits, as `CertificateDetails.serial`.
        package let serial: String
        /// When, in seconds since 1970-01-01T00:00:00Z.
        package let date: Int64

        package init(serial: String, date: Int64) {
            self.serial = serial
            self.date = date
        }
    }

    package private(set) var entries: [Entry]
    /// Grows with every list that the authority signs: of two lists the higher one counts.
    package private(set) var number: Int64

    /// The list of an authority that has taken back nothing yet.
    package init() {
        entries = []
        number = 0
    }

    /// Adds a certificate; returns false when it is on the list already.
    package mutating func add(_ entry: Entry) -> Bool {
        guard !entries.contains(where: { $0.serial == entry.serial }) else { return false }
        entries.append(entry)
        return true
    }

    /// Reads a PEM text (`X509 CRL`); refuses a list that `authority` has not signed.
    package init(pem text: String, authority: Certificate) throws(OpenSSLError) {
        try self.init(der: try Self.der(ofPEM: text), authority: authority)
    }

    /// The list in a PEM text, DER, not looked into.
    package static func der(ofPEM text: String) throws(OpenSSLError) -> [UInt8] {
        guard let bytes = try PEMBundle(lenient: text).blocks(labelled: pemLabel).first else {
            throw .malformed("there is no X509 CRL in the file")
        }
        return bytes
    }

    /// Whether the bytes are a list at all, whoever signed it.
    package static func isWellFormed(der bytes: [UInt8]) -> Bool {
        guard let list = Encoding.object(of: bytes, free: { X509_CRL_free($0) }, decode: { d2i_X509_CRL(nil, $0, $1) })
        else {
            ERR_clear_error()
            return false
        }
        X509_CRL_free(list)
        return true
    }

    /// The label of its PEM block.
    package static let pemLabel = "X509 CRL"

    /// Reads a DER list with nothing behind it; refuses one that `authority` has not signed.
    package init(der bytes: [UInt8], authority: Certificate) throws(OpenSSLError) {
        let found = Encoding.object(of: bytes, free: { X509_CRL_free($0) }) { d2i_X509_CRL(nil, $0, $1) }
        guard let list = found else { throw .last("reading a revocation list") }
        defer { X509_CRL_free(list) }
        guard X509_CRL_verify(list, authority.publicKey.handle) == 1 else {
            ERR_clear_error()
            throw .malformed("the revocation list is not signed by this authority")
        }
        number = Self.number(of: list) ?? 0
        entries = []
        let revoked = X509_CRL_get_REVOKED(list)
        for index in 0..<max(0, OPENSSL_sk_num(revoked)) {
            guard let value = OPENSSL_sk_value(revoked, index),
                let serial = Self.serial(X509_REVOKED_get0_serialNumber(OpaquePointer(value)))
            else { throw .malformed("the revocation list has an entry without a serial number") }
            let date = ossl_time_seconds(X509_REVOKED_get0_revocationDate(OpaquePointer(value)))
            entries.append(Entry(serial: serial, date: date))
        }
    }

    /// Raises the number, signs, and returns the list as PEM. It is valid as long as the authority itself.
    package mutating func signed(by authority: CertificateAuthority, now: Int64) throws(OpenSSLError) -> String {
        number += 1
        ERR_clear_error()
        guard let list = X509_CRL_new() else { throw .last("making a revocation list") }
        defer { X509_CRL_free(list) }
        guard fill(list, authority: authority, now: now),
            X509_CRL_sign(list, authority.key.handle, EVP_sha256()) > 0
        else { throw .last("making a revocation list") }
        return PEMBundle.Block(label: Self.pemLabel, bytes: Encoding.bytes { i2d_X509_CRL(list, $0) }).text
    }

    private func fill(_ list: OpaquePointer, authority: CertificateAuthority, now: Int64) -> Bool {
        let version2: Int = 1
        guard X509_CRL_set_version(list, version2) == 1,
            X509_CRL_set_issuer_name(list, X509_get_subject_name(authority.certificate.handle)) == 1,
            Self.withTime(now, { X509_CRL_set1_lastUpdate(list, $0) }),
            Self.withTime(authority.certificate.details.notAfter, { X509_CRL_set1_nextUpdate(list, $0) }),
            let counter = ASN1_INTEGER_new()
        else { return false }
        defer { ASN1_INTEGER_free(counter) }
        guard ASN1_INTEGER_set_int64(counter, number) == 1,
            X509_CRL_add1_ext_i2d(list, NID_crl_number, counter, 0, 0) == 1
        else { return false }
        for entry in entries where !Self.append(entry, to: list) { return false }
        return X509_CRL_sort(list) == 1
    }

    private static func append(_ entry: Entry, to list: OpaquePointer) -> Bool {
        guard let revoked = X509_REVOKED_new() else { return false }
        var number: OpaquePointer?
        guard BN_hex2bn(&number, entry.serial) > 0, let number,
            let serial = BN_to_ASN1_INTEGER(number, nil)
        else {
            X509_REVOKED_free(revoked)
            return false
        }
        defer {
            BN_free(number)
            ASN1_INTEGER_free(serial)
        }
        guard X509_REVOKED_set_serialNumber(revoked, serial) == 1,
            withTime(entry.date, { X509_REVOKED_set_revocationDate(revoked, $0) }),
            X509_CRL_add0_revoked(list, revoked) == 1
        else {
            X509_REVOKED_free(revoked)
            return false
        }
        return true
    }

    private static func withTime(_ seconds: Int64, _ body: (UnsafeMutablePointer<ASN1_TIME>) -> Int32) -> Bool {
        guard let time = ASN1_TIME_set(nil, time_t(seconds)) else { return false }
        defer { ASN1_STRING_free(time) }
        return body(time) == 1
    }

    private static func serial(_ number: UnsafePointer<ASN1_INTEGER>?) -> String? {
        guard let value = ASN1_INTEGER_to_BN(number, nil) else { return nil }
        defer { BN_free(value) }
        guard let text = BN_bn2hex(value) else { return nil }
        defer { CRYPTO_free(text, #file, #line) }
        return String(cString: text).lowercased()
    }

    private static func number(of list: OpaquePointer) -> Int64? {
        guard let found = X509_CRL_get_ext_d2i(list, NID_crl_number, nil, nil) else { return nil }
        let counter = found.assumingMemoryBound(to: ASN1_INTEGER.self)
        defer { ASN1_INTEGER_free(counter) }
        var value: Int64 = 0
        return ASN1_INTEGER_get_int64(&value, counter) == 1 ? value : nil
    }
}
