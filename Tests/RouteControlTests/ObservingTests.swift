import Foundation
import LinuxSystem
import NetworkTypes
import RouteControl
import RoutePlanning
import Testing

/// What the observer hears. The kernel queues an event before the command that caused it ends, so nothing waits here.
@Suite struct ObservingTests {
    private func key(_ prefix: String) -> RouteKey {
        RouteKey(table: .main, prefix: IPPrefix(prefix)!, metric: 50)
    }

    @Test func `a route of ours that ip removes is heard of, restored at once, and fought no further at full speed`()
        throws
    {
        let host = try TestHost()
        let wanted = WantedHostNetwork.twoSites()
        var schedule = RestoreSchedule()
        var clock = Instant(nanoseconds: 0)
        func round() throws -> [HostNetworkStep] {
            let due = schedule.review(try host.plan(wanted), now: clock)
            try host.apply(due)
            for step in due { schedule.applied(step, now: clock) }
            return due
        }
        _ = try round()
        let empty = try round()
        let observer = try host.observe()

        try host.shell("ip route del 10.9.0.0/16")
        let events = try observer.drain()
        for event in events {
            if let item = event.removedItem { schedule.noteRemoval(of: item, by: event.sender?.program, now: clock) }
        }
        clock = clock + .milliseconds(1)
        let restored = try round()
        let way = try host.lookup("10.9.0.1")
        try host.shell("ip route del 10.9.0.0/16")
        let deferred = try round()

        #expect(empty == [])
        #expect(events.compactMap(\.removedItem) == [.route(key("10.9.0.0/16"))])
        #expect(events.contains { $0.removedItem != nil && $0.sender != nil })
        #expect(restored.map(\.item) == [.route(key("10.9.0.0/16"))])
        #expect(way?.gateway == WantedHostNetwork.nextHopV4)
        #expect(deferred == [])
        #expect(schedule.nextDeadline == clock + .seconds(1))
        #expect(schedule.history(of: .route(key("10.9.0.0/16")))?.vanishCount == 2)
    }

    @Test func `v6 routes, pins, addresses, neighbours and the device itself are recognised as ours`() throws {
        let host = try TestHost()
        var wanted = WantedHostNetwork.twoSites(underlay: ["10.9.7.7"])
        wanted.routes.append(.to("0.0.0.0/0", "cern"))
        try host.reconcile(wanted)
        let observer = try host.observe()

        try host.shell("ip -6 route del fd10::/64 && ip route del 10.9.7.7")
        try host.shell("ip neighbour del 169.254.77.1 dev ipop0")
        try host.shell("ip address del 169.254.77.2/30 dev ipop0")
        let parts = try observer.drain().compactMap(\.removedItem)
        try host.shell("ip link del ipop0")
        let whole = try observer.drain().compactMap(\.removedItem)

        #expect(parts.contains(.route(key("fd10::/64"))))
        #expect(parts.contains(.pin(key("10.9.7.7/32"))))
        #expect(parts.contains(.neighbour(IPAddress("169.254.77.1")!)))
        #expect(parts.contains(.address(IPAddress("169.254.77.2")!)))
        #expect(whole.contains(.device("ipop0")))
    }

    @Test func `that the device was taken out of its bridge is heard of, though not by whom`() throws {
        let host = try TestHost()
        try host.shell("ip link add br0 type bridge && ip link set br0 up")
        let observer = try host.observe()
        try host.shell("ip link set ipop0 up && ip link set ipop0 master br0")
        let before = try observer.drain()

        try host.shell("ip link set ipop0 nomaster")
        let taken = try observer.drain().filter { $0.removedItem == .membership("ipop0") }

        #expect(!before.contains { $0.removedItem == .membership("ipop0") })
        #expect(taken.count == 1 && taken.first?.sender == nil)
    }

    @Test func `changes of the host that matter to a plan are heard of`() throws {
        let host = try TestHost()
        let observer = try host.observe()
        let quiet = try observer.drain()

        try host.shell("ip address add 10.66.0.1/24 dev lan0 && ip address del 10.66.0.1/24 dev lan0")
        try host.shell("ip route add 10.67.0.0/16 via 203.0.113.9 && ip -6 route add fd67::/64 via 2001:db8:113::9")
        try host.shell("ip rule add lookup 900 && ip -6 rule add lookup 900")
        try host.shell("ip link set lan0 mtu 1400 && ip link add br7 type bridge && ip link set lan0 master br7")
        try host.shell("ip neighbour add 192.168.20.9 lladdr 02:00:00:00:00:09 dev lan0")
        try host.shell("ip link set lan0 nomaster")
        let changes = try observer.drain().map(\.change)

        func count(_ isMatch: (HostNetworkEvent.Change) -> Bool) -> Int { changes.count(where: isMatch) }
        #expect(quiet.compactMap(\.removedItem) == [])
        #expect(
            count { if case .addressAdded(let held) = $0 { held.address == IPAddress("10.66.0.1") } else { false } }
                == 1)
        #expect(
            count { if case .addressRemoved(let held) = $0 { held.address == IPAddress("10.66.0.1") } else { false } }
                == 1)
        #expect(
            count { if case .routeAdded(let route) = $0 { route.prefix == IPPrefix("10.67.0.0/16") } else { false } }
                == 1)
        #expect(
            count { if case .routeAdded(let route) = $0 { route.prefix == IPPrefix("fd67::/64") } else { false } } == 1)
        #expect(count { $0 == .rulesChanged } == 2)
        #expect(
            count { if case .linkChanged(let link) = $0 { link.name == "lan0" && link.mtu == 1400 } else { false } } > 0
        )
        #expect(count { if case .linkChanged(let link) = $0 { link.name == "br7" } else { false } } > 0)
        // A port that leaves a bridge is still a link, and other interfaces' neighbours are nobody's concern.
        #expect(count { if case .linkRemoved = $0 { true } else { false } } == 0)
        #expect(count { if case .neighbourChanged = $0 { true } else { false } } == 0)
    }

    @Test func `our own changes are left out when asked for, and carry our port and name otherwise`() throws {
        let host = try TestHost()
        try host.reconcile(.twoSites())
        let own = try String(contentsOfFile: "/proc/self/comm", encoding: .utf8).split(separator: "\n").first.map(
            String.init)
        let observer = try host.observe()
        let steps = HostNetworkPlanner.farewell(found: try host.read())

        // libnl picks port numbers at random, and only those in the lower half say whose they are.
        let port = try host.namespace.run { try Self.applyWithNamedPort(steps) }
        let heard = try observer.drain()
        try host.reconcile(.twoSites())
        _ = try observer.drain()
        let ignored = try host.namespace.run {
            let writer = try HostNetworkWriter()
            for step in steps { try writer.apply(step) }
            return try observer.drain(ignoring: writer.portID)
        }

        let removals = heard.filter { $0.removedItem != nil }
        #expect(removals.count == steps.count)
        #expect(removals.allSatisfy { $0.sender == NetlinkSender(portID: port, program: own) })
        #expect(ignored.compactMap(\.removedItem) == [])
    }

    private static func applyWithNamedPort(_ steps: [HostNetworkStep], tries: Int = 200) throws -> UInt32 {
        let writer = try HostNetworkWriter()
        guard writer.portID >= 1 << 31, tries > 1 else {
            for step in steps { try writer.apply(step) }
            return writer.portID
        }
        // Held open during the next try, so that another port is picked.
        return try applyWithNamedPort(steps, tries: tries - 1)
    }

    @Test func `when too much happens at once the observer says so and goes on`() throws {
        let host = try TestHost()
        let observer = try host.observe(receiveBufferSize: 32_768)
        var wanted = WantedHostNetwork.twoSites()
        wanted.routes = (0..<500).map { .to("10.\($0 / 250).\($0 % 250).0/24", "s\($0)") }

        try host.reconcile(wanted)
        let flooded = try observer.drain()
        try host.shell("ip route del 10.1.7.0/24")
        let after = try observer.drain()

        #expect(flooded.last?.change == .overflow)
        #expect(flooded.count < 500)
        #expect(after.compactMap(\.removedItem) == [.route(key("10.1.7.0/24"))])
    }

    @Test func `a device that is made again is followed`() throws {
        let host = try TestHost()
        let observer = try host.observe()

        try host.shell("ip link del ipop0 && ip tuntap add dev ipop0 mode tap && ip link set ipop0 up")
        try host.shell("ip neighbour add 169.254.77.1 lladdr 02:69:70:6f:70:01 dev ipop0 nud permanent")
        try host.shell("ip neighbour del 169.254.77.1 dev ipop0")
        let items = try observer.drain().compactMap(\.removedItem)

        #expect(items.contains(.device("ipop0")))
        #expect(items.contains(.neighbour(IPAddress("169.254.77.1")!)))
    }
}
