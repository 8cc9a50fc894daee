import COpenSSL
import COpenSSLShims
package import NetworkTypes

/// An ECDSA P-256 public key: of a private key, a signing request or a certificate.
package final class PublicKey {
    let handle: OpaquePointer

    /// Takes over a reference to an `EVP_PKEY`; refuses what is not a P-256 key.
    init(owned handle: OpaquePointer) throws(OpenSSLError) {
        guard ossl_key_is_p256(handle) == 1 else {
            EVP_PKEY_free(handle)
            throw .malformed("the key is not an ECDSA key on the curve P-256")
        }
        self.handle = handle
    }

    deinit { EVP_PKEY_free(handle) }

    /// The SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), DER.
    package var subjectPublicKeyInfo: [UInt8] {
        Encoding.bytes { i2d_PUBKEY(handle, $0) }
    }

    /// The node address of whoever holds the key: the first 160 bits of SHA-256 over the SubjectPublicKeyInfo.
    package var nodeAddress: NodeAddress {
        let digest = Encoding.sha256(subjectPublicKeyInfo)
        guard let address = NodeAddress(bytes: digest.prefix(NodeAddress.byteCount)) else {
            preconditionFailure("SHA-256 gave \(digest.count) bytes")
        }
        return address
    }

    /// Whether `signature` (ECDSA, SHA-256, DER) over `message` was made by this key's owner.
    package func verifySignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        ERR_clear_error()
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, handle) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
