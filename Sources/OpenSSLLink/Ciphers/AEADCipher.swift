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

    /// How the library's cipher is called.
    package enum Path: CaseIterable, Sendable {
        /// Through the EVP layer.
        case layered
        /// By the provider's own functions, about 90 ns a datagram faster, when a self-test at the first use has
        /// shown that they give EVP's results; otherwise layered.
        case fastest
    }

    package let algorithm: AEADAlgorithm
    private let handle: OpaquePointer
    private let use: Use

    /// Bytes of the static IV.
    package static let staticIVByteCount = 12

    /// Expands `key` (`AEADAlgorithm.keyByteCount` bytes) for one use; `staticIV` has 12 bytes.
    package init(_ algorithm: AEADAlgorithm, key: [UInt8], staticIV: [UInt8], use: Use, path: Path = .fastest)
        throws(OpenSSLError)
    {
        guard key.count == algorithm.keyByteCount, staticIV.count == Self.staticIVByteCount else {
            throw .malformed("wrong key length")
        }
        ERR_clear_error()
        let shimPath = path == .layered ? OSSL_AEAD_EVP : OSSL_AEAD_FASTEST
        let made = ossl_aead_new(
            algorithm.shimNumber, Int32(shimPath), use == .sealing ? 1 : 0, key, staticIV)
        guard let made else { throw .last("preparing a cipher") }
        handle = made
        self.algorithm = algorithm
        self.use = use
    }

    deinit { ossl_aead_free(handle) }

    /// Whether the provider's own functions are in use.
    package var isDirect: Bool { ossl_aead_is_direct(handle) == 1 }

    /// See `PacketCipher`. Traps on an instance made to open.
    package func seal(
        header: UnsafeRawPointer, plaintext: UnsafeRawPointer, byteCount: Int, output: UnsafeMutableRawPointer
    ) {
        precondition(use == .sealing && byteCount >= 0)
        let result = ossl_aead_seal(handle, header, plaintext, byteCount, output)
        precondition(result == 1, "the library cannot encrypt")
    }

    /// See `PacketCipher`. Traps on an instance made to seal.
    package func open(
        header: UnsafeRawPointer, ciphertext: UnsafeRawPointer, byteCount: Int, output: UnsafeMutableRawPointer
    ) -> Bool {
        precondition(use == .opening && byteCount >= 0)
        return ossl_aead_open(handle, header, ciphertext, byteCount, output) == 1
    }
}
