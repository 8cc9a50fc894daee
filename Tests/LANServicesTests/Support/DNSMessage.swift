import LANServices
import NetworkTypes

/// A resolver's question, and the answer to it, byte by byte.
enum DNSMessage {
    static func question(
        _ name: String, type: UInt8 = 1, identifier: UInt8 = 7, flags: UInt8 = 1, extended: Int? = nil
    ) -> [UInt8] {
        var bytes: [UInt8] = [0, identifier, flags, 0, 0, 1, 0, 0, 0, 0, 0, extended == nil ? 0 : 1]
        for label in name.split(separator: ".") { bytes += [UInt8(label.utf8.count)] + Array(label.utf8) }
        bytes += [0, 0, type, 0, 1]
        if let extended { bytes += [0, 0, 41, UInt8(extended >> 8), UInt8(extended & 255), 0, 0, 0, 0, 0, 0] }
        return bytes
    }

    /// The name under which an address's name is asked for.
    static func reverse(_ address: IPAddress) -> String {
        if address.family == .v4 {
            return address.bytes.reversed().map { "\($0)" }.joined(separator: ".") + ".in-addr.arpa"
        }
        let digits = address.bytes.flatMap { [$0 >> 4, $0 & 15] }
        return digits.reversed().map { String($0, radix: 16) }.joined(separator: ".") + ".ip6.arpa"
    }

    /// What an answer to `question` says: its code, whether it was cut, and the data of its answer records.
    struct Answer: Equatable {
        var code: UInt8
        var isTruncated = false
        var data: [[UInt8]] = []
    }

    static func answer(_ bytes: [UInt8], to question: [UInt8]) -> Answer? {
        guard bytes.count >= 12, bytes[0..<2] == question[0..<2], bytes[2] & 0x80 != 0 else { return nil }
        var answer = Answer(code: bytes[3] & 15, isTruncated: bytes[2] & 2 != 0)
        let count = Int(bytes[6]) << 8 | Int(bytes[7])
        var place = question.count - (question[11] == 1 ? 11 : 0)
        for _ in 0..<count {
            guard bytes.count >= place + 12, bytes[place..<place + 2] == [0xc0, 12] else { return nil }
            let length = Int(bytes[place + 10]) << 8 | Int(bytes[place + 11])
            guard bytes.count >= place + 12 + length else { return nil }
            answer.data.append(Array(bytes[(place + 12)..<(place + 12 + length)]))
            place += 12 + length
        }
        return answer
    }
}
