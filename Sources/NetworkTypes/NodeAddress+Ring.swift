/// A way along the ring: a number of 160 bits, modulo 2^160.
public struct RingDistance: Comparable, Hashable, Sendable {
    /// Bits 159 to 96.
    public let high: UInt64
    /// Bits 95 to 32.
    public let middle: UInt64
    /// Bits 31 to 0.
    public let low: UInt32

    @inlinable public init(high: UInt64, middle: UInt64, low: UInt32) {
        self.high = high
        self.middle = middle
        self.low = low
    }

    /// No way at all.
    @inlinable public static var zero: RingDistance { RingDistance(high: 0, middle: 0, low: 0) }

    /// The rest of the way round: 2^160 minus this.
    @inlinable public var opposite: RingDistance {
        let (low, lowBorrow) = UInt32(0).subtractingReportingOverflow(self.low)
        let (middle, middleBorrow) = difference(0, self.middle, borrow: lowBorrow)
        let (high, _) = difference(0, self.high, borrow: middleBorrow)
        return RingDistance(high: high, middle: middle, low: low)
    }

    @inlinable
    public static func < (lhs: RingDistance, rhs: RingDistance) -> Bool {
        if lhs.high != rhs.high { return lhs.high < rhs.high }
        if lhs.middle != rhs.middle { return lhs.middle < rhs.middle }
        return lhs.low < rhs.low
    }
}

extension NodeAddress {
    /// How far `other` lies ahead, going clockwise (to higher addresses, round the end).
    @inlinable
    public func clockwiseDistance(to other: NodeAddress) -> RingDistance {
        let (low, lowBorrow) = other.low.subtractingReportingOverflow(self.low)
        let (middle, middleBorrow) = difference(other.middle, self.middle, borrow: lowBorrow)
        let (high, _) = difference(other.high, self.high, borrow: middleBorrow)
        return RingDistance(high: high, middle: middle, low: low)
    }

    /// The shorter of the two ways to `other`.
    @inlinable
    public func ringDistance(to other: NodeAddress) -> RingDistance {
        let clockwise = clockwiseDistance(to: other)
        return clockwise.high >> 63 == 0 ? clockwise : clockwise.opposite
    }

    /// The address `distance` ahead, clockwise.
    @inlinable
    public func advanced(by distance: RingDistance) -> NodeAddress {
        let (low, lowCarry) = self.low.addingReportingOverflow(distance.low)
        let (middle, middleCarry) = sum(self.middle, distance.middle, carry: lowCarry)
        let (high, _) = sum(self.high, distance.high, carry: middleCarry)
        return NodeAddress(high: high, middle: middle, low: low)
    }

    /// Whether this address lies strictly inside the arc that leads clockwise from `start` to `end`.
    ///
    /// The arc from an address to itself is the whole ring without that address.
    @inlinable
    public func isBetween(_ start: NodeAddress, and end: NodeAddress) -> Bool {
        guard self != start, self != end else { return false }
        return start == end || start.clockwiseDistance(to: self) < start.clockwiseDistance(to: end)
    }
}

/// `left - right - borrow`, and whether that went below zero.
@usableFromInline
func difference(_ left: UInt64, _ right: UInt64, borrow: Bool) -> (UInt64, Bool) {
    let (first, firstBorrow) = left.subtractingReportingOverflow(right)
    let (second, secondBorrow) = first.subtractingReportingOverflow(borrow ? 1 : 0)
    return (second, firstBorrow || secondBorrow)
}

/// `left + right + carry`, and whether that went over the end.
@usableFromInline
func sum(_ left: UInt64, _ right: UInt64, carry: Bool) -> (UInt64, Bool) {
    let (first, firstCarry) = left.addingReportingOverflow(right)
    let (second, secondCarry) = first.addingReportingOverflow(carry ? 1 : 0)
    return (second, firstCarry || secondCarry)
}
