import LinuxSystem
import NetworkTypes
import RouteControl
import RoutePlanning
import Testing

/// The LAN's bridge on a real kernel.
@Suite struct BridgeTests {
    /// A LAN with what may have to move: several addresses, routes with and without a gateway.
    private static func host() throws -> TestHost {
        let host = try TestHost()
        try host.shell("ip address add 192.168.21.1/24 brd + dev lan0")
        try host.shell("ip route add 10.50.0.0/16 via 192.168.20.254 dev lan0 metric 7 src 192.168.20.1")
        try host.shell("ip route add 10.60.0.0/16 dev lan0 proto static")
        try host.shell("ip route add 10.70.0.0/16 via 192.168.20.254 table 1000")
        try host.shell("ip -6 route add fd50::/64 via fd20::9 dev lan0 metric 33")
        try host.shell("ip tuntap add dev tap0 mode tap && ip link set tap0 up")
        return host
    }

    private static func record(_ host: TestHost) throws -> BridgeRecord {
        let verdict = BridgePlanner.judge(
            interface: "lan0", name: nil, record: nil, managers: [], found: try host.read())
        guard case .make(let record) = verdict else {
            throw TestHost.CommandFailure(command: "judge", status: 1, output: "\(verdict)")
        }
        return record
    }

    /// Applies what is left, at most `limit` steps; returns how many there were.
    @discardableResult
    private static func run(
        _ record: BridgeRecord, on host: TestHost, limit: Int = .max,
        _ plan: (BridgeRecord, HostNetworkState) -> [HostNetworkStep]
    ) throws -> Int {
        var count = 0
        for _ in 0..<8 {
            let steps = plan(record, try host.read())
            if steps.isEmpty { break }
            for step in steps where count < limit {
                try host.apply([step])
                count += 1
            }
            if count == limit { break }
        }
        return count
    }

    /// All that an operator sees of the host's network, but for counters and the order of attributes.
    private static func sight(_ host: TestHost) throws -> String {
        // The kernel's link-local and multicast routes of the port come and go with its being a port.
        let commands = [
            "ip -o -4 address show | sort", "ip -o -6 address show scope global | sort", "ip -4 route show table all",
            "ip -6 route show table all | grep -v -e ^fe80 -e ^multicast -e ^local -e anycast",
            "ip -o link show | sed -e 's/qdisc .*link/link/' -e 's/state [A-Z]*//'",
        ]
        return try commands.map { try host.shell($0) }.joined(separator: "\n")
    }

    @Test func `the bridge has the interface's address, and forwards at once`() throws {
        let host = try Self.host()
        let mac = try #require(try host.read().link(named: "lan0")?.mac)

        let record = try Self.record(host)
        try Self.run(record, on: host) { BridgePlanner.making($0, found: $1) }

        let bridge = try host.shell("ip -d link show ipop-lan")
        #expect(bridge.contains("forward_delay 0 ") && bridge.contains("stp_state 0 "))
        #expect(bridge.contains("mcast_snooping 0 ") && bridge.contains("link/ether \(mac)"))
        #expect(try host.shell("ip -o link show master ipop-lan").contains("lan0"))
        #expect(try host.shell("ip -o address show dev lan0 scope global").isEmpty)
        let addresses = try host.shell("ip -o address show dev ipop-lan")
        #expect(addresses.contains("192.168.20.1/24") && addresses.contains("fd20::1/64"))
        #expect(addresses.contains("192.168.21.1/24 brd 192.168.21.255"))
        let routes = try host.shell("ip route show dev ipop-lan table all")
        #expect(routes.contains("10.50.0.0/16 via 192.168.20.254 src 192.168.20.1 metric 7"))
        #expect(routes.contains("10.60.0.0/16 proto static") && routes.contains("10.70.0.0/16 via 192.168.20.254"))
        #expect(try host.shell("ip -6 route show dev ipop-lan").contains("fd50::/64 via fd20::9 metric 33"))
    }

    @Test func `undone after any step, the host is as it was`() throws {
        let host = try Self.host()
        let before = try Self.sight(host)
        let record = try Self.record(host)
        let count = try Self.run(record, on: host) { BridgePlanner.making($0, found: $1) }
        try Self.run(record, on: host) { BridgePlanner.undoing($0, found: $1) }
        #expect(try Self.sight(host) == before)
        #expect(count > 8)

        for limit in 1..<count {
            try Self.run(record, on: host, limit: limit) { BridgePlanner.making($0, found: $1) }
            try Self.run(record, on: host) { BridgePlanner.undoing($0, found: $1) }
            let after = try Self.sight(host)
            let changed = after.split(separator: "\n").difference(from: before.split(separator: "\n"))
            #expect(changed.isEmpty, "after \(limit) steps: \(changed)")
        }
    }

    @Test func `broken off after any step, the making is finished by asking again`() throws {
        let host = try Self.host()
        let record = try Self.record(host)
        let count = try Self.run(record, on: host) { BridgePlanner.making($0, found: $1) }
        for limit in 1..<count {
            try Self.run(record, on: host) { BridgePlanner.undoing($0, found: $1) }
            try Self.run(record, on: host, limit: limit) { BridgePlanner.making($0, found: $1) }

            try Self.run(record, on: host) { BridgePlanner.making($0, found: $1) }

            let state = try host.read()
            let bridge = try #require(state.link(named: "ipop-lan"))
            #expect(state.link(named: "lan0")?.masterIndex == bridge.index, "after \(limit) steps")
            #expect(state.addresses.filter { $0.linkIndex == bridge.index && !$0.address.isLinkLocal }.count == 3)
            #expect(state.routes.filter { $0.linkIndex == bridge.index && $0.origin != .kernel }.count == 4)
        }
    }

    @Test func `routes lead through the bridge that the device is a port of, and back when it is none`() throws {
        let host = try Self.host()
        let record = try Self.record(host)
        try Self.run(record, on: host) { BridgePlanner.making($0, found: $1) }
        var wanted = WantedHostNetwork.twoSites()
        wanted.bridge = "ipop-lan"

        try host.reconcile(wanted)

        #expect(try host.plan(wanted).steps == [])
        #expect(try host.plan(wanted).verdicts.map(\.state) == [.installed, .installed, .installed])
        #expect(try host.shell("ip -o link show master ipop-lan").contains("ipop0"))
        #expect(
            try host.shell("ip -N route show 10.9.0.0/16").contains("via 169.254.77.1 dev ipop-lan proto 77"))
        #expect(try host.shell("ip -4 -o address show dev ipop0").isEmpty)
        #expect(try host.shell("ip -o link show ipop-lan").contains("link/ether \(record.mac)"))

        try host.shell("ip link set dev ipop0 nomaster")
        #expect(try host.plan(wanted).steps.contains { if case .setMaster = $0 { true } else { false } })

        try host.apply(HostNetworkPlanner.farewell(found: try host.read()))
        #expect(try host.read().ours == [])
        #expect(try host.shell("ip neighbour show dev ipop-lan nud permanent").isEmpty)

        try host.reconcile(.twoSites())
        #expect(try host.plan(.twoSites()).steps == [])
        #expect(try host.shell("ip -N route show 10.9.0.0/16").contains("via 169.254.77.1 dev ipop0 proto 77"))
    }
}
