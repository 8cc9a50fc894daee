package import NetworkTypes

/// HTTP's CONNECT (RFC 9110 §9.3.6), with Basic authentication (RFC 7617) where there are credentials.
package struct ConnectNegotiation: Sendable {
    /// Bytes of an answer's head; a proxy that says more before the connection is none.
    package static let headByteLimit = 8_192

    private let destination: Endpoint
    private let credentials: ProxyCredentials?
    private var received: [UInt8] = []

    /// Asks for a connection to `destination`.
    package init(destination: Endpoint, credentials: ProxyCredentials?) {
        self.destination = destination
        self.credentials = credentials
    }

    /// The request, which is all that is sent.
    package var request: [UInt8] {
        var text = "CONNECT \(destination) HTTP/1.1\r\nHost: \(destination)\r\n"
        if let credentials {
            let pair = Array("\(credentials.user):\(credentials.password)".utf8)
            text += "Proxy-Authorization: Basic \(Self.base64(pair))\r\n"
        }
        return Array((text + "\r\n").utf8)
    }

    /// Takes what the proxy says: a head that ends with an empty line, and has status 2xx. Of a head of success a
    /// length is ignored, as RFC 9110 §9.3.6 wants.
    package mutating func receive(_ bytes: [UInt8]) throws(ProxyFault) -> (reply: [UInt8], isConnected: Bool) {
        received += bytes
        guard received.count <= Self.headByteLimit else { throw .malformed }
        let status = try self.status()
        guard let status, let end = headEnd else { return ([], false) }
        switch status {
        case 200..<300:
            guard end == received.count else { throw .malformed }
            return ([], true)
        case 407: throw .authentication
        default: throw .refused(code: status)
        }
    }

    /// The status code, once its line has come so far: `HTTP/1.x NNN `.
    private func status() throws(ProxyFault) -> Int? {
        let prefix = Array("HTTP/1.".utf8)
        guard received.prefix(prefix.count) == prefix.prefix(received.count) else { throw .malformed }
        guard received.count >= prefix.count + 5 else { return nil }
        let digits = received[(prefix.count + 2)..<(prefix.count + 5)]
        guard received[prefix.count + 1] == UInt8(ascii: " "),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { throw .malformed }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// Where the head ends: behind the first empty line.
    private var headEnd: Int? {
        let end: [UInt8] = [13, 10, 13, 10]
        guard received.count >= end.count else { return nil }
        return (0...received.count - end.count).first { received[$0..<$0 + end.count].elementsEqual(end) }
            .map { $0 + end.count }
    }

    /// RFC 4648 §4.
    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for index in 0..<4 {
                text.append(index <= group.count ? alphabet[word >> (18 - 6 * index) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
