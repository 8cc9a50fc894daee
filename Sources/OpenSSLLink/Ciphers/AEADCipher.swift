import COpenSSL
import COpenSSLShims
import LinkSecurity

/// One direction's key, expanded once; each datagram is one call into the library's shim.
///
/// An instance either seals or opens, as it was made; the other call is a programming error.
package final class AEADCipher: PacketCipher {
    /// What a cipher is for.
    package enum Use: Sendable {
        case sealing
        case opening
    }

    package let algorithm: AEADAlgorithm
    private let handle: OpaquePointer
    private let use: Use

    /// Bytes of the static IV.
    package static let staticIVByteCount = 12

    /// Expands `key` (`AEADAlgorithm.keyByteCount` bytes) for one use; `staticIV` has 12 bytes.
    package init(_ algorithm: AEADAlgorithm, key: [UInt8], staticIV: [UInt8], use: Use) throws(OpenSSLError) {
        guard key.count == algorithm.keyByteCount, staticIV.count == Self.staticIVByteCount else {
            throw .malformed("wrong key length")
        }
        ERR_clear_error()
        let made = ossl_aead_new(
            algorithm.shimNumber, Int32(OSSL_AEAD_EVP), use == .sealing ? 1 : 0, key, staticIV)
        guard let made else { throw .last("preparing a cipher") }
        handle = made
        self.algorithm = algorithm
        self.use = use
    }

    deinit { ossl_aead_free(handle) }

    package func seal(
        header: UnsafeRawPointer, plaintext: UnsafeRawPointer, byteCount: Int, output: UnsafeMutableRawPointer
    ) {
        precondition(use == .sealing && byteCount >= 0)
        let result = ossl_aead_seal(handle, header, plaintext, byteCount, output)
        precondition(result == 1, "the library cannot encrypt")
    }

    package func open(
        header: UnsafeRawPointer, ciphertext: UnsafeRawPointer, byteCount: Int, output: UnsafeMutableRawPointer
    ) -> Bool {
        precondition(use == .opening && byteCount >= 0)
        return ossl_aead_open(handle, header, ciphertext, byteCount, output) == 1
    }
}
