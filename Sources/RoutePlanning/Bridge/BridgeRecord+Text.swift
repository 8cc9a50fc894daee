import NetworkTypes

// The record as a file: one fact a line, its words split by blanks.
//
//     ipop-bridge 1
//     phase making
//     bridge ipop-lan
//     port eth1 3c:4a:92:00:00:01 1500
//     address 192.168.10.1/24 192.168.10.255 0 128
//     route 254 0.0.0.0/0 0 3 192.168.10.254 - - - 0
//     end
extension BridgeRecord {
    private static let heading = "ipop-bridge 1", ending = "end"
    /// A file beyond this was not written here.
    package static let byteCountLimit = 65_536

    /// The text of the file.
    package var text: String {
        var lines = [Self.heading, "phase \(phase.rawValue)", "bridge \(bridge)", "port \(port) \(mac) \(mtu)"]
        for address in addresses {
            lines.append(
                "address \(address.address)/\(address.prefixLength) \(Self.word(address.broadcast)) "
                    + "\(address.scope.rawValue) \(address.flags.rawValue)")
        }
        for route in routes {
            lines.append(
                "route \(route.table.rawValue) \(route.prefix) \(route.metric) \(route.origin.rawValue) "
                    + "\(Self.word(route.gateway)) \(Self.word(route.preferredSource)) \(Self.word(route.mtu)) "
                    + "\(Self.word(route.advertisedMSS)) \(route.isOnLink ? 1 : 0)")
        }
        lines.append(Self.ending)
        return lines.joined(separator: "\n") + "\n"
    }

    /// Reads what `text` gives; `nil` when it is anything else, or cut short.
    package init?(text: String) {
        guard text.utf8.count <= Self.byteCountLimit else { return nil }
        var facts = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }[...]
        guard facts.popFirst()?.joined(separator: " ") == Self.heading,
            facts.popLast() == [Self.ending],
            let phaseFact = facts.popFirst(), phaseFact.count == 2, phaseFact[0] == "phase",
            let phase = Phase(rawValue: phaseFact[1]),
            let bridgeFact = facts.popFirst(), bridgeFact.count == 2, bridgeFact[0] == "bridge",
            let portFact = facts.popFirst(), portFact.count == 4, portFact[0] == "port",
            let mac = MACAddress(portFact[2]), let mtu = Int(portFact[3])
        else { return nil }
        self.init(
            phase: phase, bridge: bridgeFact[1], port: portFact[1], mac: mac, mtu: mtu, addresses: [], routes: [])
        for fact in facts {
            if let address = Self.address(fact) {
                addresses.append(address)
            } else if let route = Self.route(fact) {
                routes.append(route)
            } else {
                return nil
            }
        }
    }

    private static func address(_ words: [String]) -> HostAddress? {
        guard words.count == 5, words[0] == "address", let scope = UInt8(words[3]), let flags = UInt32(words[4]) else {
            return nil
        }
        let parts = words[1].split(separator: "/").map(String.init)
        guard parts.count == 2, let address = IPAddress(parts[0]), let length = Int(parts[1]),
            (0...address.family.bitCount).contains(length), let broadcast = Self.optional(words[2], IPAddress.init)
        else { return nil }
        return HostAddress(
            linkIndex: 0, address: address, prefixLength: length, broadcast: broadcast,
            scope: AddressScope(rawValue: scope), flags: HostAddressFlags(rawValue: flags))
    }

    private static func route(_ words: [String]) -> HostRoute? {
        guard words.count == 10, words[0] == "route", let table = UInt32(words[1]),
            case .success(let prefix) = IPPrefix.parse(words[2]), let metric = UInt32(words[3]),
            let origin = UInt8(words[4]), let gateway = Self.optional(words[5], IPAddress.init),
            let source = Self.optional(words[6], IPAddress.init), let mtu = Self.optional(words[7], { UInt32($0) }),
            let size = Self.optional(words[8], { UInt32($0) }), ["0", "1"].contains(words[9])
        else { return nil }
        return HostRoute(
            table: RoutingTable(rawValue: table), prefix: prefix, metric: metric,
            origin: RouteProtocol(rawValue: origin), linkIndex: 0, gateway: gateway, preferredSource: source, mtu: mtu,
            advertisedMSS: size, isOnLink: words[9] == "1")
    }

    private static func word(_ value: (some CustomStringConvertible)?) -> String { value.map { "\($0)" } ?? "-" }

    /// A value that may be absent: the outer `nil` says that it is there and wrong.
    private static func optional<Value>(_ word: String, _ read: (String) -> Value?) -> Value?? {
        if word == "-" { return .some(nil) }
        return read(word).map { .some($0) }
    }
}
