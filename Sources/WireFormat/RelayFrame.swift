/// A datagram that a relay passes on, with the header by which the relay and both ends know whose it is.
///
///     0     1..3   4         8
///     | 132 | zero | channel | datagram ...
///
/// The header is not sealed: the relay takes frames only from the two endpoints that it opened the channel for, and
/// what is inside is sealed end to end. A frame on its way out is as long as on its way in.
package enum RelayFrame {
    /// The first byte, within what RFC 7983 leaves to this protocol.
    package static let type: UInt8 = 132
    /// Bytes before the datagram.
    package static let headerByteCount = 8

    /// The channel of a frame; `nil` for what is none, or has nothing inside.
    @inline(__always)
    package static func channel(of frame: UnsafeRawBufferPointer) -> UInt32? {
        guard frame.count > headerByteCount, frame[0] == type else { return nil }
        return UInt32(bigEndian: frame.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    }

    /// Writes the header of a frame; there must be room for `headerByteCount`.
    @inline(__always)
    package static func writeHeader(channel: UInt32, to place: UnsafeMutableRawPointer) {
        place.storeBytes(of: UInt32(bigEndian: UInt32(type) << 24), as: UInt32.self)
        place.storeBytes(of: channel.bigEndian, toByteOffset: 4, as: UInt32.self)
    }
}
