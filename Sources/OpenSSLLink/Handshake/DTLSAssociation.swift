import COpenSSL
import COpenSSLShims
import LinkSecurity

/// What became of one call into the library.
enum DTLSStep {
    /// It wants another datagram first.
    case waiting
    case done
    /// The peer ended the association in good order.
    case closed
    case failed(DTLSFailure)
}

/// The library's first error of a call, and all its words.
struct DTLSFailure: Equatable {
    /// `SSL_R_...`; 0 when the error is not the SSL layer's.
    var reason: Int32
    var text: String

    /// The alert of the peer that ended the handshake, if one did.
    var receivedAlert: Int32? {
        // The library adds 1,000 to the number of a received alert (`SSL_AD_REASON_OFFSET`).
        reason >= 1_000 && reason < 1_256 ? reason - 1_000 : nil
    }
}

/// Owner of one `SSL` with its datagram BIO: the only place where Swift and the library's callbacks meet.
///
/// Every call clears the error queue first. The verifier is called during `handshake` only.
final class DTLSAssociation {
    private let handle: OpaquePointer
    private let ssl: OpaquePointer
    /// Judges the peer's certificate (DER); returns an `X509_V_` code.
    var verifier: (([UInt8]) -> Int32)?

    /// An association of the shared settings `context` (an `SSL_CTX`); `nil` when memory or the library fails.
    init?(context: OpaquePointer) {
        ERR_clear_error()
        let made = ossl_dtls_new(context, HandshakeLimits.datagramByteCount) { context, bytes, count in
            guard let context, let bytes else { return X509_V_ERR_CERT_REJECTED }
            let association = Unmanaged<DTLSAssociation>.fromOpaque(context).takeUnretainedValue()
            let certificate = Array(UnsafeBufferPointer(start: bytes, count: count))
            return association.verifier?(certificate) ?? X509_V_ERR_CERT_REJECTED
        }
        guard let made, let ssl = ossl_dtls_ssl(made) else { return nil }
        handle = made
        self.ssl = ssl
    }

    deinit { ossl_dtls_free(handle) }

    /// Presents this certificate; `false` when the library refuses.
    func present(_ certificate: Certificate, key: PrivateKey) -> Bool {
        ERR_clear_error()
        return ossl_dtls_use_identity(handle, certificate.handle, key.handle) == 1
    }

    /// Whether `datagram` is a ClientHello with one of the two cookies; otherwise a request for the first cookie may
    /// wait in `takeDatagrams`. `nil` when the association is no longer of use.
    func listen(_ datagram: [UInt8], cookies: HandshakeCookies.Pair) -> Bool? {
        ERR_clear_error()
        defer { ERR_clear_error() }
        switch ossl_dtls_listen(handle, datagram, datagram.count, cookies.current, cookies.previous) {
        case 1: return true
        case 0: return false
        default: return nil
        }
    }

    func becomeClient() {
        SSL_set_connect_state(ssl)
    }

    /// Goes on with the handshake, given a datagram or none.
    func handshake(_ datagram: [UInt8]) -> DTLSStep {
        call(datagram) { SSL_do_handshake($0) }
    }

    /// Reads one application record, from what has been taken in before or from `datagram`.
    func read(_ datagram: [UInt8], record: inout [UInt8]) -> DTLSStep {
        var received: [UInt8] = []
        let step = call(datagram) { ssl in
            var result: Int32 = 0
            received = [UInt8](unsafeUninitializedCapacity: HandshakeLimits.datagramByteCount) { buffer, count in
                result = SSL_read(ssl, buffer.baseAddress, Int32(buffer.count))
                count = max(0, Int(result))
            }
            return result
        }
        record = received
        return step
    }

    /// Sends one application record.
    func write(_ record: [UInt8]) -> DTLSStep {
        call([]) { SSL_write($0, record, Int32(record.count)) }
    }

    /// Tells the peer that nothing more will come.
    func close() {
        _ = call([]) { SSL_shutdown($0) }
    }

    /// Appends what waits to be sent.
    func takeDatagrams(_ datagrams: inout [[UInt8]]) {
        var count = 0
        while let bytes = ossl_dtls_next_datagram(handle, &count) {
            datagrams.append(Array(UnsafeBufferPointer(start: bytes, count: count)))
        }
    }

    /// Whether the extended master secret (RFC 7627) is in use; asked after the handshake.
    var hasExtendedMasterSecret: Bool { ossl_dtls_has_extended_master_secret(handle) == 1 }

    /// Which of our AEADs the negotiated suite has.
    var algorithm: AEADAlgorithm? {
        guard let cipher = SSL_get_current_cipher(ssl), let name = SSL_CIPHER_get_name(cipher) else { return nil }
        let suite = String(cString: name)
        return AEADAlgorithm.allCases.first { $0.suiteName == suite }
    }

    /// Keying material of the handshake (RFC 5705), without a context value.
    func exportKeys(label: String, byteCount: Int) -> [UInt8]? {
        ERR_clear_error()
        var keys = [UInt8](repeating: 0, count: byteCount)
        let done = SSL_export_keying_material(ssl, &keys, byteCount, label, label.utf8.count, nil, 0, 0)
        return done == 1 ? keys : nil
    }

    private func call(_ datagram: [UInt8], _ function: (OpaquePointer) -> Int32) -> DTLSStep {
        ERR_clear_error()
        return datagram.withUnsafeBufferPointer { buffer in
            ossl_dtls_lend(handle, buffer.baseAddress, buffer.count, Unmanaged.passUnretained(self).toOpaque())
            let result = function(ssl)
            ossl_dtls_release(handle)
            return step(result)
        }
    }

    private func step(_ result: Int32) -> DTLSStep {
        if result > 0 { return .done }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
            return .waiting
        case SSL_ERROR_ZERO_RETURN:
            return .closed
        default:
            let code = ERR_peek_error()
            let reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0
            return .failed(DTLSFailure(reason: reason, text: OpenSSLError.errorQueueText()))
        }
    }
}
