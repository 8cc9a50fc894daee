import NetworkTypes
import RoutePlanning
import Testing

/// The bridge is made and undone as a whole, wherever the steps are broken off.
@Suite struct BridgePlannerTests {
    private static let routes =
        Scenery.foreignRoutes + [
            Scenery.foreign("192.168.20.0/24", metric: 0, origin: .kernel, link: 2),
            Scenery.foreign("10.50.0.0/16", via: "192.168.20.254", metric: 5, link: 2),
            Scenery.foreign("10.60.0.0/16", metric: 7, origin: .boot, link: 2),
        ]
    private static let found = Scenery.state(
        links: [Scenery.links[0], lan(), Scenery.links[2], Scenery.links[3]], addresses: permanent, routes: routes)
    private static let permanent = Scenery.addresses.map { address in
        var address = address
        address.flags.insert(.permanent)
        return address
    }

    private static func lan(kind: String? = nil, master: Int32? = nil, mac: MACAddress? = .init(rawValue: 0x3c_00))
        -> HostLink
    {
        HostLink(index: 2, name: "lan0", isUp: true, mtu: 1_400, mac: mac, kind: kind, masterIndex: master)
    }

    private static func judge(
        _ found: HostNetworkState, name: String? = nil, record: BridgeRecord? = nil, managers: [InterfaceManager] = []
    ) -> BridgeVerdict {
        BridgePlanner.judge(interface: "lan0", name: name, record: record, managers: managers, found: found)
    }

    private static func record() throws -> BridgeRecord {
        guard case .make(let record) = judge(found) else { throw Refused() }
        return record
    }

    private struct Refused: Error {}

    /// Plans and applies until nothing is left; at most `limit` steps.
    private static func run(
        _ record: BridgeRecord, from start: HostNetworkState, limit: Int = .max,
        _ plan: (BridgeRecord, HostNetworkState) -> [HostNetworkStep]
    ) -> (state: HostNetworkState, steps: Int) {
        var state = start
        var count = 0
        for _ in 0..<8 {
            let steps = plan(record, state)
            if steps.isEmpty { break }
            for step in steps {
                if count == limit { return (state, count) }
                state = state.after(step)
                count += 1
            }
        }
        return (state, count)
    }

    @Test func `what is foreseen of a bridge is what is done, step for step`() throws {
        let record = try Self.record()

        let forecast = BridgeForecast(making: record, found: Self.found)

        let made = Self.run(record, from: Self.found, BridgePlanner.making)
        #expect(forecast.steps.reduce(Self.found) { $0.after($1) } == made.state)
        #expect(forecast.steps.count == made.steps)
        #expect(forecast.found.link(named: record.bridge)?.kind == HostLink.bridgeKind)
        #expect(BridgeForecast(making: record, found: made.state).steps.isEmpty)
    }

    @Test func `the bridge has what the interface had, and the interface nothing`() throws {
        let record = try Self.record()

        let (state, _) = Self.run(record, from: Self.found) { BridgePlanner.making($0, found: $1) }

        let bridge = try #require(state.link(named: "ipop-lan"))
        #expect(bridge.kind == "bridge" && bridge.mac == Self.lan().mac && bridge.mtu == 1_400 && bridge.isUp)
        #expect(state.link(named: "lan0")?.masterIndex == bridge.index)
        #expect(
            state.addresses.filter { $0.linkIndex == bridge.index }.map(\.address)
                == [IPAddress("192.168.20.1")!, IPAddress("fd20::1")!])
        #expect(state.addresses.filter { $0.linkIndex == 2 }.map(\.address) == [IPAddress("fe80::7")!])
        #expect(
            state.routes.filter { $0.linkIndex == bridge.index }.map { "\($0.prefix)" } == [
                "10.50.0.0/16", "10.60.0.0/16",
            ])
        #expect(!state.routes.contains { $0.linkIndex == 2 && $0.origin != .kernel })
        #expect(state.routes.filter { $0.linkIndex == 3 } == Self.found.routes.filter { $0.linkIndex == 3 })
    }

    @Test func `broken off after any step, the making is finished by asking again`() throws {
        let record = try Self.record()
        let (whole, count) = Self.run(record, from: Self.found) { BridgePlanner.making($0, found: $1) }
        #expect(count > 6)
        for limit in 0..<count {
            let (broken, _) = Self.run(record, from: Self.found, limit: limit) { BridgePlanner.making($0, found: $1) }

            let (state, _) = Self.run(record, from: broken) { BridgePlanner.making($0, found: $1) }

            #expect(state == whole, "after \(limit) steps")
        }
    }

    @Test func `broken off after any step, everything can be undone, and the undoing too is finished`() throws {
        let record = try Self.record()
        let (_, count) = Self.run(record, from: Self.found) { BridgePlanner.making($0, found: $1) }
        for limit in 0...count {
            let (broken, _) = Self.run(record, from: Self.found, limit: limit) { BridgePlanner.making($0, found: $1) }
            let (_, back) = Self.run(record, from: broken) { BridgePlanner.undoing($0, found: $1) }
            for second in 0...back {
                let (half, _) = Self.run(record, from: broken, limit: second) { BridgePlanner.undoing($0, found: $1) }

                let (state, _) = Self.run(record, from: half) { BridgePlanner.undoing($0, found: $1) }

                #expect(state.links == Self.found.links, "after \(limit) and \(second) steps")
                #expect(state.addresses == Self.found.addresses, "after \(limit) and \(second) steps")
                let kept = Self.found.routes.filter { $0.origin != .kernel }
                #expect(state.routes.filter { $0.origin != .kernel } == kept, "after \(limit) and \(second) steps")
            }
        }
    }

    @Test func `a bridge that is there is used as it is`() {
        let bridge = HostLink(index: 9, name: "br0", isUp: true, kind: "bridge")
        let port = Scenery.state(links: [Self.lan(master: 9), bridge])
        let itself = Scenery.state(links: [Self.lan(kind: "bridge")])

        #expect(Self.judge(port) == .existing(bridge.identity))
        #expect(Self.judge(port, name: "br0") == .existing(bridge.identity))
        #expect(Self.judge(itself) == .existing(Scenery.lan))
    }

    @Test func `a bridge that was made here is finished or mended, whatever else there is`() throws {
        let record = try Self.record()

        #expect(Self.judge(Self.found, record: record, managers: [.networkManager]) == .own(record))
        #expect(Self.judge(Scenery.state(links: []), record: record) == .own(record))
        var other = record
        other.port = "lan9"
        #expect(
            Self.judge(Self.found, record: other) == .refused(.otherBridgeMade(bridge: "ipop-lan", port: "lan9")))
        #expect(
            Self.judge(Self.found, name: "br7", record: record)
                == .refused(.otherBridgeMade(bridge: "ipop-lan", port: "lan0")))
    }

    @Test func `after a new start of the host the interface's own addresses count, not those recorded`() throws {
        var record = try Self.record()
        record.phase = .made
        record.addresses[0] = Scenery.held("192.168.99.1", 24, on: 0, flags: .permanent)

        guard case .make(let fresh) = Self.judge(Self.found, record: record) else { throw Refused() }
        #expect(fresh.addresses.map(\.address) == [IPAddress("192.168.20.1")!, IPAddress("fd20::1")!])

        // Somebody has deleted the bridge: what the interface had is known from the record alone.
        let bare = Scenery.state(links: [Self.lan()], addresses: [])
        #expect(Self.judge(bare, record: record) == .own(record))
        // Broken off on the way: the interface may still have all of it.
        record.phase = .making
        #expect(Self.judge(Self.found, record: record) == .own(record))
    }

    @Test func `an interface that somebody else looks after is refused, with who it is`() {
        #expect(
            Self.judge(Self.found, managers: [.networkManager])
                == .refused(.managed(interface: "lan0", by: .networkManager)))
        let lent = Scenery.state(
            links: [Self.lan()], addresses: [Scenery.held("192.168.20.9", 24, on: 2)])
        #expect(Self.judge(lent) == .refused(.managed(interface: "lan0", by: .dhcp(IPAddress("192.168.20.9")!))))
        let routed = Scenery.state(
            links: [Self.lan()], addresses: [],
            routes: [Scenery.foreign("0.0.0.0/0", via: "192.168.20.254", metric: 0, origin: .dhcp, link: 2)])
        #expect(
            Self.judge(routed)
                == .refused(.managed(interface: "lan0", by: .dhcpRoute(IPPrefix("0.0.0.0/0")!))))
    }

    @Test func `what cannot be bridged is refused`() {
        #expect(Self.judge(Scenery.state(links: [])) == .refused(.interfaceMissing("lan0")))
        #expect(Self.judge(Scenery.state(links: [Self.lan(mac: nil)])) == .refused(.notEthernet("lan0")))
        let bond = HostLink(index: 9, name: "bond0", isUp: true, kind: "bond")
        #expect(
            Self.judge(Scenery.state(links: [Self.lan(master: 9), bond]))
                == .refused(.portOfAnother(interface: "lan0", master: "bond0")))
        let bridge = HostLink(index: 9, name: "br0", isUp: true, kind: "bridge")
        #expect(
            Self.judge(Scenery.state(links: [Self.lan(), bridge]), name: "br0")
                == .refused(.notPort(interface: "lan0", bridge: "br0")))
        #expect(Self.judge(Self.found, name: "wan0") == .refused(.nameTaken("wan0")))
        #expect(
            Self.judge(Scenery.state(links: [Self.lan(kind: "bridge")]), name: "br0")
                == .refused(.interfaceIsBridge("lan0")))
        var several = Scenery.foreign("10.9.0.0/16", via: "192.168.20.3", metric: 0, link: 2)
        several.nextHopCount = 2
        #expect(
            Self.judge(Scenery.state(links: [Self.lan()], addresses: [], routes: [several]))
                == .refused(.routeWithSeveralHops(several.prefix)))
    }

    @Test func `the record is read as it was written, and not when it is cut short`() throws {
        var record = try Self.record()
        record.addresses[0].broadcast = IPAddress("192.168.20.255")
        let text = record.text

        #expect(BridgeRecord(text: text) == record)
        record.phase = .made
        #expect(BridgeRecord(text: record.text) == record)
        // The last byte is the end of the last line, which may be missing.
        for count in 0..<text.utf8.count - 1 {
            #expect(BridgeRecord(text: String(decoding: Array(text.utf8).prefix(count), as: UTF8.self)) == nil)
        }
        #expect(BridgeRecord(text: text + "mystery 1\n") == nil)
    }
}
