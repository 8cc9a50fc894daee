/// Datagrams on a byte stream, each behind its length in network order:
///
///     0        2
///     | length | datagram ... |
///
/// The datagram is the very one that UDP would carry. A length of zero is no datagram, so it ends the stream.
package enum StreamFrames {
    /// Bytes before each datagram.
    package static let headerByteCount = 2
    /// The longest datagram: what the length can say.
    package static let datagramByteCount = Int(UInt16.max)

    /// Appends a datagram of 1 to `datagramByteCount` bytes to what will be sent.
    package static func append(_ datagram: UnsafeRawBufferPointer, to stream: inout [UInt8]) {
        precondition(1...datagramByteCount ~= datagram.count, "the caller sends datagrams that a frame can hold")
        stream.append(UInt8(truncatingIfNeeded: datagram.count >> 8))
        stream.append(UInt8(truncatingIfNeeded: datagram.count))
        stream.append(contentsOf: datagram)
    }

    /// Hands every whole datagram at the beginning of `stream` to `body`, which may change it in place, and removes
    /// them; what is left is the beginning of the next, shorter than a frame. O(bytes).
    package static func drain(
        _ stream: inout [UInt8], _ body: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(WireError) {
        var position = 0
        var hasEmpty = false
        stream.withUnsafeMutableBytes { bytes in
            while position + headerByteCount <= bytes.count {
                let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
                if length == 0 {
                    hasEmpty = true
                    return
                }
                let start = position + headerByteCount
                guard start + length <= bytes.count else { return }
                body(UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + length]))
                position = start + length
            }
        }
        stream.removeFirst(position)
        if hasEmpty { throw .invalid(field: "frame length") }
    }
}
