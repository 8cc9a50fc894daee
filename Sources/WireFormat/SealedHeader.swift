/// The clear-text header of a sealed datagram, 16 bytes in network order:
///
///     0      1      2        4                 8                    16
///     | type | epoch | flags | receiver index  | counter            | ciphertext ... | tag (16)
///
/// Type, epoch, flags and counter are the AEAD nonce's material and the receiver index selects the key, so a change to
/// any bit of the header fails authentication. First bytes 128 to 191 are ours (RFC 7983, RFC 9443): STUN has 0 to 3
/// and DTLS 20 to 63 on the same port.
package struct SealedHeader: Equatable, Sendable {
    /// Bytes before the ciphertext.
    @inlinable package static var byteCount: Int { 16 }
    /// Bytes of the AEAD tag behind the ciphertext.
    @inlinable package static var tagByteCount: Int { 16 }
    /// What sealing adds to a payload.
    @inlinable package static var overhead: Int { byteCount + tagByteCount }

    package var type: SealedType
    /// Which of the session's handshakes made the key, modulo 256.
    package var epoch: UInt8
    package var flags: SealedFlags
    /// The number by which the receiver finds the key; chosen by the receiver.
    package var receiverIndex: UInt32
    /// Counts every datagram sealed with this key, from 0; never repeats.
    package var counter: UInt64

    @inlinable
    package init(type: SealedType, epoch: UInt8, flags: SealedFlags, receiverIndex: UInt32, counter: UInt64) {
        self.type = type
        self.epoch = epoch
        self.flags = flags
        self.receiverIndex = receiverIndex
        self.counter = counter
    }

    /// Reads the header of a datagram of at least `byteCount` bytes; `nil` for a type that is not ours.
    @inlinable
    package init?(reading bytes: UnsafeRawPointer) {
        guard let type = SealedType(rawValue: bytes.load(as: UInt8.self)) else { return nil }
        self.type = type
        epoch = bytes.load(fromByteOffset: 1, as: UInt8.self)
        flags = SealedFlags(rawValue: UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
        receiverIndex = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        counter = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }

    /// Writes the header's 16 bytes.
    @inlinable
    package func write(to bytes: UnsafeMutableRawPointer) {
        bytes.storeBytes(of: type.rawValue, as: UInt8.self)
        bytes.storeBytes(of: epoch, toByteOffset: 1, as: UInt8.self)
        bytes.storeBytes(of: flags.rawValue.bigEndian, toByteOffset: 2, as: UInt16.self)
        bytes.storeBytes(of: receiverIndex.bigEndian, toByteOffset: 4, as: UInt32.self)
        bytes.storeBytes(of: counter.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
}

/// What a sealed datagram carries: its first byte.
package enum SealedType: UInt8, Sendable {
    /// One whole IP packet.
    case packet = 128
    /// One TCP or UDP segment, cut from a larger packet that the receiver may rebuild; a whole IP packet by itself.
    case segment = 129
    /// A piece of something larger than the path: `SealedFlags.sliceIndex` tells which.
    case slice = 130
    /// A control message between two gateways.
    case control = 131
}

/// The 16 flag bits of a sealed header. Unknown bits are zero when sent and ignored when received.
package struct SealedFlags: OptionSet, Hashable, Sendable {
    package var rawValue: UInt16

    @inlinable package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// No bits.
    @inlinable package init() { rawValue = 0 }

    // By hand, because the generic ones are not specialised in other modules, and these run for each datagram.

    /// Whether all bits of `member` are set.
    @inlinable package func contains(_ member: SealedFlags) -> Bool { rawValue & member.rawValue == member.rawValue }

    /// Sets the bits of `member`.
    @discardableResult
    @inlinable package mutating func insert(_ member: SealedFlags) -> (inserted: Bool, memberAfterInsert: SealedFlags) {
        let isNew = !contains(member)
        rawValue |= member.rawValue
        return (isNew, member)
    }

    /// The transport checksum is not computed: the sender's kernel left it to its device (VIRTIO_NET_HDR_F_NEEDS_CSUM).
    @inlinable package static var partialChecksum: SealedFlags { SealedFlags(rawValue: 1 << 0) }
    /// The sender's kernel has verified the transport checksum (VIRTIO_NET_HDR_F_DATA_VALID).
    @inlinable package static var validChecksum: SealedFlags { SealedFlags(rawValue: 1 << 1) }
    /// The first segment of a train.
    @inlinable package static var first: SealedFlags { SealedFlags(rawValue: 1 << 8) }
    /// The last segment of a train, or the last slice of a packet.
    @inlinable package static var last: SealedFlags { SealedFlags(rawValue: 1 << 9) }
    /// The slices make up a control message, not an IP packet.
    @inlinable package static var slicedControl: SealedFlags { SealedFlags(rawValue: 1 << 10) }

    /// A slice's place among those of its packet, 0 to 63; their counters are consecutive.
    @inlinable package var sliceIndex: Int {
        get { Int(rawValue >> 2 & 63) }
        set { rawValue = rawValue & ~(63 << 2) | UInt16(newValue & 63) << 2 }
    }

    /// Slices of one packet at most.
    @inlinable package static var sliceCountLimit: Int { 64 }
}
