import NetworkTypes

/// Reads subnets.map: `SITE SUBNET VIRTUAL-PREFIX` a line, columns split by blanks, `#` to the end of the line.
package enum SubnetMapReader {
    /// A file beyond this is refused.
    package static let byteCountLimit = 1 << 20

    /// The map that `bytes` hold, and every problem in the file's order. The map is `nil` if one is an error.
    ///
    /// With `site`, the own site's name, lines that make no sense for it are errors too (`*` for itself).
    package static func map(from bytes: [UInt8], file: String, site: String? = nil) -> (
        map: SubnetMap?, problems: [ConfigurationProblem]
    ) {
        var reading = SubnetMapReading(file: file, site: site)
        guard bytes.count <= byteCountLimit else {
            reading.problems.error(.syntax, at: nil, "the file is longer than \(byteCountLimit) bytes")
            return (nil, reading.problems.sorted)
        }
        var number = 0
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            reading.readLine(line, number: number)
            if reading.problems.isFull { break }
        }
        reading.checkOverlaps()
        return (reading.problems.hasErrors ? nil : SubnetMap(entries: reading.entries), reading.problems.sorted)
    }
}

/// The state of one reading.
private struct SubnetMapReading {
    private struct Word {
        let text: String
        let position: SourcePosition
    }

    let site: String?
    var problems: ProblemList
    private(set) var entries: [SubnetMap.Entry] = []

    init(file: String, site: String?) {
        problems = ProblemList(file: file)
        self.site = site
    }

    mutating func readLine(_ line: ArraySlice<UInt8>, number: Int) {
        guard let words = words(of: line, number: number), let first = words.first else { return }
        guard SiteName.isValid(first.text) else {
            let lower = first.text.lowercased()
            problems.error(
                .invalidValue, at: first.position, "'\(first.text)' cannot name a site: a name has \(SiteName.rule)",
                suggestion: SiteName.isValid(lower) ? "did you mean '\(lower)'?" : nil)
            return
        }
        guard words.count >= 3 else {
            let end = words[words.count - 1]
            let missing = words.count == 1 ? "the subnet" : "the virtual prefix"
            problems.error(
                .missingKey, at: end.position, "\(missing) is missing behind '\(end.text)'",
                suggestion: "a line is SITE SUBNET same, SITE SUBNET auto, SITE SUBNET PREFIX, SITE bridged PREFIX, "
                    + "SITE * PREFIX or SITE * deny")
            return
        }
        for option in words.dropFirst(3) {
            problems.error(
                .invalidValue, at: option.position, "unknown option '\(option.text)'",
                suggestion: "this version has no options; a comment begins with '#'")
        }
        if words[1].text == "*" {
            readPolicy(site: first, target: words[2])
        } else if words[1].text == "bridged" {
            readBridged(site: first, target: words[2])
        } else {
            readExport(site: first, subnet: words[1], target: words[2])
        }
    }

    private mutating func readExport(site owner: Word, subnet: Word, target: Word) {
        let prefix = exported(subnet)
        switch target.text {
        case "same":
            if let prefix { append(.same(prefix), of: owner, at: subnet, target) }
        case "auto":
            if let prefix { append(.leased(prefix), of: owner, at: subnet, target) }
        case "deny", "accept":
            problems.error(
                .invalidValue, at: target.position, "'\(target.text)' is for all of a site",
                suggestion: "did you mean '\(owner.text) * \(target.text)'?")
        default:
            guard let virtual = self.prefix(target, orWords: ["same", "auto", "deny", "accept"]), let prefix,
                isMapping(prefix, to: virtual, at: target)
            else { return }
            append(.mapped(prefix, to: virtual), of: owner, at: subnet, target)
        }
    }

    /// The subnet of an export; `nil` with a problem when it is none.
    private mutating func exported(_ subnet: Word) -> IPPrefix? {
        guard let prefix = prefix(subnet, orWords: ["*", "bridged"]) else { return nil }
        if prefix.length == 0 {
            problems.error(
                .invalidValue, at: subnet.position, "\(prefix) is every address there is, not a subnet",
                suggestion: "export the subnets that the site has")
            return nil
        }
        return isRoutable(prefix, at: subnet) ? prefix : nil
    }

    private mutating func isRoutable(_ prefix: IPPrefix, at word: Word) -> Bool {
        guard prefix.address.isMulticast || prefix.address.isLoopback || prefix.address.isLinkLocal else { return true }
        problems.error(
            .invalidValue, at: word.position, "\(prefix) cannot be reached from elsewhere",
            suggestion: "loopback, link-local and multicast blocks are not exported")
        return false
    }

    /// Whether hosts of `subnet` can have addresses of `virtual`, each its own.
    private mutating func isMapping(_ subnet: IPPrefix, to virtual: IPPrefix, at target: Word) -> Bool {
        if virtual == subnet {
            problems.error(
                .invalidValue, at: target.position, "a subnet that keeps its addresses is written 'same'",
                suggestion: "write 'same'")
            return false
        }
        if virtual.family != subnet.family {
            problems.error(
                .invalidValue, at: target.position, "\(virtual) is of another family than \(subnet)",
                suggestion: "a virtual prefix is of its subnet's family; 'auto' leases one")
            return false
        }
        if virtual.length != subnet.length {
            let meant = IPPrefix(containing: virtual.address, length: subnet.length)
            problems.error(
                .invalidValue, at: target.position,
                "\(virtual) has another length than \(subnet), and each host keeps its part of the address",
                suggestion: "did you mean '\(meant)'?")
            return false
        }
        return isRoutable(virtual, at: target)
    }

    private mutating func readBridged(site owner: Word, target: Word) {
        guard let subnet = prefix(target, orWords: []) else { return }
        guard subnet.length > 0, !subnet.address.isMulticast, !subnet.address.isLoopback, !subnet.address.isLinkLocal
        else {
            problems.error(
                .invalidValue, at: target.position, "\(subnet) cannot be a bridged subnet",
                suggestion: "take a subnet of the grid's pool")
            return
        }
        // The subnet's own address, the service address, the broadcast address: a host is left from 4 addresses on.
        guard subnet.length <= subnet.family.bitCount - 2 else {
            problems.error(
                .invalidValue, at: target.position, "\(subnet) has no room for hosts",
                suggestion: "take a subnet of at least 4 addresses")
            return
        }
        for entry in entries where entry.site == owner.text {
            guard case .bridged = entry.rule else { continue }
            problems.error(
                .duplicate, at: target.position,
                "'\(owner.text)' bridges into another subnet at line \(entry.position.line) already",
                suggestion: "a site's LAN hosts live in one subnet; keep one")
            return
        }
        append(.bridged(subnet), of: owner, at: target, target)
    }

    private mutating func readPolicy(site owner: Word, target: Word) {
        if owner.text == site {
            problems.error(
                .invalidValue, at: owner.position, "'\(owner.text)' is this site itself, and '*' is for other sites",
                suggestion: "an export is written '\(owner.text) SUBNET same'")
            return
        }
        switch target.text {
        case "deny":
            append(.deny, of: owner, at: target, target)
        case "accept":
            append(.acceptAll, of: owner, at: target, target)
        case "same", "auto":
            problems.error(
                .invalidValue, at: target.position, "'\(target.text)' is for exported subnets",
                suggestion: "after '*' stands the prefix to accept, 'accept' or 'deny'")
        default:
            guard let prefix = prefix(target, orWords: ["deny", "accept"]) else { return }
            append(.acceptPrefix(prefix), of: owner, at: target, target)
        }
    }

    private mutating func append(_ rule: SubnetMap.Rule, of owner: Word, at word: Word, _ target: Word) {
        entries.append(
            SubnetMap.Entry(
                site: owner.text, rule: rule, position: word.position, targetPosition: target.position))
    }

    /// Reports lines that contradict earlier ones. O(n log n): both searches run over sorted lines.
    mutating func checkOverlaps() {
        let bySite = entries.indices.sorted { (entries[$0].site, $0) < (entries[$1].site, $1) }
        var start = 0
        while start < bySite.count {
            var end = start
            while end < bySite.count, entries[bySite[end]].site == entries[bySite[start]].site { end += 1 }
            checkSite(Array(bySite[start..<end]))
            start = end
        }
        let byPrefix = entries.indices.filter { entries[$0].rule.prefix != nil }
            .sorted { (entries[$0].rule.prefix!, $0) < (entries[$1].rule.prefix!, $1) }
        // A part of a site's prefix may well belong to another site: the longest prefix wins. The very same cannot.
        for (earlier, later) in zip(byPrefix, byPrefix.dropFirst())
        where entries[earlier].rule.prefix == entries[later].rule.prefix && entries[earlier].site != entries[later].site
        {
            // But a bridged subnet is shared by all sites that bridge into it.
            if case (.bridged, .bridged) = (entries[earlier].rule, entries[later].rule) { continue }
            reportShared(earlier, later)
        }
    }

    /// `lines`: the indices of one site's entries, in the file's order.
    private mutating func checkSite(_ lines: [Int]) {
        if let whole = lines.first(where: { entries[$0].rule.isWhole }) {
            for other in lines where other != whole {
                let (earlier, later) = (min(whole, other), max(whole, other))
                let line = entries[earlier].position.line
                if entries[earlier].rule == entries[later].rule {
                    problems.error(
                        .duplicate, at: entries[later].position, "the same stands at line \(line) already",
                        suggestion: "remove one")
                } else {
                    problems.error(
                        .overlap, at: entries[later].position,
                        "this contradicts line \(line), which also says what to accept from '\(entries[later].site)'",
                        suggestion: "keep one of the two")
                }
            }
            return
        }
        checkNesting(lines, isVirtual: false)
        checkNesting(lines, isVirtual: true)
    }

    /// Reports lines of one site whose subnets, or whose prefixes in the grid, overlap.
    private mutating func checkNesting(_ lines: [Int], isVirtual: Bool) {
        let blocks = lines.compactMap { line in
            (isVirtual ? entries[line].rule.prefix : entries[line].rule.subnet).map { (block: $0, line: line) }
        }
        // A covering prefix stands before what it covers, and prefixes nest or are apart: comparing each with the last
        // one that no other covered finds every overlap.
        var cover: (block: IPPrefix, line: Int)?
        for item in blocks.sorted(by: { ($0.block, $0.line) < ($1.block, $1.line) }) {
            if let cover, cover.block.covers(item.block) {
                let (earlier, later) = cover.line < item.line ? (cover, item) : (item, cover)
                reportOverlap(earlier, later, isVirtual: isVirtual)
            } else {
                cover = item
            }
        }
    }

    private mutating func reportOverlap(
        _ earlier: (block: IPPrefix, line: Int), _ later: (block: IPPrefix, line: Int), isVirtual: Bool
    ) {
        let (first, second) = (entries[earlier.line], entries[later.line])
        // Of subnets that keep their addresses it has been told before.
        if isVirtual, first.rule.subnet == first.rule.prefix, second.rule.subnet == second.rule.prefix { return }
        let position = isVirtual ? second.prefixPosition : second.position
        let line = first.position.line
        if earlier.block == later.block {
            problems.error(
                .duplicate, at: position, "\(later.block) stands at line \(line) already", suggestion: "remove one")
        } else {
            problems.error(
                .overlap, at: position, "\(later.block) overlaps \(earlier.block) at line \(line)",
                suggestion: "keep the larger, or split it")
        }
    }

    /// Two sites that are given one prefix of the grid.
    private mutating func reportShared(_ earlier: Int, _ later: Int) {
        let (first, second) = (entries[earlier], entries[later])
        guard let prefix = second.rule.prefix else { return }
        let own = [first, second].first { $0.rule.subnet == prefix && $0.site == site }
        let way = own.map { "'\($0.site) \(prefix) auto' leases another for this site's" } ?? "keep one of the two"
        problems.error(
            .overlap, at: second.prefixPosition,
            "\(prefix) stands at line \(first.position.line) already, for '\(first.site)'",
            suggestion: "one prefix belongs to one site; \(way)")
    }

    private mutating func prefix(_ word: Word, orWords words: [String]) -> IPPrefix? {
        switch IPPrefix.parse(word.text) {
        case .success(let prefix):
            return prefix
        case .failure(.hostBitsSet(let meant)):
            problems.error(
                .invalidValue, at: word.position, "'\(word.text)' has host bits set",
                suggestion: "did you mean '\(meant)'?")
        case .failure(.missingLength):
            let length = IPAddress(word.text)?.family == .v6 ? 64 : 24
            let meant = IPAddress(word.text).map { IPPrefix(containing: $0, length: length) }
            problems.error(
                .invalidValue, at: word.position, "'\(word.text)' has no prefix length",
                suggestion: meant.map { "did you mean '\($0)'?" })
        case .failure(.badLength(let text, let limit)):
            problems.error(
                .invalidValue, at: word.position, "'\(text)' is not a prefix length from 0 to \(limit)")
        case .failure(.notAnAddress):
            problems.error(
                .invalidValue, at: word.position,
                words.isEmpty
                    ? "'\(word.text)' is not a prefix"
                    : "'\(word.text)' is neither a prefix nor one of \(words.joined(separator: ", "))",
                suggestion: NameSuggestion.nearest(to: word.text, among: words).map { "did you mean '\($0)'?" })
        }
        return nil
    }

    /// The columns of a line; `nil` when it is not text.
    private mutating func words(of line: ArraySlice<UInt8>, number: Int) -> [Word]? {
        let end = line.firstIndex(of: UInt8(ascii: "#")) ?? line.endIndex
        guard let text = String(validating: line, as: UTF8.self) else {
            problems.error(.syntax, at: SourcePosition(line: number, column: 1), "the line is not UTF-8 text")
            return nil
        }
        if let odd = text.unicodeScalars.first(where: {
            $0.value < 0x20 && $0 != "\t" && $0 != "\r" || $0.value == 0x7f
        }) {
            let code = Hexadecimal.encode([UInt8(truncatingIfNeeded: odd.value)])
            problems.error(
                .syntax, at: SourcePosition(line: number, column: 1), "the line has the control character 0x\(code)")
            return nil
        }
        var words: [Word] = []
        var column = 1
        var start = 1
        var current = String.UnicodeScalarView()
        for scalar in String(decoding: line[..<end], as: UTF8.self).unicodeScalars {
            if scalar == " " || scalar == "\t" || scalar == "\r" {
                if !current.isEmpty { words.append(Word(text: String(current), position: at(number, start))) }
                current = String.UnicodeScalarView()
                start = column + 1
            } else {
                current.append(scalar)
            }
            column += 1
        }
        if !current.isEmpty { words.append(Word(text: String(current), position: at(number, start))) }
        return words
    }

    private func at(_ line: Int, _ column: Int) -> SourcePosition { SourcePosition(line: line, column: column) }
}
