import COpenSSL
import COpenSSLShims
package import LinkSecurity

/// How far a TLS connection is.
package enum TLSProgress: Equatable, Sendable {
    /// The handshake goes on.
    case negotiating
    /// Both ends have shown their certificates, as far as this end can tell: in TLS 1.3 (RFC 8446 §4.4) a server's
    /// refusal reaches the client only after this, as `failed`.
    case open(PeerIdentity)
    /// The peer has ended the connection in good order.
    case closed
    case failed(HandshakeFault)
}

/// One end of one TLS 1.3 connection, over memory: the caller moves the bytes between it and a socket.
///
///     negotiating --handshake done, ipop/1 agreed--> open --close_notify--> closed
///          |                                          |
///          +---------------- fault -------------------+--> failed
package final class TLSStream {
    private let handle: OpaquePointer
    private let ssl: OpaquePointer
    private let judge: any IdentityAuthority
    private let isClient: Bool
    private var peer: PeerIdentity?
    /// Set when the peer's certificate was refused, with the site that it claims.
    private var refusal: (fault: CertificateFault, site: String?)?
    /// How far it is, as of the last call.
    package private(set) var progress = TLSProgress.negotiating

    init?(
        context: OpaquePointer, identity: SiteIdentity, judge: any IdentityAuthority, isClient: Bool
    ) {
        ERR_clear_error()
        let made = ossl_tls_new(context) { context, bytes, count in
            guard let context, let bytes else { return X509_V_ERR_CERT_REJECTED }
            let stream = Unmanaged<TLSStream>.fromOpaque(context).takeUnretainedValue()
            return stream.verify(Array(UnsafeBufferPointer(start: bytes, count: count)))
        }
        guard let made, let ssl = ossl_tls_ssl(made) else { return nil }
        handle = made
        self.ssl = ssl
        self.judge = judge
        self.isClient = isClient
        guard ossl_tls_use_identity(handle, identity.certificate.handle, identity.key.handle) == 1 else { return nil }
        if isClient { SSL_set_connect_state(ssl) } else { SSL_set_accept_state(ssl) }
    }

    deinit { ossl_tls_free(handle) }

    /// Begins: a client has its hello to send then. Called once, first.
    package func start() {
        negotiate()
    }

    /// Takes what has come from the peer. Plaintext is appended to `plaintext`.
    package func receive(_ bytes: UnsafeRawBufferPointer, plaintext: inout [UInt8]) {
        switch progress {
        case .closed, .failed: return
        case .negotiating, .open: break
        }
        guard bytes.isEmpty || BIO_write(SSL_get_rbio(ssl), bytes.baseAddress, Int32(bytes.count)) == bytes.count else {
            progress = .failed(.protocolError("out of memory"))
            return
        }
        if case .negotiating = progress { negotiate() }
        if case .open = progress { read(into: &plaintext) }
    }

    /// Seals `bytes` into records, which then wait to be taken. Only while open.
    package func write(_ bytes: UnsafeRawBufferPointer) {
        guard case .open = progress, !bytes.isEmpty else { return }
        var written = 0
        let result = call { SSL_write_ex($0, bytes.baseAddress, bytes.count, &written) }
        if result != 1 { progress = .failed(.protocolError(OpenSSLError.errorQueueText())) }
    }

    /// Tells the peer that nothing more will come.
    package func close() {
        guard case .open = progress else { return }
        _ = call { SSL_shutdown($0) }
    }

    /// Bytes that wait to be sent.
    package var outputByteCount: Int { BIO_ctrl_pending(SSL_get_wbio(ssl)) }

    /// Takes at most `limit` bytes that wait to be sent.
    package func takeOutput(limit: Int) -> [UInt8] {
        let count = min(limit, outputByteCount)
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, taken in
            taken = max(0, Int(BIO_read(SSL_get_wbio(ssl), buffer.baseAddress, Int32(count))))
        }
    }

    private func negotiate() {
        let result = call { SSL_do_handshake($0) }
        guard result == 1 else {
            fail(result)
            return
        }
        // A refusal of the version, as the handshake record's is: ipop/1 is what both must speak.
        guard ossl_tls_has_protocol(handle) == 1 else {
            progress = .failed(.version)
            return
        }
        guard let peer else {
            progress = .failed(.refused(.missing, site: nil))
            return
        }
        progress = .open(peer)
    }

    private func read(into plaintext: inout [UInt8]) {
        while true {
            var count = 0
            var result: Int32 = 0
            // One record at a time (RFC 8446 §5.1): 16,384 bytes.
            let record = [UInt8](unsafeUninitializedCapacity: Self.recordByteCount) { buffer, initialized in
                result = call { SSL_read_ex($0, buffer.baseAddress, buffer.count, &count) }
                initialized = result == 1 ? count : 0
            }
            guard result == 1 else {
                fail(result)
                return
            }
            plaintext += record
        }
    }

    /// What a call that was not done means.
    private func fail(_ result: Int32) {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
            break
        case SSL_ERROR_ZERO_RETURN:
            progress = .closed
        default:
            progress = .failed(fault)
        }
    }

    private var fault: HandshakeFault {
        if let refusal { return .refused(refusal.fault, site: refusal.site) }
        let code = ERR_peek_error()
        let reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0
        if reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE { return .refused(.missing, site: nil) }
        if reason == SSL_R_NO_APPLICATION_PROTOCOL { return .version }
        let failure = DTLSFailure(reason: reason, text: OpenSSLError.errorQueueText())
        guard let alert = failure.receivedAlert else { return .protocolError(failure.text) }
        if alert == SSL_AD_NO_APPLICATION_PROTOCOL { return .version }
        // A server has shown its certificate by the time that the client can refuse it; a client has shown its own
        // when its handshake is done.
        let hasPresented = !isClient || isOpen
        if let fault = CertificateFault(streamAlert: alert, hasPresented: hasPresented) { return .refusedByPeer(fault) }
        return .protocolError(failure.text)
    }

    private var isOpen: Bool { if case .open = progress { true } else { false } }

    /// The verifier: remembers who the peer is or why it is refused.
    private func verify(_ certificate: [UInt8]) -> Int32 {
        switch judge.verifyCertificate(certificate) {
        case .success(let found):
            peer = found
            return X509_V_OK
        case .failure(let fault):
            let claimed = (try? Certificate(der: certificate))?.details.site
            refusal = (fault, claimed?.isEmpty == true ? nil : claimed)
            return fault.streamVerificationResult
        }
    }

    private func call(_ function: (OpaquePointer) -> Int32) -> Int32 {
        ERR_clear_error()
        ossl_tls_lend(handle, Unmanaged.passUnretained(self).toOpaque())
        defer { ossl_tls_lend(handle, nil) }
        return function(ssl)
    }

    private static let recordByteCount = 16_384
}
