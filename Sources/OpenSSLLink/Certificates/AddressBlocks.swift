import COpenSSL
import COpenSSLShims
import NetworkTypes

/// RFC 3779 §2: the IP address blocks of a certificate.
enum AddressBlocks {
    /// Ranges of one certificate at most.
    static let countLimit = 4096

    /// The blocks of an authority: all of both families, since a site's blocks must nest in them.
    static let everything = [
        IPPrefix(containing: IPAddress(v4: 0), length: 0),
        IPPrefix(containing: IPAddress(v6High: 0, low: 0), length: 0),
    ]

    /// Adds the critical extension, or nothing for no prefixes (an empty extension would be an invalid one).
    static func add(_ prefixes: [IPPrefix], to certificate: OpaquePointer) throws(OpenSSLError) {
        let disjoint = self.disjoint(prefixes)
        guard disjoint.count <= countLimit else { throw .malformed("more than \(countLimit) prefixes") }
        if disjoint.isEmpty { return }
        let ranges = disjoint.map { prefix in
            var range = ossl_address_range()
            range.family = prefix.family.rawValue
            withUnsafeMutableBytes(of: &range.first) { $0.copyBytes(from: prefix.address.bytes) }
            withUnsafeMutableBytes(of: &range.last) { $0.copyBytes(from: prefix.lastAddress.bytes) }
            return range
        }
        guard ossl_certificate_add_address_blocks(certificate, ranges, ranges.count) == 1 else {
            throw .last("adding address blocks")
        }
    }

    /// The blocks as the fewest prefixes, ordered; empty without the extension, `nil` when it is malformed.
    static func read(from certificate: OpaquePointer) -> [IPPrefix]? {
        var isMalformed = false
        let ranges = [ossl_address_range](unsafeUninitializedCapacity: countLimit) { buffer, initialized in
            let count = Int(ossl_certificate_address_blocks(certificate, buffer.baseAddress, countLimit))
            initialized = max(0, count)
            isMalformed = count < 0
        }
        if isMalformed { return nil }
        var result: [IPPrefix] = []
        for range in ranges {
            guard let family = AddressFamily(rawValue: range.family),
                let first = address(range.first, family), let last = address(range.last, family), first <= last
            else { return nil }
            result += prefixes(from: first, through: last)
            guard result.count <= countLimit else { return nil }
        }
        return result.sorted()
    }

    private static func address<Bytes>(_ bytes: Bytes, _ family: AddressFamily) -> IPAddress? {
        withUnsafeBytes(of: bytes) { IPAddress(bytes: $0.prefix(family.byteCount)) }
    }

    /// The prefixes without those that another one covers; the library refuses overlaps.
    static func disjoint(_ prefixes: [IPPrefix]) -> [IPPrefix] {
        var result: [IPPrefix] = []
        // A covering prefix sorts before what it covers.
        for prefix in prefixes.sorted() where result.last?.covers(prefix) != true {
            result.append(prefix)
        }
        return result
    }

    /// The fewest prefixes that make up the addresses from `first` to `last`.
    static func prefixes(from first: IPAddress, through last: IPAddress) -> [IPPrefix] {
        var result: [IPPrefix] = []
        var next = first
        while next <= last {
            var best = IPPrefix(host: next)
            while best.length > 0 {
                let wider = IPPrefix(containing: next, length: best.length - 1)
                guard wider.address == next, wider.lastAddress <= last else { break }
                best = wider
            }
            result.append(best)
            let end = best.lastAddress
            if end >= last { break }
            next = end.advanced(by: 1)
        }
        return result
    }
}
