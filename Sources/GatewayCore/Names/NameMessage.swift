package import NetworkTypes
import WireFormat

/// What gateways ask each other about the names of their hosts.
///
///     A --question(name)--> B
///     A <--answer(name, addresses)-- B
package enum NameMessage: Equatable, Sendable {
    /// Which addresses has the receiver's host with that name? An empty one is the receiver itself.
    case question(String)
    /// `nil`: there is no such host.
    case answer(String, [IPAddress]?)

    private enum Tag: UInt8 {
        case question = 1
        case answer = 2
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
        }
    }

    init(reading reader: inout WireReader) throws(WireError) {
        let tag = try reader.readUInt8()
        guard let kind = Tag(rawValue: tag) else {
            throw .unknownValue(field: "name message", value: UInt64(tag))
        }
        let name = try reader.readText("host name", limit: HostLimits.nameByteCount)
        guard name.isEmpty || SiteName.isValid(name) else { throw .invalid(field: "host name") }
        switch kind {
        case .question:
            self = .question(name)
        case .answer:
            guard try reader.readUInt8() & 1 != 0 else {
                self = .answer(name, nil)
                return
            }
            var addresses: [IPAddress] = []
            for _ in 0..<(try reader.readCount("addresses", limit: NameLimits.addresses)) {
                addresses.append(try reader.readIPAddress())
            }
            self = .answer(name, addresses)
        }
    }
}
