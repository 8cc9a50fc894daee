package import NetworkTypes

/// SOCKS version 5 (RFC 1928) with a user and password where the proxy wants them (RFC 1929).
///
///     greeting --method 0--> requesting --granted--> connected
///        |                       ^
///        +--method 2--> authenticating
package struct SOCKSNegotiation: Sendable {
    private enum State {
        case greeting
        case authenticating
        case requesting
    }

    private static let version: UInt8 = 5
    private static let authenticationVersion: UInt8 = 1
    private static let noAuthentication: UInt8 = 0
    private static let userAndPassword: UInt8 = 2
    private static let connect: UInt8 = 1
    private static let v4: UInt8 = 1
    private static let name: UInt8 = 3
    private static let v6: UInt8 = 4

    private let destination: Endpoint
    private let credentials: ProxyCredentials?
    private var state = State.greeting
    private var received: [UInt8] = []

    /// Asks for a connection to `destination`. User and password have 1 to 255 bytes each.
    package init(destination: Endpoint, credentials: ProxyCredentials?) {
        self.destination = destination
        self.credentials = credentials
    }

    /// Version, and the methods that this side can do (RFC 1928 §3).
    package var greeting: [UInt8] {
        let methods = credentials == nil ? [Self.noAuthentication] : [Self.noAuthentication, Self.userAndPassword]
        return [Self.version, UInt8(methods.count)] + methods
    }

    /// Takes what the proxy says.
    package mutating func receive(_ bytes: [UInt8]) throws(ProxyFault) -> (reply: [UInt8], isConnected: Bool) {
        received += bytes
        switch state {
        case .greeting:
            guard let answer = try takeExactly(2) else { return ([], false) }
            guard answer[0] == Self.version else { throw .malformed }
            return (try choose(answer[1]), false)
        case .authenticating:
            guard let answer = try takeExactly(2) else { return ([], false) }
            guard answer[0] == Self.authenticationVersion else { throw .malformed }
            guard answer[1] == 0 else { throw .authentication }
            state = .requesting
            return (request, false)
        case .requesting:
            return ([], try isGranted())
        }
    }

    private mutating func choose(_ method: UInt8) throws(ProxyFault) -> [UInt8] {
        switch (method, credentials) {
        case (Self.noAuthentication, _):
            state = .requesting
            return request
        case (Self.userAndPassword, let credentials?):
            state = .authenticating
            let (user, password) = (Array(credentials.user.utf8), Array(credentials.password.utf8))
            return [Self.authenticationVersion, UInt8(user.count)] + user + [UInt8(password.count)] + password
        default:
            // 255: none of those offered will do.
            throw .authentication
        }
    }

    /// Version, command, reserved, address and port (RFC 1928 §4).
    private var request: [UInt8] {
        let address = destination.address
        let kind = address.family == .v4 ? Self.v4 : Self.v6
        return [Self.version, Self.connect, 0, kind] + address.bytes
            + [UInt8(destination.port >> 8), UInt8(truncatingIfNeeded: destination.port)]
    }

    /// Reads the reply: version, code, reserved, the address and port that the proxy uses (RFC 1928 §6).
    private mutating func isGranted() throws(ProxyFault) -> Bool {
        guard received.count >= 2 else { return false }
        guard received[0] == Self.version else { throw .malformed }
        guard received[1] == 0 else { throw .refused(code: Int(received[1])) }
        guard received.count >= 5 else { return false }
        let addressByteCount: Int
        switch received[3] {
        case Self.v4: addressByteCount = 4
        case Self.v6: addressByteCount = 16
        case Self.name: addressByteCount = 1 + Int(received[4])
        default: throw .malformed
        }
        return try takeExactly(4 + addressByteCount + 2) != nil
    }

    /// The answer, when it is whole. The proxy has nothing to say beyond it before it is asked again.
    private mutating func takeExactly(_ count: Int) throws(ProxyFault) -> [UInt8]? {
        guard received.count >= count else { return nil }
        guard received.count == count else { throw .malformed }
        defer { received = [] }
        return received
    }
}
