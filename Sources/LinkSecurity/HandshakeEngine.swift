package import NetworkTypes

/// One side of one running handshake: DTLS 1.2 in the daemon, plain text in simulation.
///
/// The caller hands in datagrams and sends what comes out. A handshake ends once, by `.completed` or `.failed`; an
/// engine that has completed still wants late datagrams (the peer may not have our last flight) until it is dropped.
package protocol HandshakeEngine: AnyObject {
    /// Begins as client. Called once, first; never on an engine that a listener made.
    func start(output: inout HandshakeOutput) -> HandshakeProgress
    /// Takes one datagram of the peer.
    func receive(_ datagram: [UInt8], output: inout HandshakeOutput) -> HandshakeProgress
    /// Repeats the last flight if it is overdue. Call it every `HandshakeLimits.retransmitInterval` while running.
    func retransmit(output: inout HandshakeOutput) -> HandshakeProgress
}

/// Datagrams that a handshake wants sent, each at most 1,200 bytes.
package struct HandshakeOutput: Sendable {
    package var datagrams: [[UInt8]] = []

    package init() {}
}

/// How far a handshake is.
package enum HandshakeProgress {
    case running
    case completed(HandshakeResult)
    case failed(HandshakeFault)
}

/// What a handshake yields: who the peer is, and the keys.
package struct HandshakeResult {
    package var peer: PeerIdentity
    /// Seals what this gateway sends.
    package var sealing: any PacketCipher
    /// Opens what the peer sends.
    package var opening: any PacketCipher
    /// The receiver index that the peer wants on datagrams to it.
    package var remoteIndex: UInt32
    /// The protocol version that both speak.
    package var version: UInt8

    package init(
        peer: PeerIdentity, sealing: any PacketCipher, opening: any PacketCipher, remoteIndex: UInt32, version: UInt8
    ) {
        self.peer = peer
        self.sealing = sealing
        self.opening = opening
        self.remoteIndex = remoteIndex
        self.version = version
    }
}

/// Why a handshake failed.
package enum HandshakeFault: Error, Equatable, Sendable {
    /// This gateway refused the peer's certificate. `site` is what the certificate claims, if it could be read.
    case refused(CertificateFault, site: String?)
    /// The peer refused this gateway's certificate (its TLS alert says why).
    case refusedByPeer(CertificateFault)
    /// No common protocol version.
    case version
    /// The library's words.
    case protocolError(String)
}

/// Makes handshakes: as client to an endpoint, and as server for a first datagram whose cookie is right.
package protocol HandshakeProvider: AnyObject {
    /// A client's engine. `localIndex` is the receiver index that the peer shall use.
    func makeClient(localIndex: UInt32) -> any HandshakeEngine
    /// Looks at a handshake datagram from an endpoint that has no running handshake. Keeps no state before the cookie
    /// is right (RFC 6347 §4.2.1), and never answers with more bytes than it got.
    func admit(_ datagram: [UInt8], from source: Endpoint, localIndex: UInt32, output: inout HandshakeOutput)
        -> HandshakeAdmission
}

/// What became of a first handshake datagram.
package enum HandshakeAdmission {
    /// Dropped, or answered by a cookie in `output`; nothing is kept.
    case stateless
    /// The cookie is right: this engine goes on. It has taken the datagram already.
    case accepted(any HandshakeEngine, HandshakeProgress)
}

/// Limits of handshakes.
package enum HandshakeLimits {
    /// When a running handshake is asked to retransmit. After the eager time without a word from the peer that doubles
    /// each time up to the limit, as RFC 6347 §4.2.4.1 has it; before, both ends may be opening their NATs.
    package static let retransmitInterval: Duration = .milliseconds(250)
    package static let eagerTime: Duration = .seconds(2)
    package static let retransmitLimit: Duration = .seconds(1)
    /// A handshake that has not ended by then is dropped: twelve hellos that nobody answers, or more flights from one
    /// who does.
    package static let timeout: Duration = .seconds(5)
    /// Bytes of one handshake datagram: fits IPv6's minimum link MTU of 1,280 with IP and UDP headers.
    package static let datagramByteCount = 1_200
    /// Running handshakes as server, all peers together: 256 engines of about 60 kB are 15 MB.
    package static let serverCount = 256
}
