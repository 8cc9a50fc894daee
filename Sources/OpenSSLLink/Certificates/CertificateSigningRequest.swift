import COpenSSL
import COpenSSLShims
import NetworkTypes

/// A request (PKCS#10, RFC 2986) by which a site gets a certificate and keeps its key.
package final class CertificateSigningRequest {
    let handle: OpaquePointer
    /// The subject's common name.
    package let site: String
    /// The grid that the request was made for, when it says so.
    package let grid: String?
    /// The key to certify; the requester has proved that it holds the private half.
    package let publicKey: PublicKey

    /// Makes and signs a request.
    package static func make(site: String, grid: String?, key: PrivateKey) throws(OpenSSLError)
        -> CertificateSigningRequest
    {
        guard SiteName.isValid(site) else { throw .invalidName(site) }
        if let grid, !SiteName.isValid(grid) { throw .invalidName(grid) }
        ERR_clear_error()
        guard let request = X509_REQ_new() else { throw .last("making a request") }
        let name = X509_REQ_get_subject_name(request)
        var isDone =
            X509_REQ_set_version(request, 0) == 1
            && X509_NAME_add_entry_by_NID(
                name, NID_commonName, MBSTRING_UTF8, Array(site.utf8), Int32(site.utf8.count), -1, 0) == 1
            && X509_REQ_set_pubkey(request, key.handle) == 1
        if let grid, isDone {
            isDone = ossl_request_add_uri(request, SiteURI(grid: grid, site: site).text) == 1
        }
        guard isDone, X509_REQ_sign(request, key.handle, EVP_sha256()) > 0 else {
            X509_REQ_free(request)
            throw .last("making a request")
        }
        return try CertificateSigningRequest(owned: request)
    }

    /// Reads a PEM text; refuses a request that its own key has not signed.
    package convenience init(pem text: String) throws(OpenSSLError) {
        let bundle = try PEMBundle(lenient: text)
        let labels = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"]
        guard let block = bundle.blocks.first(where: { labels.contains($0.label) }) else {
            throw .malformed("there is no CERTIFICATE REQUEST in the file")
        }
        let found = Encoding.object(of: block.bytes, free: { X509_REQ_free($0) }) { d2i_X509_REQ(nil, $0, $1) }
        guard let found else { throw .last("reading a request") }
        try self.init(owned: found)
    }

    private init(owned handle: OpaquePointer) throws(OpenSSLError) {
        do throws(OpenSSLError) {
            ERR_clear_error()
            guard let key = X509_REQ_get_pubkey(handle) else { throw .last("reading a request's key") }
            publicKey = try PublicKey(owned: key)
            guard X509_REQ_verify(handle, publicKey.handle) == 1 else {
                throw .malformed("the request is not signed by its own key")
            }
            let name = Encoding.text(capacity: 64) {
                ossl_name_common_name(X509_REQ_get_subject_name(handle), $0, $1)
            }
            guard let name, SiteName.isValid(name) else { throw .invalidName(name ?? "") }
            site = name
            let uri = Encoding.text(capacity: 256) { ossl_request_uri(handle, $0, $1) }
            grid = uri.flatMap { SiteURI($0) }?.grid
        } catch {
            X509_REQ_free(handle)
            throw error
        }
        self.handle = handle
    }

    deinit { X509_REQ_free(handle) }

    /// The request as PEM.
    package var pem: String {
        PEMBundle.Block(label: "CERTIFICATE REQUEST", bytes: Encoding.bytes { i2d_X509_REQ(handle, $0) }).text
    }
}
