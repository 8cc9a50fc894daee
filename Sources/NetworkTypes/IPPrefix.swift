/// An address block: a prefix in CIDR notation (RFC 4632). Host bits are always zero.
///
/// Ordered by family, address, then length: a covering prefix stands before what it covers.
public struct IPPrefix: Hashable, Comparable, Sendable {
    /// The first address of the block.
    public let address: IPAddress
    /// Fixed leading bits: 0 to 32 or 0 to 128.
    public let length: Int

    /// The block of `length` fixed bits that `address` lies in. `length` outside the family's range is clamped.
    public init(containing address: IPAddress, length: Int) {
        let bounded = min(max(length, 0), address.family.bitCount)
        self.length = bounded
        switch address.family {
        case .v4:
            let mask: UInt32 = bounded == 0 ? 0 : ~0 << UInt32(32 - bounded)
            self.address = IPAddress(v4: UInt32(truncatingIfNeeded: address.low) & mask)
        case .v6:
            let highMask: UInt64 = bounded == 0 ? 0 : ~0 << UInt64(max(0, 64 - bounded))
            let lowMask: UInt64 = bounded <= 64 ? 0 : ~0 << UInt64(128 - bounded)
            self.address = IPAddress(v6High: address.high & highMask, low: address.low & lowMask)
        }
    }

    /// The host prefix (/32 or /128) of `address`.
    public init(host address: IPAddress) {
        self.init(containing: address, length: address.family.bitCount)
    }

    /// The family of its addresses.
    public var family: AddressFamily { address.family }

    /// Whether `candidate` lies in this block.
    public func contains(_ candidate: IPAddress) -> Bool {
        candidate.family == family && IPPrefix(containing: candidate, length: length).address == address
    }

    /// Whether `other` equals this block or lies inside it.
    public func covers(_ other: IPPrefix) -> Bool {
        other.length >= length && contains(other.address)
    }

    /// Whether the two blocks share an address; one then covers the other.
    public func overlaps(_ other: IPPrefix) -> Bool {
        covers(other) || other.covers(self)
    }

    /// The address in `other`, a block of the same family and length, that has the same host bits as `address` has
    /// here; `nil` when `address` is not in this block or the blocks do not match.
    public func counterpart(of address: IPAddress, in other: IPPrefix) -> IPAddress? {
        guard contains(address), other.family == family, other.length == length else { return nil }
        let high = address.high ^ self.address.high ^ other.address.high
        let low = address.low ^ self.address.low ^ other.address.low
        return family == .v4 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(v6High: high, low: low)
    }

    /// The last address of the block.
    public var lastAddress: IPAddress {
        switch family {
        case .v4:
            let host: UInt32 = length == 0 ? ~0 : ~(~0 << UInt32(32 - length))
            return IPAddress(v4: UInt32(truncatingIfNeeded: address.low) | (length == 32 ? 0 : host))
        case .v6:
            let high: UInt64 = length >= 64 ? 0 : (length == 0 ? ~0 : ~0 >> UInt64(length))
            let low: UInt64 = length == 128 ? 0 : (length <= 64 ? ~0 : ~0 >> UInt64(length - 64))
            return IPAddress(v6High: address.high | high, low: address.low | low)
        }
    }

    public static func < (lhs: IPPrefix, rhs: IPPrefix) -> Bool {
        lhs.address != rhs.address ? lhs.address < rhs.address : lhs.length < rhs.length
    }
}

extension IPPrefix: CustomStringConvertible, LosslessStringConvertible {
    /// `address/length`.
    public var description: String { "\(address)/\(length)" }

    /// Reads `address/length`; `nil` when malformed or when a host bit is set.
    public init?(_ text: String) {
        guard case .success(let prefix) = IPPrefix.parse(text) else { return nil }
        self = prefix
    }

    /// Why a text is not a prefix.
    public enum ParseError: Error, Equatable, Sendable, CustomStringConvertible {
        case notAnAddress(String)
        case missingLength
        case badLength(String, limit: Int)
        /// Host bits are set; the block that was probably meant is given.
        case hostBitsSet(meant: IPPrefix)

        public var description: String {
            switch self {
            case .notAnAddress(let text): "'\(text)' is not an IP address"
            case .missingLength: "the prefix length is missing, as in 192.168.10.0/24"
            case .badLength(let text, let limit): "'\(text)' is not a prefix length from 0 to \(limit)"
            case .hostBitsSet(let meant): "host bits are set; did you mean \(meant)?"
            }
        }
    }

    /// Reads `address/length` and says what is wrong with it.
    public static func parse(_ text: String) -> Result<IPPrefix, ParseError> {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)) else {
            return .failure(.notAnAddress(parts.first.map(String.init) ?? text))
        }
        guard parts.count == 2 else { return .failure(.missingLength) }
        let limit = address.family.bitCount
        guard let length = IPAddress.parseDecimal(Array(parts[1].utf8)[...], limit: limit) else {
            return .failure(.badLength(String(parts[1]), limit: limit))
        }
        let prefix = IPPrefix(containing: address, length: length)
        guard prefix.address == address else { return .failure(.hostBitsSet(meant: prefix)) }
        return .success(prefix)
    }
}
