import COpenSSL

/// A text file of PEM blocks (RFC 7468) with any labels: a site's bundle has its certificate, key, authority and
/// profile.
package struct PEMBundle: Equatable, Sendable {
    /// One block: `-----BEGIN label-----`, base64, `-----END label-----`.
    package struct Block: Equatable, Sendable {
        /// Upper-case letters, digits and single blanks, as in `PRIVATE KEY`.
        package var label: String
        package var bytes: [UInt8]

        package init(label: String, bytes: [UInt8]) {
            self.label = label
            self.bytes = bytes
        }

        /// The block as text, 64 characters a line, with a line feed at the end.
        package var text: String {
            var lines = ["-----BEGIN \(label)-----"]
            let encoded = PEMBundle.encodeBase64(bytes)
            for start in stride(from: 0, to: encoded.count, by: 64) {
                lines.append(String(decoding: encoded[start..<min(start + 64, encoded.count)], as: UTF8.self))
            }
            lines.append("-----END \(label)-----\n")
            return lines.joined(separator: "\n")
        }
    }

    /// Bytes of the largest text that is read: a grid's largest bundle is under 20 kB.
    package static let byteCountLimit = 256 * 1024

    package var blocks: [Block]

    package init(blocks: [Block]) {
        self.blocks = blocks
    }

    /// Reads a text that holds nothing but blocks, empty lines and comment lines that start with `#`.
    package init(_ text: String) throws(OpenSSLError) {
        try self.init(text, skipsOtherText: false)
    }

    /// Reads the blocks of a text that may have anything around them, as `openssl x509 -text` writes it.
    init(lenient text: String) throws(OpenSSLError) {
        try self.init(text, skipsOtherText: true)
    }

    /// The bytes of every block with this label, in order.
    package func blocks(labelled label: String) -> [[UInt8]] {
        blocks.filter { $0.label == label }.map(\.bytes)
    }

    /// All blocks as one text.
    package var text: String { blocks.map(\.text).joined() }

    private init(_ text: String, skipsOtherText: Bool) throws(OpenSSLError) {
        guard text.utf8.count <= Self.byteCountLimit else {
            throw .malformed("the file is larger than \(Self.byteCountLimit / 1024) kB")
        }
        blocks = []
        var open: (label: String, line: Int)?
        var body: [UInt8] = []
        var number = 0
        for raw in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let line = Self.trimmed(Array(raw))
            if let (label, start) = open {
                if line == Array("-----END \(label)-----".utf8) {
                    guard let bytes = Self.decodeBase64(body) else {
                        throw .malformed("the block \(label) of line \(start) is not base64")
                    }
                    blocks.append(Block(label: label, bytes: bytes))
                    open = nil
                } else if line.starts(with: Self.dashes) {
                    throw .malformed("line \(number): the block \(label) of line \(start) has not ended")
                } else {
                    body += line
                }
            } else if let label = Self.beginLabel(line) {
                open = (label, number)
                body = []
            } else if !skipsOtherText, !line.isEmpty, line.first != UInt8(ascii: "#") {
                throw .malformed("line \(number) is not part of a block")
            }
        }
        if let (label, start) = open { throw .malformed("the block \(label) of line \(start) does not end") }
    }

    private static let dashes = Array("-----".utf8)

    /// The label of a `-----BEGIN label-----` line.
    private static func beginLabel(_ line: [UInt8]) -> String? {
        let begin = Array("-----BEGIN ".utf8)
        guard line.starts(with: begin), line.suffix(5).elementsEqual(dashes), line.count > begin.count + 5 else {
            return nil
        }
        let label = line[begin.count..<(line.count - 5)]
        let isLabel = label.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: " "): true
            default: false
            }
        }
        return isLabel && label.count <= 64 ? String(decoding: label, as: UTF8.self) : nil
    }

    private static func trimmed(_ line: [UInt8]) -> [UInt8] {
        var end = line.count
        while end > 0, line[end - 1] == UInt8(ascii: "\r") || line[end - 1] == UInt8(ascii: " ") { end -= 1 }
        return Array(line[..<end])
    }

    private static func encodeBase64(_ bytes: [UInt8]) -> [UInt8] {
        // The library ends its output with a zero byte.
        [UInt8](unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4 + 1) { buffer, initialized in
            initialized = Int(EVP_EncodeBlock(buffer.baseAddress, bytes, Int32(bytes.count)))
        }
    }

    /// The bytes of base64 digits without blanks; `nil` for anything else. Padding only at the end.
    private static func decodeBase64(_ digits: [UInt8]) -> [UInt8]? {
        guard digits.count.isMultiple(of: 4) else { return nil }
        let padding = digits.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        let isBase64 = digits.dropLast(padding).allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                true
            default: false
            }
        }
        guard padding <= 2, isBase64 else { return nil }
        return [UInt8](unsafeUninitializedCapacity: digits.count / 4 * 3) { buffer, initialized in
            let count = Int(EVP_DecodeBlock(buffer.baseAddress, digits, Int32(digits.count)))
            initialized = max(0, count - padding)
        }
    }
}
