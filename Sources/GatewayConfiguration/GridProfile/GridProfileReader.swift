import NetworkTypes

extension ConfigurationReader {
    /// The grid profile that `root`, the tree of grid.yaml, holds, and every problem in the file's order. Whether the
    /// signature is the authority's is not looked at here.
    package static func gridProfile(from root: ConfigurationNode, file: String) -> (
        profile: GridProfile?, problems: [ConfigurationProblem]
    ) {
        var problems = ProblemList(file: file)
        let keys = ["grid", "pools", "created", "authority", "signature"]
        guard let top = StrictMapping(root, section: "", keys: keys + ["lease-seconds"], &problems) else {
            return (nil, problems.sorted)
        }
        for key in keys where top.node(key) == nil {
            problems.error(
                .missingKey, at: top.position, "'\(key)' is missing",
                suggestion: "take grid.yaml from the authority's directory; it is not written by hand")
        }
        let grid = siteName(top, "grid", &problems)
        let pools = prefixes(top, "pools", noun: "pool", &problems)
        let leaseSeconds = top.integer("lease-seconds", in: GridProfile.leaseSecondsRange, &problems)
        let created = top.integer("created", in: 0...Int(Int32.max) * 1_000, &problems)
        let authority = readFingerprint(top, &problems)
        var signature: [UInt8]?
        if let (text, position) = top.text("signature", expected: "hexadecimal digits", &problems) {
            signature = Hexadecimal.decode(text)
            if signature?.isEmpty ?? true || text.utf8.count > 256 {
                problems.error(.invalidValue, at: position, "'signature' must be hexadecimal digits, at most 256")
            }
        }
        guard !problems.hasErrors, let grid, let created, let authority, let signature else {
            return (nil, problems.sorted)
        }
        let profile = GridProfile(
            grid: grid, pools: pools, leaseSeconds: leaseSeconds, created: Int64(created),
            authorityFingerprint: authority, signature: signature)
        return (profile, problems.sorted)
    }

    private static func readFingerprint(_ top: StrictMapping, _ problems: inout ProblemList) -> [UInt8]? {
        let expected = "sha256: and 64 hexadecimal digits"
        guard let (text, position) = top.text("authority", expected: expected, &problems) else { return nil }
        guard text.hasPrefix("sha256:"), let bytes = Hexadecimal.decode(String(text.dropFirst(7))), bytes.count == 32
        else {
            problems.error(.invalidValue, at: position, "'authority' must be \(expected)")
            return nil
        }
        return bytes
    }
}
