package import NetworkTypes

/// What the grid's authority lays down for all members, signed by it: the content of grid.yaml.
package struct GridProfile: Equatable, Sendable {
    package var grid: String
    /// The virtual address space, sorted.
    package var pools: [IPPrefix]
    /// Seconds since 1970-01-01T00:00:00Z.
    package var created: Int64
    /// SHA-256 of the authority's certificate (DER), 32 bytes.
    package var authorityFingerprint: [UInt8]
    /// The authority's ECDSA P-256 SHA-256 signature (DER) over `signedBytes`; empty while unsigned.
    package var signature: [UInt8]

    package init(
        grid: String, pools: [IPPrefix], created: Int64, authorityFingerprint: [UInt8], signature: [UInt8] = []
    ) {
        self.grid = grid
        self.pools = pools.sorted()
        self.created = created
        self.authorityFingerprint = authorityFingerprint
        self.signature = signature
    }

    /// What the authority signs: one `name=value` a line in a fixed order, pools sorted, hexadecimal in lower case.
    ///
    /// Names and prefixes cannot contain a line feed or `=`, so two profiles never have the same bytes.
    package var signedBytes: [UInt8] {
        var lines = ["ipop-grid-profile=1", "grid=\(grid)"]
        lines += pools.map { "pool=\($0)" }
        lines += ["created=\(created)", "authority=sha256:\(Hexadecimal.text(authorityFingerprint))"]
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    /// The grid.yaml that says this; `ConfigurationReader.gridProfile(from:file:)` reads it back.
    package var yamlText: String {
        var lines = [
            "# The grid's profile, signed by its authority. The same file at every site; an edit breaks the signature.",
            "grid: \(grid)",
            pools.isEmpty ? "pools: []" : "pools:",
        ]
        lines += pools.map { "  - \"\($0)\"" }
        lines += [
            "created: \(created)",
            "authority: \"sha256:\(Hexadecimal.text(authorityFingerprint))\"",
            "signature: \"\(Hexadecimal.text(signature))\"",
        ]
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Bytes as hexadecimal text.
package enum Hexadecimal {
    /// Two lower-case digits a byte.
    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads two digits a byte, either case; `nil` for anything else.
    package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
