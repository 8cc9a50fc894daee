import COpenSSL
import COpenSSLShims
package import NetworkTypes

/// An ECDSA P-256 key pair.
package final class PrivateKey {
    let handle: OpaquePointer

    private init(owned handle: OpaquePointer) {
        self.handle = handle
    }

    deinit { EVP_PKEY_free(handle) }

    /// A new random key.
    package static func generate() throws(OpenSSLError) -> PrivateKey {
        ERR_clear_error()
        guard let handle = ossl_key_generate() else { throw .last("making a key") }
        return PrivateKey(owned: handle)
    }

    /// Reads the first private key of a PEM text: `PRIVATE KEY` (PKCS#8) or `EC PRIVATE KEY` (SEC 1), not encrypted.
    package convenience init(pem text: String) throws(OpenSSLError) {
        let bundle = try PEMBundle(lenient: text)
        if bundle.blocks.contains(where: { $0.label == "ENCRYPTED PRIVATE KEY" }) {
            throw .malformed("the private key is encrypted; decrypt it first (openssl pkey)")
        }
        guard let block = bundle.blocks.first(where: { $0.label == "PRIVATE KEY" || $0.label == "EC PRIVATE KEY" })
        else { throw .malformed("there is no PRIVATE KEY in the file") }
        let found = Encoding.object(of: block.bytes, free: { EVP_PKEY_free($0) }) {
            d2i_AutoPrivateKey(nil, $0, $1)
        }
        guard let found else { throw .last("reading a private key") }
        guard ossl_key_is_p256(found) == 1 else {
            EVP_PKEY_free(found)
            throw .malformed("the private key is not an ECDSA key on the curve P-256")
        }
        self.init(owned: found)
    }

    /// The key as PKCS#8, PEM.
    package var pem: String {
        guard let information = EVP_PKEY2PKCS8(handle) else { return "" }
        defer { PKCS8_PRIV_KEY_INFO_free(information) }
        let bytes = Encoding.bytes { i2d_PKCS8_PRIV_KEY_INFO(information, $0) }
        return PEMBundle.Block(label: "PRIVATE KEY", bytes: bytes).text
    }

    /// The public half.
    package var publicKey: PublicKey {
        EVP_PKEY_up_ref(handle)
        do throws(OpenSSLError) {
            return try PublicKey(owned: handle)
        } catch {
            preconditionFailure("a P-256 key is no longer one")
        }
    }

    /// The node address that the key gives its owner.
    package var publicKeyNodeAddress: NodeAddress { publicKey.nodeAddress }

    /// Signs with ECDSA and SHA-256; a DER signature of at most 72 bytes.
    package func sign(_ message: [UInt8]) -> [UInt8] {
        ERR_clear_error()
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, handle) == 1 else {
            preconditionFailure("a P-256 key cannot sign: \(OpenSSLError.errorQueueText())")
        }
        var count = Int(EVP_PKEY_get_size(handle))
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            guard EVP_DigestSign(context, buffer.baseAddress, &count, message, message.count) == 1 else {
                preconditionFailure("a P-256 key cannot sign: \(OpenSSLError.errorQueueText())")
            }
            initialized = count
        }
    }
}
