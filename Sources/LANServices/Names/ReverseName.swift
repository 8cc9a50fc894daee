import NetworkTypes

/// The names under which the names of addresses are asked for.
enum ReverseName {
    /// The address that `labels` stand for, in lower case: four numbers under in-addr.arpa (RFC 1035 §3.5), or 32
    /// hexadecimal digits under ip6.arpa (RFC 3596 §2.5). `nil` for other names.
    static func address(of labels: [String]) -> IPAddress? {
        guard labels.last == "arpa" else { return nil }
        let digits = labels.dropLast(2).reversed()
        switch labels.dropLast().last {
        case "in-addr" where digits.count == 4:
            let bytes = digits.compactMap { text -> UInt8? in
                guard let value = UInt8(text), String(value) == text else { return nil }
                return value
            }
            return bytes.count == 4 ? IPAddress(bytes: bytes) : nil
        case "ip6" where digits.count == 32:
            let nibbles = digits.compactMap { text -> UInt8? in
                guard text.utf8.count == 1, let value = text.first?.hexDigitValue else { return nil }
                return UInt8(value)
            }
            guard nibbles.count == 32 else { return nil }
            return IPAddress(bytes: stride(from: 0, to: 32, by: 2).map { nibbles[$0] << 4 | nibbles[$0 + 1] })
        default:
            return nil
        }
    }
}
