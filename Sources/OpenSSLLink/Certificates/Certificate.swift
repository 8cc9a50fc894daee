import COpenSSL

/// An X.509 certificate that could be read; whether it is to be trusted is `TrustStore`'s question.
package final class Certificate {
    let handle: OpaquePointer
    /// The certificate, DER.
    package let der: [UInt8]
    /// What it says.
    package let details: CertificateDetails
    /// The subject's key.
    package let publicKey: PublicKey

    /// Reads one DER certificate with nothing behind it. Bytes of at most `byteCountLimit`.
    package convenience init(der: [UInt8]) throws(OpenSSLError) {
        guard der.count <= Self.byteCountLimit else { throw .malformed("the certificate is too large") }
        let found = Encoding.object(of: der, free: { X509_free($0) }) { d2i_X509(nil, $0, $1) }
        guard let found else { throw .last("reading a certificate") }
        try self.init(owned: found)
    }

    /// Reads the first certificate of a PEM text.
    package convenience init(pem text: String) throws(OpenSSLError) {
        guard let bytes = try PEMBundle(lenient: text).blocks(labelled: "CERTIFICATE").first else {
            throw .malformed("there is no CERTIFICATE in the file")
        }
        try self.init(der: bytes)
    }

    /// Takes over a reference to an `X509`.
    init(owned handle: OpaquePointer) throws(OpenSSLError) {
        guard let key = X509_get_pubkey(handle) else {
            X509_free(handle)
            throw .last("reading a certificate's key")
        }
        do throws(OpenSSLError) {
            publicKey = try PublicKey(owned: key)
        } catch {
            X509_free(handle)
            throw error
        }
        self.handle = handle
        der = Encoding.bytes { i2d_X509(handle, $0) }
        details = CertificateDetails(handle, der: der, publicKey: publicKey)
    }

    deinit { X509_free(handle) }

    /// Bytes of the largest certificate that is read: a site with 1,000 IPv6 prefixes needs about 12 kB.
    package static let byteCountLimit = 16 * 1024

    /// The certificate as PEM.
    package var pem: String { PEMBundle.Block(label: "CERTIFICATE", bytes: der).text }

    /// Whether `key` is this certificate's.
    package func matches(_ key: PrivateKey) -> Bool {
        ERR_clear_error()
        return X509_check_private_key(handle, key.handle) == 1
    }

    /// Whether `signature` (ECDSA, SHA-256, DER) over `message` was made by this certificate's key.
    package func verifySignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        publicKey.verifySignature(signature, of: message)
    }
}
