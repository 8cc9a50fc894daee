import NetworkTypes

/// Names that hosts give themselves, as DNS labels.
enum HostLabel {
    /// The first label of what a host calls itself, in lower case, if it is a proper one (RFC 1123 §2.1).
    static func label(from name: [UInt8]) -> String? {
        // Some clients end it with a zero byte (RFC 2132 §2).
        let first = name.prefix { $0 != UInt8(ascii: ".") && $0 != 0 }
        let lowered = first.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
        let label = String(decoding: lowered, as: UTF8.self)
        return SiteName.isValid(label) ? label : nil
    }
}
