import NetworkTypes
import WireFormat

/// What turns an address of one prefix into that of the same host in another prefix of the same length, and back.
///
/// The bits in which the two prefixes differ are turned over, which is the same both ways. A checksum over such an
/// address changes by the same amount whatever the host is: no word has a carry between the prefix's bits and the
/// host's.
struct PrefixMapping: Equatable {
    /// Changes nothing.
    static let none = PrefixMapping()

    /// The differing bits, the first half and the second of an IPv6 address; of IPv4 the upper half of the first.
    private let high: UInt64
    private let low: UInt64
    /// What a ones' complement sum over the address grows by.
    let change: UInt16

    private init() {
        (high, low, change) = (0, 0, 0)
    }

    /// From the addresses of `old` to those of `new`, which has the same family and length.
    init(from old: IPPrefix, to new: IPPrefix) {
        switch old.family {
        case .v4:
            high = (old.address.low ^ new.address.low) << 32
            low = 0
        case .v6:
            high = old.address.high ^ new.address.high
            low = old.address.low ^ new.address.low
        }
        var sum: UInt64 = 0
        for (before, after) in zip(old.address.words, new.address.words) { sum += UInt64(~before) + UInt64(after) }
        change = old == new ? 0 : InternetChecksum.fold(sum)
    }

    /// Whether addresses stay as they are.
    var isNone: Bool { high | low == 0 }

    /// Rewrites the address of a packet at `bytes`.
    @inline(__always)
    func apply(to bytes: UnsafeMutableRawPointer, isV6: Bool) {
        if isV6 {
            let first = bytes.loadUnaligned(as: UInt64.self) ^ high.bigEndian
            let second = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self) ^ low.bigEndian
            bytes.storeBytes(of: first, as: UInt64.self)
            bytes.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
        } else {
            let address = bytes.loadUnaligned(as: UInt32.self) ^ UInt32(truncatingIfNeeded: high >> 32).bigEndian
            bytes.storeBytes(of: address, as: UInt32.self)
        }
    }
}

extension IPAddress {
    /// The address as the words that checksums are made of.
    fileprivate var words: [UInt16] {
        let count = family == .v4 ? 2 : 4
        let halves = family == .v4 ? [low] : [high, low]
        return halves.flatMap { half in
            (0..<count).map { UInt16(truncatingIfNeeded: half >> UInt64(16 * (count - 1 - $0))) }
        }
    }
}
