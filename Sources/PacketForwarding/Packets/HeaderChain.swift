/// A walk along the extension headers of an IPv6 packet (RFC 8200 §4).
struct HeaderChain {
    /// Far more than any real packet has.
    static let limit = 8

    /// The protocol of what begins at `offset`.
    var next: UInt8
    var offset: Int
    var isFragment = false
    var isLaterFragment = false
    /// A routing header with segments left: the packet has not reached its last destination.
    var hasRoutingHeader = false

    init(next: UInt8, offset: Int) {
        self.next = next
        self.offset = offset
    }

    /// Goes on to the transport header, or to what is no longer known; `false` when a header is cut off.
    mutating func walk(_ bytes: UnsafeRawPointer, byteCount: Int) -> Bool {
        var count = 0
        while count < Self.limit {
            count += 1
            let length: Int
            switch next {
            case 0, 43, 60:
                guard offset + 8 <= byteCount else { return false }
                length = (Int(bytes.byte(offset + 1)) + 1) * 8
                if next == 43, bytes.byte(offset + 3) > 0 { hasRoutingHeader = true }
            case 51:
                guard offset + 8 <= byteCount else { return false }
                length = (Int(bytes.byte(offset + 1)) + 2) * 4
            case 44:
                guard offset + 8 <= byteCount else { return false }
                length = 8
                isFragment = true
                isLaterFragment = bytes.word(offset + 2) & 0xfff8 != 0
            default:
                return true
            }
            guard offset + length <= byteCount else { return false }
            next = bytes.byte(offset)
            offset += length
            if isLaterFragment { return true }
        }
        return true
    }
}
