package import NetworkTypes
import WireFormat

/// What an operator's gateway asks another one: what it finds on the way of a packet to one of its hosts.
package struct OperatorQuestion: Equatable, Sendable {
    package var source: IPAddress
    /// Behind the gateway that is asked; of the source's family.
    package var destination: IPAddress
    /// The IP header's protocol.
    package var transport: UInt8
    /// The destination's port; 0 for protocols without ports.
    package var port: UInt16

    package init(source: IPAddress, destination: IPAddress, transport: UInt8, port: UInt16) {
        self.source = source
        self.destination = destination
        self.transport = transport
        self.port = port
    }

    func write(to writer: inout WireWriter) {
        writer.write(source)
        writer.write(destination)
        writer.write(transport)
        writer.write(port)
    }

    init(from reader: inout WireReader) throws(WireError) {
        source = try reader.readIPAddress()
        destination = try reader.readIPAddress()
        transport = try reader.readUInt8()
        port = try reader.readUInt16()
        guard source.family == destination.family else { throw .invalid(field: "question") }
    }
}

/// What the gateway that was asked has found: steps in the order in which a packet takes them.
package struct OperatorAnswer: Equatable, Sendable {
    /// One thing that must be so for the packet to pass.
    package struct Step: Equatable, Sendable {
        package var name: String
        /// `nil` when it cannot be told.
        package var isPassed: Bool?
        package var text: String
        /// Of a step that fails; else empty.
        package var code: String
        package var fix: String

        /// Each text is cut to its limit.
        package init(name: String, isPassed: Bool?, text: String, code: String = "", fix: String = "") {
            self.name = name.cut(to: OperatorLimits.nameByteCount)
            self.isPassed = isPassed
            self.text = text.cut(to: OperatorLimits.textByteCount)
            self.code = code.cut(to: OperatorLimits.nameByteCount)
            self.fix = fix.cut(to: OperatorLimits.textByteCount)
        }
    }

    package private(set) var steps: [Step]

    /// Of more steps than the limit the first are taken.
    package init(steps: [Step]) {
        self.steps = Array(steps.prefix(OperatorLimits.steps))
    }

    func write(to writer: inout WireWriter) {
        writer.write(count: steps.count)
        for step in steps {
            writer.write(text: step.name)
            writer.write(step.isPassed.map { $0 ? 1 : 0 } ?? UInt8(2))
            writer.write(text: step.text)
            writer.write(text: step.code)
            writer.write(text: step.fix)
        }
    }

    init(from reader: inout WireReader) throws(WireError) {
        let count = try reader.readCount("steps", limit: OperatorLimits.steps)
        steps = []
        for _ in 0..<count {
            let name = try reader.readText("name", limit: OperatorLimits.nameByteCount)
            let outcome = try reader.readUInt8()
            guard outcome <= 2 else { throw .unknownValue(field: "outcome", value: UInt64(outcome)) }
            let text = try reader.readText("text", limit: OperatorLimits.textByteCount)
            let code = try reader.readText("code", limit: OperatorLimits.nameByteCount)
            let fix = try reader.readText("fix", limit: OperatorLimits.textByteCount)
            steps.append(
                Step(name: name, isPassed: outcome == 2 ? nil : outcome == 1, text: text, code: code, fix: fix))
        }
    }
}

/// Limits of what gateways ask each other for their operators.
package enum OperatorLimits {
    /// Bytes of a step's name and of its code.
    package static let nameByteCount = 40
    /// Bytes of a step's text and of its fix.
    package static let textByteCount = 400
    /// Steps of an answer, which is so at most 16 * (2 * 42 + 1 + 2 * 402) = 14,224 bytes.
    package static let steps = 16
    /// Questions of this gateway that wait for their answers.
    package static let questions = 64
    /// Questions that are answered within `window`, in all and for one member: each reads the kernel's state.
    package static let answers = 16
    package static let answersForOne = 4
    package static let window: Duration = .seconds(1)
}

extension String {
    /// The longest beginning of at most so many bytes of UTF-8 that ends with a whole character.
    fileprivate func cut(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = startIndex
        var count = 0
        for character in self {
            count += character.utf8.count
            if count > limit { break }
            end = index(after: end)
        }
        return String(self[..<end])
    }
}
