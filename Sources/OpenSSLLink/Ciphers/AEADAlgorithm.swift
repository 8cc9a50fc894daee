import COpenSSLShims

/// The AEADs that seal datagrams: those of the DTLS 1.2 cipher suites that a handshake may choose.
package enum AEADAlgorithm: CaseIterable, Sendable {
    case aes128GCM
    case aes256GCM
    case chaCha20Poly1305

    /// Bytes of a key.
    package var keyByteCount: Int { self == .aes128GCM ? 16 : 32 }

    /// OpenSSL's name of the cipher suite: ECDHE for forward secrecy, ECDSA for our certificates (RFC 5289, RFC 7905).
    package var suiteName: String {
        switch self {
        case .aes128GCM: "ECDHE-ECDSA-AES128-GCM-SHA256"
        case .aes256GCM: "ECDHE-ECDSA-AES256-GCM-SHA384"
        case .chaCha20Poly1305: "ECDHE-ECDSA-CHACHA20-POLY1305"
        }
    }

    /// What this machine offers, fastest first.
    package static let preferred: [AEADAlgorithm] =
        ossl_cpu_has_aes() == 1
        ? [.aes128GCM, .aes256GCM, .chaCha20Poly1305] : [.chaCha20Poly1305, .aes128GCM, .aes256GCM]

    /// The number by which the shim knows it.
    var shimNumber: Int32 {
        switch self {
        case .aes128GCM: Int32(OSSL_AEAD_AES_128_GCM)
        case .aes256GCM: Int32(OSSL_AEAD_AES_256_GCM)
        case .chaCha20Poly1305: Int32(OSSL_AEAD_CHACHA20_POLY1305)
        }
    }
}
