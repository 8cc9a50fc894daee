import COpenSSL
import LinkSecurity

/// The ciphers of both directions, from the exporter (RFC 5705) of a finished handshake:
/// client's key, server's key, client's static IV, server's static IV.
struct DTLSKeys {
    static let label = "EXPORTER-ipop-1"

    /// One direction's secret: what the named side seals with and the other opens with.
    struct Direction {
        let algorithm: AEADAlgorithm
        let key: [UInt8]
        let staticIV: [UInt8]

        func cipher(_ use: AEADCipher.Use) -> AEADCipher? {
            try? AEADCipher(algorithm, key: key, staticIV: staticIV, use: use)
        }
    }

    let client: Direction
    let server: Direction

    /// `nil` when the library gives no keys.
    init?(_ association: DTLSAssociation) {
        guard let algorithm = association.algorithm else { return nil }
        let keyCount = algorithm.keyByteCount
        let ivCount = AEADCipher.staticIVByteCount
        guard var material = association.exportKeys(label: Self.label, byteCount: 2 * (keyCount + ivCount)) else {
            return nil
        }
        defer { OPENSSL_cleanse(&material, material.count) }
        func take(_ start: Int, _ count: Int) -> [UInt8] { Array(material[start..<start + count]) }
        client = Direction(
            algorithm: algorithm, key: take(0, keyCount), staticIV: take(2 * keyCount, ivCount))
        server = Direction(
            algorithm: algorithm, key: take(keyCount, keyCount), staticIV: take(2 * keyCount + ivCount, ivCount))
    }
}
