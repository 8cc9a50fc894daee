package import LinkSecurity
package import NetworkTypes

/// A TLS connection that carries framed datagrams, as the core knows it.
///
///     opening --streamOpened--> open --streamClosed or idle--> gone
///        |                       ^
///        +-- streamClosed        +-- streamOpened (accepted)
package struct StreamState: Equatable, Sendable {
    /// The far end in the underlay; behind a proxy, whom the proxy was asked for.
    package var remote: Endpoint
    /// This gateway opened it, so `remote` is where others can reach the peer too.
    package var isOurs: Bool
    /// Whom it was opened for; `nil` for a bootstrap address and for what was accepted.
    package var target: NodeAddress?
    /// Who shows the certificate at the far end; `nil` until it is open.
    package var peer: NodeAddress?
    /// When a handshake or control message last came over it.
    package var lastUsed: Instant

    /// Whether datagrams can be sent over it.
    package var isOpen: Bool { peer != nil }
}

/// Why a stream was not opened, or is open no more.
package enum StreamFault: Error, Equatable, Sendable {
    /// There was no connection to be had: refused, no answer, or the proxy's words.
    case unreachable
    /// TLS ended it.
    case handshake(HandshakeFault)
    /// It was open, and the far end or the network has closed it.
    case closed
}
