/// What a request to the metrics server asks for (HTTP/1.1, RFC 9112), as far as such a server needs to understand it.
package enum MetricsRequest: Equatable, Sendable {
    /// The page, or with `isHead` its header only.
    case page(isHead: Bool)
    case refused(MetricsRefusal, isHead: Bool = false)

    /// The longest request line and header.
    package static let byteLimit = 8_192

    /// Reads what has come so far; `nil` when more must come.
    package init?(_ bytes: [UInt8]) {
        guard let head = Self.head(of: bytes) else {
            guard bytes.count >= Self.byteLimit else { return nil }
            self = .refused(.tooLarge)
            return
        }
        guard head.count <= Self.byteLimit else {
            self = .refused(.tooLarge)
            return
        }
        let lines = Self.lines(of: head)
        let words = lines[0].split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3, !words[0].isEmpty, words[0].allSatisfy(Self.isTokenByte), !words[1].isEmpty else {
            self = .refused(.malformed)
            return
        }
        guard words[2].starts(with: "HTTP/".utf8) else {
            self = .refused(.malformed)
            return
        }
        guard words[2].elementsEqual("HTTP/1.1".utf8) || words[2].elementsEqual("HTTP/1.0".utf8) else {
            self = .refused(.version)
            return
        }
        let isHead = words[0].elementsEqual("HEAD".utf8)
        // RFC 9112 §3.2: one Host, and one only; HTTP/1.0 has none.
        let hosts = Self.hostCount(lines.dropFirst())
        guard let hosts, hosts == 1 || hosts == 0 && words[2].last == UInt8(ascii: "0") else {
            self = .refused(.malformed, isHead: isHead)
            return
        }
        if !isHead, !words[0].elementsEqual("GET".utf8) {
            self = .refused(.method)
        } else if Self.path(of: words[1]).elementsEqual(MetricsResponse.path.utf8) {
            self = .page(isHead: isHead)
        } else {
            self = .refused(.notFound, isHead: isHead)
        }
    }

    /// Everything before the empty line; `nil` while that has not come. Line breaks before the request are skipped
    /// (RFC 9112 §2.2), and a line may end without a carriage return.
    private static func head(of bytes: [UInt8]) -> ArraySlice<UInt8>? {
        let start = bytes.firstIndex { $0 != 0x0d && $0 != 0x0a } ?? bytes.endIndex
        var lineStart = start
        for index in bytes.indices[start...] where bytes[index] == 0x0a {
            let end = index > lineStart && bytes[index - 1] == 0x0d ? index - 1 : index
            if end == lineStart { return bytes[start..<lineStart] }
            lineStart = index + 1
        }
        return nil
    }

    private static func lines(of head: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        head.split(separator: 0x0a).map { $0.last == 0x0d ? $0.dropLast() : $0 }
    }

    /// How many of the fields are Host; `nil` when one is no field.
    private static func hostCount(_ fields: ArraySlice<ArraySlice<UInt8>>) -> Int? {
        var count = 0
        for field in fields {
            guard let colon = field.firstIndex(of: UInt8(ascii: ":")), colon > field.startIndex,
                field[..<colon].allSatisfy(isTokenByte)
            else { return nil }
            if field[..<colon].map({ $0 | 0x20 }).elementsEqual("host".utf8) { count += 1 }
        }
        return count
    }

    /// The path of the target: without query, and without scheme and authority if it has them (RFC 9112 §3.2.2).
    private static func path(of target: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var path = target.prefix { $0 != UInt8(ascii: "?") }
        let scheme = "http://".utf8
        if path.prefix(scheme.count).map({ $0 | 0x20 }).elementsEqual(scheme.map { $0 | 0x20 }) {
            path = path.dropFirst(scheme.count).drop { $0 != UInt8(ascii: "/") }
        }
        return path
    }

    /// RFC 9110 §5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// Why a request to the metrics server gets no page.
package enum MetricsRefusal: Equatable, Sendable, CaseIterable {
    case malformed
    case notFound
    case method
    case tooLarge
    case version

    /// Status code and reason phrase.
    var status: String {
        switch self {
        case .malformed: "400 Bad Request"
        case .notFound: "404 Not Found"
        case .method: "405 Method Not Allowed"
        case .tooLarge: "431 Request Header Fields Too Large"
        case .version: "505 HTTP Version Not Supported"
        }
    }

    var text: String {
        switch self {
        case .malformed: "This is no HTTP request.\n"
        case .notFound: "The metrics are at \(MetricsResponse.path).\n"
        case .method: "Only GET and HEAD are answered.\n"
        case .tooLarge: "A request has at most \(MetricsRequest.byteLimit) bytes.\n"
        case .version: "HTTP/1.1 and HTTP/1.0 are spoken here.\n"
        }
    }
}
