import COpenSSL
import COpenSSLShims
package import NetworkTypes

/// What a certificate says, read but not verified.
package struct CertificateDetails: Equatable, Sendable {
    /// The subject's common name: the site, or the grid of an authority. Empty when it is not a `SiteName`.
    package var site: String
    /// From the only URI `ipop://GRID/SITE` among the alternative names; an authority's is its common name. `nil`:
    /// none.
    package var grid: String?
    /// Derived from the public key.
    package var node: NodeAddress
    /// The RFC 3779 address blocks as prefixes, ordered; `nil` when the extension is malformed. Empty without it.
    package var prefixes: [IPPrefix]?
    /// Validity in seconds since 1970-01-01T00:00:00Z; the library counts the last second as expired.
    package var notBefore: Int64
    package var notAfter: Int64
    /// The serial number in lower-case hexadecimal digits.
    package var serial: String
    /// Whether it may sign other certificates.
    package var isAuthority: Bool
    /// SHA-256 over the DER form in lower-case hexadecimal digits.
    package var fingerprint: String
}

extension CertificateDetails {
    /// Reads the fields of an `X509`.
    init(_ certificate: OpaquePointer, der: [UInt8], publicKey: PublicKey) {
        let name = Encoding.text(capacity: 64) {
            ossl_name_common_name(X509_get_subject_name(certificate), $0, $1)
        }
        site = name.flatMap { SiteName.isValid($0) ? $0 : nil } ?? ""
        let flags = X509_get_extension_flags(certificate)
        isAuthority = flags & UInt32(EXFLAG_CA) != 0
        if isAuthority {
            grid = site.isEmpty ? nil : site
        } else {
            let uri = Encoding.text(capacity: 256) { ossl_certificate_uri(certificate, $0, $1) }
            grid = uri.flatMap { SiteURI($0) }.flatMap { [site] in $0.site == site ? $0.grid : nil }
        }
        node = publicKey.nodeAddress
        prefixes = AddressBlocks.read(from: certificate)
        notBefore = ossl_time_seconds(X509_get0_notBefore(certificate))
        notAfter = ossl_time_seconds(X509_get0_notAfter(certificate))
        serial = Self.serial(of: certificate)
        fingerprint = Hexadecimal.encode(Encoding.sha256(der))
    }

    private static func serial(of certificate: OpaquePointer) -> String {
        guard let number = X509_get0_serialNumber(certificate), let bytes = ASN1_STRING_get0_data(number) else {
            return ""
        }
        return Hexadecimal.encode(UnsafeBufferPointer(start: bytes, count: Int(ASN1_STRING_length(number))))
    }
}

/// The alternative name of a site certificate: `ipop://GRID/SITE`.
struct SiteURI: Equatable {
    var grid: String
    var site: String

    init(grid: String, site: String) {
        self.grid = grid
        self.site = site
    }

    /// Reads exactly this form, both parts following `SiteName`.
    init?(_ text: String) {
        let scheme = "ipop://"
        guard text.hasPrefix(scheme) else { return nil }
        let parts = text.dropFirst(scheme.count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, SiteName.isValid(String(parts[0])), SiteName.isValid(String(parts[1])) else {
            return nil
        }
        self.init(grid: String(parts[0]), site: String(parts[1]))
    }

    var text: String { "ipop://\(grid)/\(site)" }
}
