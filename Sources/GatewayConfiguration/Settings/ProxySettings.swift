package import NetworkTypes

/// `proxy`: through what TCP connections to other gateways are made.
///
///     socks5://[USER:PASSWORD@]HOST:PORT
///     http://[USER:PASSWORD@]HOST:PORT
package struct ProxySettings: Equatable, Sendable {
    /// What the proxy speaks: the URL's scheme.
    package enum Kind: String, Sendable, CaseIterable {
        /// SOCKS version 5, RFC 1928.
        case socks5
        /// HTTP's CONNECT, RFC 9110.
        case http
    }

    package var kind: Kind
    package var server: HostAndPort
    /// `nil`: the proxy asks for none.
    package var login: Login?

    /// Who the proxy is to believe that this is; 1 to 255 bytes each (RFC 1929).
    package struct Login: Equatable, Sendable {
        package var user: String
        package var password: String

        package init(user: String, password: String) {
            self.user = user
            self.password = password
        }
    }

    package init(kind: Kind, server: HostAndPort, login: Login? = nil) {
        self.kind = kind
        self.server = server
        self.login = login
    }

    /// Reads a URL (RFC 3986); throws what is wrong with it, in words that follow the text.
    package init(url: String) throws(ProxyURLFault) {
        var rest = Array(url.utf8)[...]
        let marks = Array("://".utf8)
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")), rest[colon...].starts(with: marks),
            let kind = Kind(rawValue: String(decoding: rest[..<colon], as: UTF8.self))
        else { throw .scheme }
        rest = rest[(colon + marks.count)...]
        if rest.last == UInt8(ascii: "/") { rest.removeLast() }
        var login: Login?
        if let at = rest.lastIndex(of: UInt8(ascii: "@")) {
            login = try Self.login(rest[..<at])
            rest = rest[(at + 1)...]
        }
        guard let server = HostAndPort(String(decoding: rest, as: UTF8.self)) else { throw .server }
        self.init(kind: kind, server: server, login: login)
    }

    private static func login(_ text: ArraySlice<UInt8>) throws(ProxyURLFault) -> Login {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), let user = decoded(text[..<colon]),
            let password = decoded(text[(colon + 1)...]), 1...255 ~= user.utf8.count, 1...255 ~= password.utf8.count,
            // HTTP's Basic authentication ends the name at the first colon, and its line at a line break.
            !user.utf8.contains(UInt8(ascii: ":")), (user + password).utf8.allSatisfy({ $0 >= 32 && $0 != 127 })
        else { throw .login }
        return Login(user: user, password: password)
    }

    /// Percent-decoding, RFC 3986 §2.1; `nil` for what is not encoded well, or not UTF-8.
    private static func decoded(_ text: ArraySlice<UInt8>) -> String? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        UInt8(String(decoding: [byte], as: UTF8.self), radix: 16)
    }

    /// The URL that says this, with the password.
    package var url: String {
        let login = login.map { "\(Self.encoded($0.user)):\(Self.encoded($0.password))@" } ?? ""
        return "\(kind.rawValue)://\(login)\(server)"
    }

    /// Leaves what a URL may hold as it is (RFC 3986 §2.3).
    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.append(Character(Unicode.Scalar(byte)))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += "%" + (digits.utf8.count < 2 ? "0" : "") + digits
            }
        }
        return encoded
    }
}

extension ProxySettings: CustomStringConvertible {
    /// The URL without user and password, for the log and for status.
    package var description: String { "\(kind.rawValue)://\(server)" }
}

/// What is wrong with a proxy's URL.
package enum ProxyURLFault: Error, Equatable, Sendable {
    /// It begins with neither `socks5://` nor `http://`.
    case scheme
    /// What stands before `@` is not USER:PASSWORD.
    case login
    /// It does not end with HOST:PORT.
    case server
}
