import GatewayCore
import NetworkTypes
import SimulationKit
import Testing
import WireFormat

/// Names of hosts behind other gateways.
@Suite struct NameTests {
    private static let address = IPAddress(10, 128, 16, 9)

    private static func grid() -> Simulator {
        let simulator = Simulator(seed: 5)
        simulator.bridged = IPPrefix("10.128.16.0/20")!
        for index in 0..<3 {
            simulator.addSite(
                "site\(index)", prefix: "172.16.\(index).0/24",
                bootstrap: index == 0 ? [] : [Endpoint("198.51.100.1:7867")!])
        }
        simulator.run(for: .seconds(30))
        let now = simulator.now
        simulator.input(simulator.hosts[1]) {
            _ = $0.registerHost(
                HostRecord(address: address, mac: MACAddress(rawValue: 0x02_01), origin: .dhcp, name: "node7"),
                lifetime: .seconds(3_600), now: now, effects: &$1)
        }
        simulator.run(for: .seconds(5))
        return simulator
    }

    private static func find(_ host: String, of site: String, in simulator: Simulator) -> [HostChange] {
        let (asker, now) = (simulator.hosts.last!, simulator.now)
        let known = asker.hostChanges.count
        simulator.input(asker) { $0.findName(host, of: site, now: now, effects: &$1) }
        simulator.run(for: .seconds(4))
        return asker.hostChanges.dropFirst(known).filter { if case .nameFound = $0 { true } else { false } }
    }

    @Test func `a host of another site is found by its name`() {
        let found = Self.find("node7", of: "site1", in: Self.grid())

        #expect(found == [.nameFound("node7", site: "site1", .addresses([Self.address]))])
    }

    @Test func `a name that the site does not have is nobody's`() {
        let simulator = Self.grid()

        #expect(Self.find("node8", of: "site1", in: simulator) == [.nameFound("node8", site: "site1", .nobody)])
        #expect(Self.find("node7", of: "site0", in: simulator) == [.nameFound("node7", site: "site0", .nobody)])
    }

    @Test func `a site that does not answer, or that nobody knows, leaves a name unknown`() {
        let simulator = Self.grid()
        simulator.kill(simulator.hosts[1])

        #expect(Self.find("node7", of: "site1", in: simulator) == [.nameFound("node7", site: "site1", .unknown)])
        #expect(Self.find("node7", of: "cern", in: simulator) == [.nameFound("node7", site: "cern", .unknown)])
    }

    private static func nameOf(_ address: IPAddress, in simulator: Simulator) -> [HostChange] {
        let (asker, now) = (simulator.hosts.last!, simulator.now)
        let known = asker.hostChanges.count
        simulator.input(asker) { $0.findName(of: address, now: now, effects: &$1) }
        simulator.run(for: .seconds(4))
        return asker.hostChanges.dropFirst(known).filter { if case .addressNamed = $0 { true } else { false } }
    }

    @Test func `an address of another site's host has its name`() {
        let simulator = Self.grid()

        #expect(
            Self.nameOf(Self.address, in: simulator)
                == [.addressNamed(Self.address, .host("node7", site: "site1"))])
    }

    @Test func `the gateway that a route leads to is asked for the names of the prefix`() {
        let simulator = Self.grid()
        let (named, other) = (IPAddress(172, 16, 1, 7), IPAddress(172, 16, 1, 8))
        let (host, now) = (simulator.hosts[1], simulator.now)
        simulator.input(host) { gateway, effects in
            let prefix = IPPrefix("172.16.1.0/24")!
            let settings = CoreSettings(
                bootstrap: [], exports: [Announcement.Export(subnet: prefix, virtual: prefix)],
                addresses: [IPAddress(172, 16, 1, 1)], names: [NamedHost(name: "printer", addresses: [named])],
                firstSequence: now.nanoseconds)
            gateway.reload(settings, now: now, effects: &effects)
        }
        simulator.run(for: .seconds(5))

        #expect(
            Self.nameOf(named, in: simulator) == [.addressNamed(named, .host("printer", site: "site1"))])
        #expect(
            Self.nameOf(IPAddress(172, 16, 1, 1), in: simulator)
                == [.addressNamed(IPAddress(172, 16, 1, 1), .host("", site: "site1"))])
        #expect(Self.nameOf(other, in: simulator) == [.addressNamed(other, .nobody)])
        #expect(
            Self.find("printer", of: "site1", in: simulator)
                == [.nameFound("printer", site: "site1", .addresses([named]))])
    }

    @Test func `addresses of nobody have no name, and one whose gateway is silent an unknown one`() {
        let simulator = Self.grid()
        let nobody = IPAddress(203, 0, 113, 1)
        #expect(Self.nameOf(nobody, in: simulator) == [.addressNamed(nobody, .nobody)])

        simulator.kill(simulator.hosts[1])

        #expect(Self.nameOf(Self.address, in: simulator) == [.addressNamed(Self.address, .unknown)])
    }

    @Test func `without a name the gateways themselves are found`() {
        let found = Self.find("", of: "site1", in: Self.grid())

        #expect(found == [.nameFound("", site: "site1", .addresses([]))])
    }

    @Test func `no more names are asked for at a time than the limit`() {
        let simulator = Self.grid()
        let (asker, now) = (simulator.hosts.last!, simulator.now)
        simulator.kill(simulator.hosts[1])
        simulator.input(asker) { gateway, effects in
            for number in 0..<100 { gateway.findName("node\(number)", of: "site1", now: now, effects: &effects) }
        }

        let refused = asker.hostChanges.count { if case .nameFound(_, _, .unknown) = $0 { true } else { false } }
        #expect(refused == 100 - NameLimits.questions)
    }

    @Test func `a name that is no label is malformed`() {
        let bytes = ControlMessage.names(.question("node7")).encoded
        var damaged = bytes
        damaged[4] = UInt8(ascii: ".")

        #expect(throws: WireError.self) { try ControlMessage(reading: damaged.span.bytes) }
    }
}
