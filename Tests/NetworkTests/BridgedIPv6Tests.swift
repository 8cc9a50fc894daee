import Foundation
import GatewayLab
import Testing

/// LAN hosts of two sites in one virtual subnet of IPv6: neighbour discovery as hosts of Linux do it.
///
///     ufl-host, ufl-host2 --switch-- [ufl: ipop-lan] --wan--+
///                                                           +-- br0
///     lsu-host, lsu-host2 --switch-- [lsu: ipop-lan] --wan--+
extension NetworkTests {
    @Suite(
        .serialized,
        .lab("bridged6", sites: 2, bridged: ["ufl", "lsu"], isBroughtUp: false, prepare: { try $0.bringUpOverIPv6() }))
    struct BridgedIPv6Tests {
        fileprivate static let subnet = "fd77:0:16::/64", service = "fd77:0:16::1"
        /// Of the first and the second host of each site, and nobody's.
        private static func address(_ site: LabSite, host: Int = 1) -> String { "fd77:0:16::\(site.number):\(host)" }
        private static let free = Script.askedAddress6
        /// The interface that stands for hosts of other sites.
        private static let gatewayMAC = "02:69:70:6F:70:01"

        /// Gives the sites' first hosts addresses and waits until they reach each other.
        private static func addressed() throws -> Lab {
            let lab = try Lab.ofSuite()
            for site in lab.sites where try lab.state(of: address(site), at: .host(site)) == nil {
                try lab.take(address(site), at: .host(site))
                #expect(try lab.detected(address(site), at: .host(site)) == .free)
            }
            try lab.waitForPing(address(lab.lsu), from: .host(lab.ufl))
            try lab.waitForPing(address(lab.ufl), from: .host(lab.lsu))
            return lab
        }

        @Test func `hosts of different sites are on one link`() throws {
            let lab = try Self.addressed()

            let result = try lab.ping(Self.address(lab.lsu), from: .host(lab.ufl), extra: ["-t", "1"])
            #expect(result.received == result.sent && result.words.contains("ttl=64"), "\(result.words)")
            let large = try lab.ping(Self.address(lab.ufl), from: .host(lab.lsu), extra: ["-s", "8000"])
            #expect(large.received == large.sent, "\(large.words)")
            for site in lab.sites { try lab.expectPing(Self.service, from: .host(site)) }
        }

        @Test func `neighbour discovery is answered for hosts that are registered, and for nobody else`() throws {
            let lab = try Self.addressed()
            let near = LabNode.host(lab.ufl)

            #expect(try lab.neighbour(Self.address(lab.lsu), at: near) == Self.gatewayMAC)
            #expect(try lab.neighbour(Self.service, at: near) == Self.gatewayMAC)
            #expect(try lab.neighbour(Self.free, at: near) == nil)
            #expect(try lab.run(["ipop", "leases"], at: .gateway(lab.lsu)).output.contains(Self.address(lab.lsu)))
        }

        @Test func `local hosts answer for themselves`() throws {
            let lab = try Self.addressed()
            let address = Self.address(lab.ufl, host: 2)
            try lab.take(address, at: .secondHost(lab.ufl))
            defer { lab.giveUp(address, at: .secondHost(lab.ufl)) }
            #expect(try lab.detected(address, at: .secondHost(lab.ufl)) == .free)

            #expect(try lab.neighbour(address, at: .host(lab.ufl)) == lab.mac(.secondHost(lab.ufl)).uppercased())
        }

        @Test func `a host that says nothing after it has taken its address is found all the same`() throws {
            let lab = try Self.addressed()
            let address = Self.address(lab.lsu, host: 2)
            try lab.take(address, at: .secondHost(lab.lsu))
            defer { lab.giveUp(address, at: .secondHost(lab.lsu)) }

            try lab.waitForPing(address, from: .host(lab.ufl))
        }

        @Test func `neighbour discovery is silent about hosts that cannot be reached`() throws {
            let lab = try Self.addressed()
            try lab.block([lab.pair(lab.ufl, lab.lsu)])
            defer { try? lab.openWAN() }
            try until("the site to be down", timeLimit: 60) { () throws(LabError) in
                try lab.status(lab.ufl).site("lsu")?.path == "down"
            }

            #expect(try lab.neighbour(Self.address(lab.lsu), at: .host(lab.ufl)) == nil)

            try lab.openWAN()
            try lab.waitForPing(Self.address(lab.lsu), from: .host(lab.ufl))
            #expect(try lab.neighbour(Self.address(lab.lsu), at: .host(lab.ufl)) == Self.gatewayMAC)
        }

        @Test func `duplicate address detection finds holders here and at another site`() throws {
            let lab = try Self.addressed()
            let (near, far) = (Self.address(lab.ufl), Self.address(lab.lsu))
            let prober = LabNode.secondHost(lab.ufl)

            for (address, expected) in [(far, Detection.taken), (near, .taken), (Self.free, .free)] {
                try lab.take(address, at: prober)
                defer { lab.giveUp(address, at: prober) }
                #expect(try lab.detected(address, at: prober) == expected, "\(address)")
            }
            // Nobody has lost anything.
            try lab.expectPing(far, from: .host(lab.ufl))
            try lab.expectPing(near, from: .host(lab.lsu))
        }

        @Test func `router advertisements and solicitations stay at their site`() throws {
            let lab = try Self.addressed()
            for node in lab.hosts {
                try lab.require(["sysctl", "-qw", "net.ipv6.conf.lan.accept_ra=2"], at: node)
                try lab.watchLANProtocols(node)
            }

            try lab.require(["python3", "-c", Script.lanProtocols, lab.ufl.bridgedAddress()], at: .host(lab.ufl))
            _ = try lab.neighbour(Self.free, at: .host(lab.ufl))
            // What is sent later has arrived, so what was sent before has too, if it ever does.
            try lab.expectPing(Self.address(lab.lsu), from: .host(lab.ufl))

            let strangers = [LabNode.host(lab.lsu), .secondHost(lab.lsu)]
            for protocolName in ["advertisement", "solicitation"] {
                #expect(try lab.seen(protocolName, at: .secondHost(lab.ufl)) > 0, "\(protocolName) at the own site")
                for node in strangers {
                    #expect(try lab.seen(protocolName, at: node) == 0, "\(protocolName) at the other site")
                }
            }
            #expect(try lab.routers(at: .secondHost(lab.ufl)).contains("fe80::99"))
            for node in strangers { #expect(try lab.routers(at: node).isEmpty) }
        }
    }
}

/// What duplicate address detection came to.
private enum Detection {
    case taken
    case free
}

extension Lab {
    fileprivate var hosts: [LabNode] { sites.flatMap { [LabNode.host($0), .secondHost($0)] } }

    /// Sites whose LANs are bridged into a subnet of IPv6, and hosts that detect duplicate addresses.
    fileprivate func bringUpOverIPv6() throws {
        try ipop(["grid", "create", plan.name, "--pool", "10.128.0.0/9", "--pool", "fd77::/32", "--out", authority])
        try join(sites)
        for site in sites {
            let map = try read(.subnetMap, at: site)
            let changed = map.replacingOccurrences(
                of: LabAddresses.bridgedSubnet, with: NetworkTests.BridgedIPv6Tests.subnet)
            try #require(changed != map)
            try write(changed, to: .subnetMap, at: site)
        }
        for node in hosts {
            let names = ["accept_dad", "dad_transmits"].map { "net.ipv6.conf.lan.\($0)=1" }
            try require(["sysctl", "-qw"] + names, at: node)
        }
        for site in sites { try startGateway(site) }
        try waitUntilInGrid(sites)
    }

    /// Configures an address, and says nothing more.
    fileprivate func take(_ address: String, at node: LabNode) throws(LabError) {
        try require(["ip", "-6", "address", "add", "\(address)/64", "dev", "lan"], at: node)
    }

    fileprivate func giveUp(_ address: String, at node: LabNode) {
        _ = try? run(["ip", "-6", "address", "del", "\(address)/64", "dev", "lan"], at: node)
    }

    /// What the kernel has of an address: its flags in words; `nil` when it has none.
    fileprivate func state(of address: String, at node: LabNode) throws(LabError) -> String? {
        try require(["ip", "-o", "-6", "address", "show", "dev", "lan"], at: node).split(separator: "\n")
            .first { $0.contains(" \(address)/") }.map(String.init)
    }

    /// Waits until duplicate address detection has ended.
    fileprivate func detected(_ address: String, at node: LabNode) throws -> Detection {
        var last = ""
        try until("duplicate address detection for \(address)") { () throws(LabError) in
            last = try state(of: address, at: node) ?? ""
            return last.contains("dadfailed") || !last.contains("tentative")
        }
        return last.contains("dadfailed") ? .taken : .free
    }

    /// The interface that answers for an address now; `nil` when none does.
    fileprivate func neighbour(_ address: String, at node: LabNode) throws(LabError) -> String? {
        _ = try run(["ip", "-6", "neigh", "flush", "dev", "lan"], at: node)
        _ = try ping(address, from: node, count: 1)
        let entry = try require(["ip", "-6", "neigh", "show", address, "dev", "lan"], at: node)
        let words = entry.split { $0 == " " || $0 == "\n" }
        return words.firstIndex(of: "lladdr").map { words[words.index(after: $0)].uppercased() }
    }

    /// The default routes that a host has learned from advertisements.
    fileprivate func routers(at node: LabNode) throws(LabError) -> String {
        try require(["ip", "-6", "route", "show", "default"], at: node)
    }
}
