import NetworkTypes

/// A `RangeTable` for each family, asked with an address as it stands in a packet.
struct AddressTable: ~Copyable {
    static let nothing: Int32 = -1

    private let v4: RangeTable<UInt32>
    private let v6: RangeTable<UInt128>

    /// Of two equal prefixes, the later one in the list counts.
    init(_ entries: [(prefix: IPPrefix, value: Int32)] = []) {
        var narrow: [RangeTable<UInt32>.Block] = []
        var wide: [RangeTable<UInt128>.Block] = []
        for (prefix, value) in entries {
            let last = prefix.lastAddress
            switch prefix.family {
            case .v4:
                narrow.append(
                    .init(
                        first: UInt32(truncatingIfNeeded: prefix.address.low),
                        last: UInt32(truncatingIfNeeded: last.low), value: value))
            case .v6:
                wide.append(.init(first: prefix.address.wide, last: last.wide, value: value))
            }
        }
        v4 = RangeTable(narrow)
        v6 = RangeTable(wide)
    }

    /// The value of the longest prefix that contains the address of `byteCount` 4 or 16 at `bytes`.
    func value(at bytes: UnsafeRawPointer, isV6: Bool) -> Int32 {
        isV6 ? v6.value(at: bytes.wide(0)) : v4.value(at: bytes.doubleWord(0))
    }
}

extension IPAddress {
    /// The address as one number.
    var wide: UInt128 { UInt128(high) << 64 | UInt128(low) }
}
