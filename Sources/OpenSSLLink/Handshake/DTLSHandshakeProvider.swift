import COpenSSL
import COpenSSLShims
import Glibc
package import LinkSecurity
package import NetworkTypes

/// Makes DTLS 1.2 handshakes with this gateway's certificate.
package final class DTLSHandshakeProvider: HandshakeProvider {
    private let identity: SiteIdentity
    private let judge: any IdentityAuthority
    private let settings: OpaquePointer
    private var cookies: HandshakeCookies
    /// Looks at first datagrams; becomes the next server engine.
    private var listener: DTLSAssociation?

    /// A provider that presents `identity`, whatever certificate it has at the time, and offers `algorithms` in this
    /// order. Peers' certificates are judged by `judge`; `nil`: by the identity too.
    package init(
        identity: SiteIdentity, judge: (any IdentityAuthority)? = nil,
        algorithms: [AEADAlgorithm] = AEADAlgorithm.preferred
    ) throws(OpenSSLError) {
        ERR_clear_error()
        let suites = algorithms.map(\.suiteName).joined(separator: ":")
        guard let settings = ossl_dtls_context_new(suites) else { throw .last("preparing DTLS") }
        self.settings = settings
        self.identity = identity
        self.judge = judge ?? identity
        cookies = HandshakeCookies(now: Self.monotonicSeconds())
    }

    deinit { SSL_CTX_free(settings) }

    /// A client's engine.
    package func makeClient(localIndex: UInt32) -> any HandshakeEngine {
        let association = DTLSAssociation(context: settings)
        return DTLSHandshake(association, identity: identity, judge: judge, localIndex: localIndex, role: .client)
    }

    /// Answers a first hello by a cookie, or accepts the one that brings it back.
    package func admit(
        _ datagram: [UInt8], from source: Endpoint, localIndex: UInt32, output: inout HandshakeOutput
    ) -> HandshakeAdmission {
        guard Self.mayBeClientHello(datagram), let listener = listener ?? DTLSAssociation(context: settings) else {
            return .stateless
        }
        self.listener = listener
        switch listener.listen(datagram, cookies: cookies.pair(for: source, now: Self.monotonicSeconds())) {
        case .some(true):
            self.listener = nil
            let engine = DTLSHandshake(
                listener, identity: identity, judge: judge, localIndex: localIndex, role: .server)
            return .accepted(engine, engine.accept(output: &output))
        case .some(false):
            var answers: [[UInt8]] = []
            listener.takeDatagrams(&answers)
            // A cookie request is shorter than any ClientHello that a library makes, but a forged one may be shorter
            // still.
            output.datagrams += answers.filter { $0.count <= datagram.count }.prefix(1)
            return .stateless
        case .none:
            self.listener = nil
            return .stateless
        }
    }

    /// A handshake record of epoch 0 that starts a message of type ClientHello (RFC 6347 §4.1, §4.2.2).
    private static func mayBeClientHello(_ datagram: [UInt8]) -> Bool {
        let recordHeader = 13
        let messageHeader = 12
        return datagram.count > recordHeader + messageHeader
            && datagram[0] == UInt8(SSL3_RT_HANDSHAKE) && datagram[1] == UInt8(DTLS1_VERSION_MAJOR)
            && datagram[3] == 0 && datagram[4] == 0 && datagram[recordHeader] == UInt8(SSL3_MT_CLIENT_HELLO)
    }

    private static func monotonicSeconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec)
    }
}
