import NATTraversal
import NetworkTypes

/// A datagram that begins as STUN does, from a client of each family: the bytes as they are.
enum STUNRequestTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        for (client, growth) in [("198.51.100.7:4000", 12), ("[2001:db8::7]:4000", 24)] {
            var responder = BindingResponder(seed: 1)
            var buffer = [UInt8](repeating: 0, count: BindingAnswer.byteCountLimit)
            let count = buffer.withUnsafeMutableBytes {
                responder.answer(
                    input.span.bytes, from: Endpoint(client)!, now: Instant(nanoseconds: 0), into: $0)
            }
            guard count > 0 else { continue }
            let answer = Array(buffer[..<count])
            try expect(count <= input.count + growth, "an answer is \(count) bytes for \(input.count)")
            try expect(answer[4..<20] == input[4..<20], "an answer has its question's transaction")
            try expect(answer[0] == 1, "an answer is a success or an error")
            try expect(Int(answer[2]) << 8 | Int(answer[3]) == count - 20, "an answer is as long as it says")
            let again = buffer.withUnsafeMutableBytes {
                responder.answer(answer.span.bytes, from: Endpoint(client)!, now: Instant(nanoseconds: 0), into: $0)
            }
            try expect(again == 0, "an answer is not answered: two gateways would talk for ever")
        }
    }
}
