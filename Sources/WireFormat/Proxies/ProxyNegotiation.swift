/// Who a proxy is to believe that this is.
package struct ProxyCredentials: Equatable, Sendable {
    package var user: String
    package var password: String

    package init(user: String, password: String) {
        self.user = user
        self.password = password
    }
}

/// Why a proxy makes no connection.
package enum ProxyFault: Error, Equatable, Sendable {
    /// What answers does not speak the protocol.
    case malformed
    /// It wants a name and a password, or others.
    case authentication
    /// It will not, or cannot, reach the destination; its code (RFC 1928 §6, RFC 9110 §15).
    case refused(code: Int)
}

extension ProxyFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed: "what answers there is not such a proxy"
        case .authentication: "it does not accept the user and password"
        case .refused(let code): "it refuses the connection (code \(code))"
        }
    }
}

/// The client's side of asking a proxy for a connection. The client speaks first on the connection it gets, so a proxy
/// that sends more than its answer is none.
///
///     start --> asking --answers--> asking ... --last answer--> connected
package enum ProxyNegotiation: Sendable {
    case socks(SOCKSNegotiation)
    case http(ConnectNegotiation)

    /// What is sent first.
    package var greeting: [UInt8] {
        switch self {
        case .socks(let negotiation): negotiation.greeting
        case .http(let negotiation): negotiation.request
        }
    }

    /// Takes what the proxy says. Returns what to send next; `isConnected`: nothing, the connection is there.
    package mutating func receive(_ bytes: [UInt8]) throws(ProxyFault) -> (reply: [UInt8], isConnected: Bool) {
        switch self {
        case .socks(var negotiation):
            defer { self = .socks(negotiation) }
            return try negotiation.receive(bytes)
        case .http(var negotiation):
            defer { self = .http(negotiation) }
            return try negotiation.receive(bytes)
        }
    }
}
