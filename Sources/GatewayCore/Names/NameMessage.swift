package import NetworkTypes
import WireFormat

/// What gateways ask each other about the names of their hosts.
///
///     A --question(name)--> B
///     A <--answer(name, addresses)-- B
///     A --addressQuestion(address)--> B
///     A <--addressAnswer(address, name)-- B
package enum NameMessage: Equatable, Sendable {
    /// Which addresses has the receiver's host with that name? An empty one is the receiver itself.
    case question(String)
    /// `nil`: there is no such host.
    case answer(String, [IPAddress]?)
    /// What is this address of the receiver's site called?
    case addressQuestion(IPAddress)
    /// Empty: it is the sender's own. `nil`: it has no name.
    case addressAnswer(IPAddress, String?)

    private enum Tag: UInt8 {
        case question = 1
        case answer = 2
        case addressQuestion = 3
        case addressAnswer = 4
    }

    func write(to writer: inout WireWriter) {
        switch self {
        case .question(let name):
            writer.write(Tag.question.rawValue)
            writer.write(text: name)
        case .answer(let name, let addresses):
            writer.write(Tag.answer.rawValue)
            writer.write(text: name)
            writer.write(UInt8(addresses == nil ? 0 : 1))
            guard let addresses else { return }
            writer.write(count: addresses.count)
            for address in addresses { writer.write(address) }
        case .addressQuestion(let address):
            writer.write(Tag.addressQuestion.rawValue)
            writer.write(address)
        case .addressAnswer(let address, let name):
            writer.write(Tag.addressAnswer.rawValue)
            writer.write(address)
            writer.write(UInt8(name == nil ? 0 : 1))
            if let name { writer.write(text: name) }
        }
    }

    init(reading reader: inout WireReader) throws(WireError) {
        let tag = try reader.readUInt8()
        switch Tag(rawValue: tag) {
        case .question:
            self = .question(try reader.readHostName())
        case .answer:
            let name = try reader.readHostName()
            guard try reader.readUInt8() & 1 != 0 else {
                self = .answer(name, nil)
                return
            }
            var addresses: [IPAddress] = []
            for _ in 0..<(try reader.readCount("addresses", limit: NameLimits.addresses)) {
                addresses.append(try reader.readIPAddress())
            }
            self = .answer(name, addresses)
        case .addressQuestion:
            self = .addressQuestion(try reader.readIPAddress())
        case .addressAnswer:
            let address = try reader.readIPAddress()
            let hasName = try reader.readUInt8() & 1 != 0
            self = .addressAnswer(address, hasName ? try reader.readHostName() : nil)
        case nil:
            throw .unknownValue(field: "name message", value: UInt64(tag))
        }
    }
}

extension WireReader {
    /// A name, or nothing.
    fileprivate mutating func readHostName() throws(WireError) -> String {
        let name = try readText("host name", limit: HostLimits.nameByteCount)
        guard name.isEmpty || SiteName.isValid(name) else { throw .invalid(field: "host name") }
        return name
    }
}
