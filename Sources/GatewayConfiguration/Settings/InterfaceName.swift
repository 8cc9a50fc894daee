/// The rule that the kernel has for names of interfaces (dev_valid_name).
package enum InterfaceName {
    /// Whether the kernel would take `text`.
    package static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...15).contains(bytes.count), text != ".", text != ".." else { return false }
        return bytes.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") }
    }

    /// What the rule is, for error messages.
    package static let rule = "1 to 15 characters, no blank, slash or colon"
}
