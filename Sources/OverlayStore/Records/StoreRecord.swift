import LinkSecurity
package import NetworkTypes
import WireFormat

/// One owner's entry under a key, signed by the owner, so that any member can hand it on.
///
///     0      | kind, name | owner 20 | length, holder | epoch 8 | sequence 8 | lifetime 4 | length 2, value |
///     state 1                                                                          length, signature
///
/// The signature is over a label, the grid's name and all of the above.
package struct StoreRecord: Equatable, Sendable {
    /// How far the owner has come.
    package enum State: UInt8, Sendable {
        /// A creator asks for it; it keeps other sites out until it is withdrawn or expires, and decides nothing else.
        case tentative = 0
        /// The owner says that a majority of the replicas holds it.
        case confirmed = 1
        /// Given up: keeps older copies from coming back.
        case released = 2
    }

    package var state: State
    package var key: StoreKey
    /// Who signed it.
    package var owner: NodeAddress
    /// The owner's site, as in its certificate.
    package var holder: String
    /// When it was created, in the Lamport time of its replicas; 0 under a shared key.
    package var epoch: UInt64
    /// A newer record of the same owner has a higher number.
    package var sequence: UInt64
    /// Seconds from its making until it is void.
    package var lifetimeSeconds: UInt32
    package var value: [UInt8]
    /// Empty until signed.
    package var signature: [UInt8] = []

    package init(
        state: State, key: StoreKey, owner: NodeAddress, holder: String, epoch: UInt64, sequence: UInt64,
        lifetimeSeconds: UInt32, value: [UInt8]
    ) {
        self.state = state
        self.key = key
        self.owner = owner
        self.holder = holder
        self.epoch = epoch
        self.sequence = sequence
        self.lifetimeSeconds = lifetimeSeconds
        self.value = value
    }

    /// Whether both cannot stand: the key is exclusive and the sites differ.
    package func conflicts(with other: StoreRecord) -> Bool {
        key == other.key && key.kind == .exclusive && holder != other.holder && state != .released
            && other.state != .released
    }

    /// Of two records that conflict, the one that was created first wins; the owner's address breaks a tie.
    package func wins(over other: StoreRecord) -> Bool {
        epoch != other.epoch ? epoch < other.epoch : owner < other.owner
    }

    /// All but the signature.
    func write(to writer: inout WireWriter) {
        writer.write(state.rawValue)
        writer.write(key)
        writer.write(owner)
        writer.write(short: Array(holder.utf8))
        writer.write(epoch)
        writer.write(sequence)
        writer.write(lifetimeSeconds)
        writer.write(block: value)
    }

    /// The bytes that are signed.
    private func signedBytes(grid: String) -> [UInt8] {
        var writer = WireWriter(capacity: 256)
        writer.write(raw: "ipop-store-record-1".utf8)
        writer.write(short: Array(grid.utf8))
        write(to: &writer)
        return writer.bytes
    }

    /// The record with the signature of its owner.
    func signed(by identity: any IdentityAuthority) -> StoreRecord {
        var record = self
        record.signature = identity.sign(signedBytes(grid: identity.own.grid))
        return record
    }

    /// Whether the key of `certificate` signed it in this grid.
    func isSigned(by certificate: [UInt8], as identity: any IdentityAuthority) -> Bool {
        identity.verifySignature(signature, of: signedBytes(grid: identity.own.grid), by: certificate)
    }
}

/// A record and how old it is. Nobody's clock is compared with another's: each member counts the age while it has the
/// record, and hands it on.
package struct StoreCopy: Equatable, Sendable {
    package var record: StoreRecord
    package var ageSeconds: UInt32

    package init(record: StoreRecord, ageSeconds: UInt32) {
        self.record = record
        self.ageSeconds = ageSeconds
    }

    /// How long it has still to live; `nil` when it is void.
    var left: Duration? {
        guard ageSeconds < record.lifetimeSeconds else { return nil }
        return .seconds(Int64(record.lifetimeSeconds - ageSeconds))
    }

    func write(to writer: inout WireWriter) {
        record.write(to: &writer)
        writer.write(short: record.signature)
        writer.write(ageSeconds)
    }

    init(reading reader: inout WireReader) throws(WireError) {
        let tag = try reader.readUInt8()
        guard let state = StoreRecord.State(rawValue: tag) else {
            throw .unknownValue(field: "record state", value: UInt64(tag))
        }
        let key = try reader.readStoreKey()
        let owner = try reader.readNodeAddress()
        let holderBytes = try reader.readShort("holder", limit: 63)
        guard let holder = String(validating: holderBytes, as: UTF8.self), SiteName.isValid(holder) else {
            throw .invalid(field: "holder")
        }
        let epoch = try reader.readUInt64()
        let sequence = try reader.readUInt64()
        guard epoch <= StoreLimits.counter, sequence <= StoreLimits.counter else { throw .invalid(field: "counter") }
        let lifetime = try reader.readUInt32()
        guard StoreLimits.lifetimeSeconds.contains(lifetime) else { throw .invalid(field: "lifetime") }
        let value = try reader.readBlock("value", limit: StoreLimits.valueByteCount)
        record = StoreRecord(
            state: state, key: key, owner: owner, holder: holder, epoch: epoch, sequence: sequence,
            lifetimeSeconds: lifetime, value: value)
        record.signature = try reader.readShort("signature", limit: StoreLimits.signatureByteCount)
        ageSeconds = try reader.readUInt32()
    }
}
