import CNetlink

/// The attributes of a message that libnl knows no object for. Lives no longer than the message. Numbers are those of
/// netfilter, in network order.
struct NetlinkAttributes {
    private let start: UnsafeMutablePointer<nlattr>?
    private let length: Int32

    init(start: UnsafeMutablePointer<nlattr>?, length: Int32) {
        self.start = start
        self.length = length
    }

    /// Those inside of an attribute.
    init(within attribute: UnsafeMutablePointer<nlattr>) {
        start = nla_data(attribute)?.assumingMemoryBound(to: nlattr.self)
        length = nla_len(attribute)
    }

    /// Every attribute, in order.
    var all: [UnsafeMutablePointer<nlattr>] {
        var found: [UnsafeMutablePointer<nlattr>] = []
        var left = length
        var next = start
        while let attribute = next, nla_ok(attribute, left) != 0 {
            found.append(attribute)
            next = nla_next(attribute, &left)
        }
        return found
    }

    func nested(_ type: UInt32) -> NetlinkAttributes? { find(type).map(NetlinkAttributes.init(within:)) }

    func bytes(_ type: UInt32) -> [UInt8]? {
        find(type).map { attribute in
            Array(UnsafeRawBufferPointer(start: nla_data(attribute), count: Int(nla_len(attribute))))
        }
    }

    func text(_ type: UInt32) -> String? {
        bytes(type).map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    func number(_ type: UInt32) -> UInt32? {
        bytes(type).flatMap { $0.count == 4 ? $0.reduce(0) { $0 << 8 | UInt32($1) } : nil }
    }

    func number64(_ type: UInt32) -> UInt64? {
        bytes(type).flatMap { $0.count == 8 ? $0.reduce(0) { $0 << 8 | UInt64($1) } : nil }
    }

    private func find(_ type: UInt32) -> UnsafeMutablePointer<nlattr>? {
        start.flatMap { nla_find($0, length, Int32(type)) }
    }
}
