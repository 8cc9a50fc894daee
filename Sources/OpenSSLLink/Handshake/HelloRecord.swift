/// The one application record that each side sends inside the finished DTLS handshake:
///
///     0        4              5               6      7                11
///     | "IPOP" | lowest vers. | highest vers. | flags | receiver index | later fields, ignored ...
///
/// Flag 1 says that the sender has the receiver's hello. One without it wants an answer, one with it does not: so two
/// sides that both repeat their hello come to rest.
struct HelloRecord: Equatable {
    /// Versions of this protocol that a gateway speaks; a gateway speaks its own and the one before.
    static let lowestVersion: UInt8 = 1
    static let highestVersion: UInt8 = 1

    var versions: ClosedRange<UInt8>
    /// The number that the sender wants on sealed datagrams to it.
    var receiverIndex: UInt32
    /// Whether the sender has had the receiver's hello.
    var isAnswer = false

    private static let magic = Array("IPOP".utf8)
    private static let byteCount = 11

    init(receiverIndex: UInt32) {
        versions = Self.lowestVersion...Self.highestVersion
        self.receiverIndex = receiverIndex
    }

    /// Reads a record; `nil` when it is none of ours.
    init?(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes.prefix(Self.byteCount))
        guard bytes.count == Self.byteCount, bytes.starts(with: Self.magic), bytes[4] <= bytes[5] else { return nil }
        versions = bytes[4]...bytes[5]
        isAnswer = bytes[6] & 1 != 0
        receiverIndex = bytes[7...].reduce(0) { $0 << 8 | UInt32($1) }
    }

    var bytes: [UInt8] {
        Self.magic + [versions.lowerBound, versions.upperBound, isAnswer ? 1 : 0]
            + (0..<4).map { UInt8(truncatingIfNeeded: receiverIndex >> UInt32(24 - 8 * $0)) }
    }

    /// The highest version that both speak; `nil` when there is none.
    func commonVersion(with peer: HelloRecord) -> UInt8? {
        let common = min(versions.upperBound, peer.versions.upperBound)
        return common >= max(versions.lowerBound, peer.versions.lowerBound) ? common : nil
    }
}
