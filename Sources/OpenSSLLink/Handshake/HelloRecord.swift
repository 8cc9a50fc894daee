/// The one application record that each side sends inside the finished DTLS handshake:
///
///     0        4              5              6                10
///     | "IPOP" | lowest vers. | highest vers. | receiver index | later fields, ignored ...
struct HelloRecord: Equatable {
    /// Versions of this protocol that a gateway speaks; a gateway speaks its own and the one before.
    static let lowestVersion: UInt8 = 1
    static let highestVersion: UInt8 = 1

    var versions: ClosedRange<UInt8>
    /// The number that the sender wants on sealed datagrams to it.
    var receiverIndex: UInt32

    private static let magic = Array("IPOP".utf8)
    private static let byteCount = 10

    init(receiverIndex: UInt32) {
        versions = Self.lowestVersion...Self.highestVersion
        self.receiverIndex = receiverIndex
    }

    /// Reads a record; `nil` when it is none of ours.
    init?(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes.prefix(Self.byteCount))
        guard bytes.count == Self.byteCount, bytes.starts(with: Self.magic), bytes[4] <= bytes[5] else { return nil }
        versions = bytes[4]...bytes[5]
        receiverIndex = bytes[6...].reduce(0) { $0 << 8 | UInt32($1) }
    }

    var bytes: [UInt8] {
        Self.magic + [versions.lowerBound, versions.upperBound]
            + (0..<4).map { UInt8(truncatingIfNeeded: receiverIndex >> UInt32(24 - 8 * $0)) }
    }

    /// The highest version that both speak; `nil` when there is none.
    func commonVersion(with peer: HelloRecord) -> UInt8? {
        let common = min(versions.upperBound, peer.versions.upperBound)
        return common >= max(versions.lowerBound, peer.versions.lowerBound) ? common : nil
    }
}
