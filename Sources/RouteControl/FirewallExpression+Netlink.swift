import CNetlink
import Glibc
import HostDiagnosis

// Expressions as nf_tables sends them (linux/netfilter/nf_tables.h): a name, and attributes that depend on it.
extension FirewallExpression {
    /// One expression; what is not understood may be anything.
    static func read(_ attributes: NetlinkAttributes) -> FirewallExpression? {
        guard let name = attributes.text(NFTA_EXPR_NAME.rawValue) else { return nil }
        let data = attributes.nested(NFTA_EXPR_DATA.rawValue) ?? NetlinkAttributes(start: nil, length: 0)
        return known(name, data) ?? .unknown
    }

    private static func known(_ name: String, _ data: NetlinkAttributes) -> FirewallExpression? {
        switch name {
        case "meta": meta(data)
        case "payload": payload(data)
        case "ct": connection(data)
        case "cmp": compare(data)
        case "range": range(data)
        case "bitwise": bitwise(data)
        case "immediate": immediate(data)
        case "lookup": data.number(NFTA_LOOKUP_DREG.rawValue) == 0 ? .verdict(.any) : .unknown
        case "queue": .verdict(.any)
        case "reject": .verdict(.reject)
        case "masq": .verdict(.rewriteSource)
        case "nat": data.number(NFTA_NAT_TYPE.rawValue) == 0 ? .verdict(.rewriteSource) : .neutral
        case "target": target(data.text(NFTA_TARGET_NAME.rawValue) ?? "")
        case "match": data.text(NFTA_MATCH_NAME.rawValue) == "comment" ? .neutral : .unknown
        case "counter", "log", "last", "notrack", "redir", "flow_offload", "objref": .neutral
        default: nil
        }
    }

    /// `nil` when it sets something, which decides nothing but may leave any register as it was.
    private static func meta(_ data: NetlinkAttributes) -> FirewallExpression? {
        guard let register = register(data, NFTA_META_DREG.rawValue) else { return .neutral }
        let field: FirewallField? =
            switch data.number(NFTA_META_KEY.rawValue) {
            case NFT_META_IIFNAME.rawValue: .inputName
            case NFT_META_OIFNAME.rawValue: .outputName
            case NFT_META_IIF.rawValue: .inputIndex
            case NFT_META_OIF.rawValue: .outputIndex
            case NFT_META_L4PROTO.rawValue: .transport
            case NFT_META_NFPROTO.rawValue: .family
            default: nil
            }
        return field.map { .load($0, register: register) } ?? .loadUnknown(register: register, count: 16)
    }

    private static func payload(_ data: NetlinkAttributes) -> FirewallExpression? {
        guard let register = register(data, NFTA_PAYLOAD_DREG.rawValue) else { return .neutral }
        guard let offset = data.number(NFTA_PAYLOAD_OFFSET.rawValue), offset < 1_024,
            let count = data.number(NFTA_PAYLOAD_LEN.rawValue), count <= 16
        else { return nil }
        switch data.number(NFTA_PAYLOAD_BASE.rawValue) {
        case NFT_PAYLOAD_NETWORK_HEADER.rawValue:
            return .load(.networkHeader(offset: Int(offset), count: Int(count)), register: register)
        case NFT_PAYLOAD_TRANSPORT_HEADER.rawValue:
            return .load(.transportHeader(offset: Int(offset), count: Int(count)), register: register)
        default:
            return .loadUnknown(register: register, count: Int(count))
        }
    }

    private static func connection(_ data: NetlinkAttributes) -> FirewallExpression? {
        guard let register = register(data, NFTA_CT_DREG.rawValue) else { return .neutral }
        let isState = data.number(NFTA_CT_KEY.rawValue) == NFT_CT_STATE.rawValue
        return isState ? .load(.connectionState, register: register) : .loadUnknown(register: register, count: 16)
    }

    private static func compare(_ data: NetlinkAttributes) -> FirewallExpression? {
        guard let register = register(data, NFTA_CMP_SREG.rawValue),
            let value = data.nested(NFTA_CMP_DATA.rawValue)?.bytes(NFTA_DATA_VALUE.rawValue)
        else { return nil }
        switch data.number(NFTA_CMP_OP.rawValue) {
        case NFT_CMP_EQ.rawValue: return .compare(register: register, isEqual: true, value)
        case NFT_CMP_NEQ.rawValue: return .compare(register: register, isEqual: false, value)
        case NFT_CMP_GTE.rawValue: return .range(register: register, isInside: true, low: value, high: most(value))
        case NFT_CMP_LTE.rawValue: return .range(register: register, isInside: true, low: least(value), high: value)
        case NFT_CMP_GT.rawValue: return .range(register: register, isInside: false, low: least(value), high: value)
        case NFT_CMP_LT.rawValue: return .range(register: register, isInside: false, low: value, high: most(value))
        default: return nil
        }
    }

    private static func least(_ value: [UInt8]) -> [UInt8] { Array(repeating: 0, count: value.count) }
    private static func most(_ value: [UInt8]) -> [UInt8] { Array(repeating: .max, count: value.count) }

    private static func range(_ data: NetlinkAttributes) -> FirewallExpression? {
        guard let register = register(data, NFTA_RANGE_SREG.rawValue),
            let low = data.nested(NFTA_RANGE_FROM_DATA.rawValue)?.bytes(NFTA_DATA_VALUE.rawValue),
            let high = data.nested(NFTA_RANGE_TO_DATA.rawValue)?.bytes(NFTA_DATA_VALUE.rawValue),
            low.count == high.count
        else { return nil }
        let isInside = data.number(NFTA_RANGE_OP.rawValue) == NFT_RANGE_EQ.rawValue
        return .range(register: register, isInside: isInside, low: low, high: high)
    }

    private static func bitwise(_ data: NetlinkAttributes) -> FirewallExpression? {
        guard let source = register(data, NFTA_BITWISE_SREG.rawValue),
            let destination = register(data, NFTA_BITWISE_DREG.rawValue)
        else { return nil }
        guard data.number(NFTA_BITWISE_OP.rawValue) ?? 0 == 0,
            let mask = data.nested(NFTA_BITWISE_MASK.rawValue)?.bytes(NFTA_DATA_VALUE.rawValue),
            let flip = data.nested(NFTA_BITWISE_XOR.rawValue)?.bytes(NFTA_DATA_VALUE.rawValue)
        else { return .loadUnknown(register: destination, count: 16) }
        return .mask(source: source, destination: destination, mask, flip: flip)
    }

    private static func immediate(_ data: NetlinkAttributes) -> FirewallExpression? {
        let content = data.nested(NFTA_IMMEDIATE_DATA.rawValue)
        guard let verdict = content?.nested(NFTA_DATA_VERDICT.rawValue) else {
            return register(data, NFTA_IMMEDIATE_DREG.rawValue).map { .loadUnknown(register: $0, count: 16) }
        }
        let chain = verdict.text(NFTA_VERDICT_CHAIN.rawValue)
        switch Int32(bitPattern: verdict.number(NFTA_VERDICT_CODE.rawValue) ?? 0) {
        case FirewallMessage.drop: return .verdict(.drop)
        case FirewallMessage.accept: return .verdict(.accept)
        case NFT_JUMP.rawValue: return chain.map { .verdict(.jump($0)) }
        case NFT_GOTO.rawValue: return chain.map { .verdict(.goto($0)) }
        case NFT_RETURN.rawValue: return .verdict(.return)
        case NFT_CONTINUE.rawValue: return .neutral
        default: return .verdict(.any)
        }
    }

    /// Targets of iptables that iptables-nft keeps as they are; those that decide nothing are many.
    private static func target(_ name: String) -> FirewallExpression {
        switch name {
        case "MASQUERADE", "SNAT", "NETMAP": .verdict(.rewriteSource)
        case "REJECT": .verdict(.reject)
        case "NFQUEUE": .verdict(.any)
        default: .neutral
        }
    }

    /// A register's place in bytes: the four old ones have 16, the newer ones 4.
    private static func register(_ data: NetlinkAttributes, _ attribute: UInt32) -> Int? {
        guard let number = data.number(attribute) else { return nil }
        return number < NFT_REG32_00.rawValue
            ? (Int(number) - 1) * Int(NFT_REG_SIZE) : Int(number - NFT_REG32_00.rawValue) * Int(NFT_REG32_SIZE)
    }
}
