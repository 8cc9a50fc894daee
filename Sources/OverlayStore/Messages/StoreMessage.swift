import NetworkTypes
import WireFormat

/// What members say to each other about records. `identifier` is chosen by whoever asks and repeated in the answer.
enum StoreMessage: Equatable, Sendable {
    /// Asks for a promise. `clock` is the asker's Lamport time.
    case propose(identifier: UInt64, StoreKey, clock: UInt64)
    /// Promises: nobody else is promised for a while. `epoch` is the replica's Lamport time at that. Attached is what
    /// the replica has of the asker under the key, or else the last release of another.
    case vote(identifier: UInt64, StoreKey, epoch: UInt64, attached: StoreCopy?)
    /// Asks to take a tentative record, on the promise with this identifier.
    case commit(identifier: UInt64, StoreCopy)
    /// Takes back a proposal and its tentative record. Not answered.
    case withdraw(identifier: UInt64, StoreKey)
    /// Hands over a confirmed record or a release; anybody may hand on anybody's.
    case store(identifier: UInt64, StoreCopy)
    /// The replica has the record with this sequence number. Unasked, with identifier 0, to an owner whose record
    /// somebody else handed on.
    case stored(identifier: UInt64, StoreKey, sequence: UInt64)
    /// The replica does not take it. `by` and `copy` tell on whose account. Unasked, with identifier 0, to an owner
    /// whose record had to give way.
    case refusal(identifier: UInt64, StoreKey, StoreRefusalReason, by: NodeAddress?, copy: StoreCopy?)
    /// Asks for everything under the key.
    case read(identifier: UInt64, StoreKey)
    /// One of `count` records under the key; a single message without a record when there is none.
    case found(identifier: UInt64, StoreKey, index: UInt8, count: UInt8, copy: StoreCopy?)

    private enum Tag: UInt8 {
        case propose = 1
        case vote = 2
        case commit = 3
        case withdraw = 4
        case store = 5
        case stored = 6
        case refusal = 7
        case read = 8
        case found = 9
    }

    func write(to writer: inout WireWriter) {
        switch self {
        case .propose(let identifier, let key, let clock):
            begin(.propose, identifier, &writer)
            writer.write(key)
            writer.write(clock)
        case .vote(let identifier, let key, let epoch, let attached):
            begin(.vote, identifier, &writer)
            writer.write(key)
            writer.write(epoch)
            writer.write(optional: attached)
        case .commit(let identifier, let copy):
            begin(.commit, identifier, &writer)
            copy.write(to: &writer)
        case .withdraw(let identifier, let key):
            begin(.withdraw, identifier, &writer)
            writer.write(key)
        case .store(let identifier, let copy):
            begin(.store, identifier, &writer)
            copy.write(to: &writer)
        case .stored(let identifier, let key, let sequence):
            begin(.stored, identifier, &writer)
            writer.write(key)
            writer.write(sequence)
        case .refusal(let identifier, let key, let reason, let by, let copy):
            begin(.refusal, identifier, &writer)
            writer.write(key)
            writer.write(reason.rawValue)
            writer.write(UInt8(by == nil ? 0 : 1))
            if let by { writer.write(by) }
            writer.write(optional: copy)
        case .read(let identifier, let key):
            begin(.read, identifier, &writer)
            writer.write(key)
        case .found(let identifier, let key, let index, let count, let copy):
            begin(.found, identifier, &writer)
            writer.write(key)
            writer.write(index)
            writer.write(count)
            writer.write(optional: copy)
        }
    }

    private func begin(_ tag: Tag, _ identifier: UInt64, _ writer: inout WireWriter) {
        writer.write(tag.rawValue)
        writer.write(identifier)
    }

    init(reading reader: inout WireReader) throws(WireError) {
        let tag = try reader.readUInt8()
        let identifier = try reader.readUInt64()
        switch Tag(rawValue: tag) {
        case .propose:
            let key = try reader.readStoreKey()
            self = .propose(identifier: identifier, key, clock: try reader.readCounter())
        case .vote:
            let key = try reader.readStoreKey()
            let epoch = try reader.readCounter()
            self = .vote(identifier: identifier, key, epoch: epoch, attached: try reader.readOptionalCopy())
        case .commit: self = .commit(identifier: identifier, try StoreCopy(reading: &reader))
        case .withdraw: self = .withdraw(identifier: identifier, try reader.readStoreKey())
        case .store: self = .store(identifier: identifier, try StoreCopy(reading: &reader))
        case .stored:
            let key = try reader.readStoreKey()
            self = .stored(identifier: identifier, key, sequence: try reader.readCounter())
        case .refusal:
            let key = try reader.readStoreKey()
            let code = try reader.readUInt8()
            guard let reason = StoreRefusalReason(rawValue: code) else {
                throw .unknownValue(field: "refusal", value: UInt64(code))
            }
            let by = try reader.readFlag("member") ? try reader.readNodeAddress() : nil
            self = .refusal(identifier: identifier, key, reason, by: by, copy: try reader.readOptionalCopy())
        case .read: self = .read(identifier: identifier, try reader.readStoreKey())
        case .found:
            let key = try reader.readStoreKey()
            let index = try reader.readUInt8()
            let count = try reader.readUInt8()
            let copy = try reader.readOptionalCopy()
            self = .found(identifier: identifier, key, index: index, count: count, copy: copy)
        case nil: throw .unknownValue(field: "store message", value: UInt64(tag))
        }
    }
}

extension WireWriter {
    fileprivate mutating func write(optional copy: StoreCopy?) {
        write(UInt8(copy == nil ? 0 : 1))
        copy?.write(to: &self)
    }
}

extension WireReader {
    fileprivate mutating func readFlag(_ field: String) throws(WireError) -> Bool {
        switch try readUInt8() {
        case 0: return false
        case 1: return true
        default: throw .invalid(field: field)
        }
    }

    fileprivate mutating func readOptionalCopy() throws(WireError) -> StoreCopy? {
        try readFlag("record") ? try StoreCopy(reading: &self) : nil
    }

    fileprivate mutating func readCounter() throws(WireError) -> UInt64 {
        let value = try readUInt64()
        guard value <= StoreLimits.counter else { throw .invalid(field: "counter") }
        return value
    }
}
