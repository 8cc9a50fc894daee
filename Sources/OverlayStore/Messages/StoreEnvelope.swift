import LinkSecurity
import NetworkTypes
import WireFormat

/// A message on its way, signed by its sender.
///
///     0         1           21            41
///     | version | sender 20 | receiver 20 | message | length, signature
///
/// The signature is over a label, the grid's name and all before it: no member can pass off another's message as its
/// own, or hand it to somebody it was not meant for.
struct StoreEnvelope {
    var sender: NodeAddress
    var receiver: NodeAddress
    var message: StoreMessage
    private var signed: ArraySlice<UInt8> = []
    private var signature: [UInt8] = []

    private static let version: UInt8 = 1

    init(sender: NodeAddress, receiver: NodeAddress, message: StoreMessage) {
        self.sender = sender
        self.receiver = receiver
        self.message = message
    }

    /// The envelope's bytes, signed by its sender.
    func sealed(by identity: any IdentityAuthority) -> [UInt8] {
        var writer = WireWriter(capacity: 512)
        writer.write(Self.version)
        writer.write(sender)
        writer.write(receiver)
        message.write(to: &writer)
        let signature = identity.sign(Self.signedBytes(writer.bytes[...], grid: identity.own.grid))
        writer.write(short: signature)
        return writer.bytes
    }

    /// An envelope as it came, not yet verified.
    init(reading bytes: [UInt8]) throws(WireError) {
        let span = bytes.span
        var reader = WireReader(span.bytes)
        let version = try reader.readUInt8()
        guard version == Self.version else {
            throw .unknownValue(field: "store version", value: UInt64(version))
        }
        sender = try reader.readNodeAddress()
        receiver = try reader.readNodeAddress()
        message = try StoreMessage(reading: &reader)
        signed = bytes[..<(bytes.count - reader.left)]
        signature = try reader.readShort("signature", limit: StoreLimits.signatureByteCount)
        try reader.finish()
    }

    /// Whether the key of `certificate` sealed it in this grid.
    func isSealed(by certificate: [UInt8], as identity: any IdentityAuthority) -> Bool {
        identity.verifySignature(
            signature, of: Self.signedBytes(signed, grid: identity.own.grid), by: certificate)
    }

    private static func signedBytes(_ bytes: ArraySlice<UInt8>, grid: String) -> [UInt8] {
        var writer = WireWriter(capacity: bytes.count + 96)
        writer.write(raw: "ipop-store-message-1".utf8)
        writer.write(short: Array(grid.utf8))
        writer.write(raw: bytes)
        return writer.bytes
    }
}
