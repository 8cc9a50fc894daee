/// Why bytes from another gateway are not a message.
package enum WireError: Error, Equatable, Sendable {
    /// The message ends before its field does.
    case truncated(needed: Int, left: Int)
    /// A type, version or tag that this program does not know.
    case unknownValue(field: String, value: UInt64)
    /// A value that the field does not allow.
    case invalid(field: String)
    /// A list or a text longer than its limit.
    case tooLong(field: String, count: Int, limit: Int)
    /// Bytes are left after the message.
    case trailingBytes(Int)
}
