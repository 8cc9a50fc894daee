package import NetworkTypes

/// What the grid's authority lays down for all members, signed by it: the content of grid.yaml.
package struct GridProfile: Equatable, Sendable {
    package var grid: String
    /// The virtual address space, sorted.
    package var pools: [IPPrefix]
    /// How long a lease outlives its owner; `nil` is the usual hour.
    package var leaseSeconds: Int?
    /// Seconds since 1970-01-01T00:00:00Z.
    package var created: Int64
    /// SHA-256 of the authority's certificate (DER), 32 bytes.
    package var authorityFingerprint: [UInt8]
    /// The authority's ECDSA P-256 SHA-256 signature (DER) over `signedBytes`; empty while unsigned.
    package var signature: [UInt8]

    package init(
        grid: String, pools: [IPPrefix], leaseSeconds: Int? = nil, created: Int64, authorityFingerprint: [UInt8],
        signature: [UInt8] = []
    ) {
        self.grid = grid
        self.pools = pools.sorted()
        self.leaseSeconds = leaseSeconds
        self.created = created
        self.authorityFingerprint = authorityFingerprint
        self.signature = signature
    }

    /// What a lease time may be: two minutes to a day, so that a renewal at its half is no burden.
    package static let leaseSecondsRange = 120...86_400

    /// What the authority signs: one `name=value` a line in a fixed order, pools sorted, hexadecimal in lower case.
    ///
    /// Names and prefixes cannot contain a line feed or `=`, so two profiles never have the same bytes.
    package var signedBytes: [UInt8] {
        var lines = ["ipop-grid-profile=1", "grid=\(grid)"]
        lines += pools.map { "pool=\($0)" }
        if let leaseSeconds { lines.append("lease=\(leaseSeconds)") }
        lines += ["created=\(created)", "authority=sha256:\(Hexadecimal.encode(authorityFingerprint))"]
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
        if let leaseSeconds { lines.append("lease-seconds: \(leaseSeconds)") }
        lines += [
            "created: \(created)",
            "authority: \"sha256:\(Hexadecimal.encode(authorityFingerprint))\"",
            "signature: \"\(Hexadecimal.encode(signature))\"",
        ]
        return lines.joined(separator: "\n") + "\n"
    }
}
