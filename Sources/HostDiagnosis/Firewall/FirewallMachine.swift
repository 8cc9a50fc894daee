import NetworkTypes
import RoutePlanning

/// nf_tables' machine over a packet of which only some bytes are known: one rule at a time.
struct FirewallMachine {
    /// Whether a rule's conditions hold.
    enum Match {
        case yes
        case no
        case maybe
    }

    private let packet: FirewallPacket
    private let links: [LinkIdentity]
    /// Registers as bytes; `nil` is not known.
    private var registers: [UInt8?] = Array(repeating: nil, count: FirewallMachine.registerByteCount)

    /// Sixteen registers of 4 bytes and the verdict's 16 (`struct nft_regs`).
    private static let registerByteCount = 80
    // NF_CT_STATE_BIT of linux/netfilter/nf_conntrack_common.h.
    private static let established: UInt8 = 2
    private static let new: UInt8 = 8
    /// A client has one of the dynamic ports (RFC 6335 §6): no rule is for this one.
    private static let clientPort: UInt16 = 53_999

    init(_ packet: FirewallPacket, _ links: [LinkIdentity]) {
        self.packet = packet
        self.links = links
    }

    /// Whether the rule's conditions hold, and what it does then; `nil` when it decides nothing.
    mutating func run(_ rule: FirewallRule) -> (match: Match, verdict: FirewallVerdict?) {
        var match = Match.yes
        for expression in rule.expressions {
            switch expression {
            case .verdict(let verdict): return (match, verdict)
            case .neutral: continue
            default:
                switch execute(expression) {
                case .yes: continue
                case .no: return (.no, nil)
                case .maybe: match = .maybe
                }
            }
        }
        return (match, nil)
    }

    private mutating func execute(_ expression: FirewallExpression) -> Match {
        switch expression {
        case .load(let field, let register):
            store(bytes(field), at: register)
            return .yes
        case .loadUnknown(let register, let count):
            store(Array(repeating: nil, count: count), at: register)
            return .yes
        case .compare(let register, let isEqual, let value):
            return decide(Self.equals(read(register, value.count), value), isEqual)
        case .range(let register, let isInside, let low, let high):
            guard let found = Self.known(read(register, low.count)) else { return .maybe }
            let isWithin = !found.lexicographicallyPrecedes(low) && !high.lexicographicallyPrecedes(found)
            return isWithin == isInside ? .yes : .no
        case .mask(let source, let destination, let mask, let flip):
            let found = read(source, mask.count)
            let result = mask.indices.map { index -> UInt8? in
                let flipped = flip.indices.contains(index) ? flip[index] : 0
                // What the mask leaves out does not matter.
                return mask[index] == 0 ? flipped : found[index].map { $0 & mask[index] ^ flipped }
            }
            store(result, at: destination)
            return .yes
        case .unknown:
            registers = Array(repeating: nil, count: Self.registerByteCount)
            return .maybe
        case .verdict, .neutral:
            return .yes
        }
    }

    private func decide(_ isEqual: Bool?, _ wanted: Bool) -> Match {
        isEqual.map { $0 == wanted ? .yes : .no } ?? .maybe
    }

    /// `nil` when it depends on bytes that are not known.
    private static func equals(_ found: [UInt8?], _ value: [UInt8]) -> Bool? {
        for (byte, wanted) in zip(found, value) {
            if let byte, byte != wanted { return false }
        }
        return found.contains(nil) ? nil : true
    }

    private static func known(_ bytes: [UInt8?]) -> [UInt8]? {
        let found = bytes.compactMap { $0 }
        return found.count == bytes.count ? found : nil
    }

    private func read(_ register: Int, _ count: Int) -> [UInt8?] {
        (0..<count).map { registers.indices.contains(register + $0) ? registers[register + $0] : nil }
    }

    private mutating func store(_ bytes: [UInt8?], at register: Int) {
        for (index, byte) in bytes.enumerated() where registers.indices.contains(register + index) {
            registers[register + index] = byte
        }
    }

    private func bytes(_ field: FirewallField) -> [UInt8?] {
        switch field {
        case .inputName: Self.name(packet.inputInterface)
        case .outputName: Self.name(packet.outputInterface)
        case .transport: [packet.transport]
        case .family: [packet.family == .v4 ? FirewallFamily.ip.rawValue : FirewallFamily.ip6.rawValue]
        case .inputIndex: index(packet.inputInterface)
        case .outputIndex: index(packet.outputInterface)
        case .connectionState: [packet.isAnswer ? Self.established : Self.new, 0, 0, 0]
        case .networkHeader(let offset, let count): Self.slice(networkHeader, offset, count)
        case .transportHeader(let offset, let count): Self.slice(transportHeader, offset, count)
        }
    }

    private static func name(_ text: String) -> [UInt8?] {
        let bytes = Array(text.utf8.prefix(15))
        return bytes + Array(repeating: 0, count: 16 - bytes.count)
    }

    private func index(_ name: String) -> [UInt8?] {
        guard let index = links.first(where: { $0.name == name })?.index else { return [nil, nil, nil, nil] }
        return (0..<4).map { UInt8(truncatingIfNeeded: index.littleEndian >> Int32(8 * $0)) }
    }

    private static func slice(_ bytes: [UInt8?], _ offset: Int, _ count: Int) -> [UInt8?] {
        (offset..<(offset + count)).map { bytes.indices.contains($0) ? bytes[$0] : nil }
    }

    /// RFC 791 §3.1, RFC 8200 §3.
    private var networkHeader: [UInt8?] {
        let count = packet.family.byteCount
        let source = packet.source.map { $0.bytes.map(Optional.some) } ?? Array(repeating: nil, count: count)
        let destination = packet.destination.map { $0.bytes.map(Optional.some) } ?? Array(repeating: nil, count: count)
        let front: [UInt8?] = Array(repeating: nil, count: packet.family == .v4 ? 9 : 6) + [packet.transport]
        let behind: [UInt8?] = Array(repeating: nil, count: packet.family == .v4 ? 2 : 1)
        return front + behind + source + destination
    }

    /// Two ports (RFC 9293 §3.1, RFC 768), or an echo request or its answer (RFC 792, RFC 4443 §4).
    private var transportHeader: [UInt8?] {
        switch packet.transport {
        case 1: return [packet.isAnswer ? 0 : 8, 0]
        case 58: return [packet.isAnswer ? 129 : 128, 0]
        default:
            guard let port = packet.port else { return [nil, nil, nil, nil] }
            let ports = packet.isAnswer ? [port, Self.clientPort] : [Self.clientPort, port]
            return ports.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        }
    }
}
