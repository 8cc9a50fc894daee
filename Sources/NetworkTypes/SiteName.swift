/// The rule that names of sites and grids follow: 1 to 63 lower-case letters, digits and hyphens, no hyphen at an end.
///
/// A name stands in certificates, file names, subnets.map and DNS labels (RFC 1035 §2.3.1), so it is kept to what
/// all allow.
public enum SiteName {
    /// Whether `text` may name a site or a grid.
    public static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...63).contains(bytes.count), bytes.first != UInt8(ascii: "-"), bytes.last != UInt8(ascii: "-") else {
            return false
        }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
            default: false
            }
        }
    }

    /// What the rule is, for error messages.
    public static let rule = "1 to 63 lower-case letters, digits and hyphens, not starting or ending with a hyphen"
}
