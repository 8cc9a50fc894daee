import Foundation
import GatewayLab
import Testing

/// LAN hosts of two sites in one virtual subnet.
///
///     ufl-host, ufl-host2 --switch-- [ufl: ipop-lan] --wan--+
///                                                           +-- br0
///     lsu-host, lsu-host2 --switch-- [lsu: ipop-lan] --wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("bridged", sites: 2, bridged: ["ufl", "lsu"])) struct BridgedTests {
        /// Gives every host an address and waits until those of different sites reach each other.
        private static func addressed() throws -> Lab {
            let lab = try Lab.ofSuite()
            for site in lab.sites where try lab.addresses(.host(site)).isEmpty {
                try lab.takeAddress(site.bridgedAddress(), at: .host(site))
                try lab.takeAddress(site.bridgedAddress(host: 2), at: .secondHost(site))
            }
            for host in [1, 2] {
                try lab.waitForPing(lab.lsu.bridgedAddress(host: host), from: .host(lab.ufl))
                try lab.waitForPing(lab.ufl.bridgedAddress(host: host), from: .secondHost(lab.lsu))
            }
            return lab
        }

        @Test func `LAN interface and overlay device are ports of a bridge with the LAN's address`() throws {
            let lab = try Lab.ofSuite()

            let ports = try lab.require(["ip", "-o", "link", "show", "master", "ipop-lan"], at: .gateway(lab.ufl))
            #expect(ports.contains(": lan@") && ports.contains(": ipop0:"))
            #expect(try lab.addresses(.gateway(lab.ufl), of: "ipop-lan").contains("\(lab.ufl.lanAddress)/24"))
            #expect(try lab.addresses(.gateway(lab.ufl), of: "lan").isEmpty)
            #expect(try lab.addresses(.gateway(lab.ufl), of: "ipop0").isEmpty)
        }

        @Test func `the doctor sees a firewall that judges what passes the bridge`() throws {
            let lab = try Lab.ofSuite()
            let setting = "/proc/sys/net/bridge/bridge-nf-call-iptables"
            // Without br_netfilter nobody asks the firewall.
            let isLoaded = try lab.run(["test", "-e", setting], at: .gateway(lab.ufl)).status == 0
            let drop = "nft 'add table ip t; add chain ip t f { type filter hook forward priority 0; policy drop; }'"

            try lab.withFault(drop, "nft delete table ip t", lab.ufl) {
                guard isLoaded else {
                    try lab.expectDoctorCheck(lab.ufl, "bridge-filter", "ok")
                    return
                }
                try lab.require(["sh", "-c", "echo 1 > \(setting)"], at: .gateway(lab.ufl))
                try lab.expectDoctorCheck(lab.ufl, "bridge-filter", "failure")
                try lab.require(["sh", "-c", "echo 0 > \(setting)"], at: .gateway(lab.ufl))
                try lab.expectDoctorCheck(lab.ufl, "bridge-filter", "ok")
            }
        }

        @Test func `hosts of different sites are on one link`() throws {
            let lab = try Self.addressed()

            let result = try lab.ping(lab.lsu.bridgedAddress(), from: .host(lab.ufl), extra: ["-t", "1"])
            #expect(result.received == result.sent && result.words.contains("ttl=64"), "\(result.words)")
            let large = try lab.ping(lab.lsu.bridgedAddress(host: 2), from: .host(lab.ufl), extra: ["-s", "8000"])
            #expect(large.received == large.sent, "\(large.words)")
        }

        @Test func `TCP carries what is sent`() throws {
            let lab = try Self.addressed()
            let size = Transfer.short

            let result = try lab.iperf(
                [], bytes: size, from: lab.ufl, to: lab.lsu, address: lab.lsu.bridgedAddress())

            #expect(result.bytes > Double(size) / 5)
            report("TCP between bridged sites", result.bitsPerSecond / 1e6, "Mbit/s")
        }

        @Test func `the service address answers at each site`() throws {
            let lab = try Self.addressed()

            for site in lab.sites {
                let result = try lab.ping(LabAddresses.bridgedService, from: .host(site))
                #expect(result.received == result.sent, "\(site.name): \(result.words)")
            }
        }

        @Test func `hosts of one site talk past the gateway`() throws {
            let lab = try Self.addressed()
            let local = lab.ufl.bridgedAddress(host: 2)
            // What the switch and the bridge do not know yet goes to all ports.
            try lab.expectPing(local, from: .host(lab.ufl))
            let before = try lab.crossings(lab.ufl, local)

            let result = try lab.ping(local, from: .host(lab.ufl), count: 20)

            #expect(result.received == 20)
            #expect(try lab.crossings(lab.ufl, local) == before)
            // The counter counts: a far host's packets do come to the device.
            let far = lab.lsu.bridgedAddress()
            let none = try lab.crossings(lab.ufl, far)
            try lab.expectPing(far, from: .host(lab.ufl))
            #expect(try lab.crossings(lab.ufl, far) > none)
        }

        @Test func `ARP, DHCP and router advertisements stay at their site`() throws {
            let lab = try Self.addressed()
            for site in lab.sites {
                try lab.watchLANProtocols(.host(site))
                try lab.watchLANProtocols(.secondHost(site))
            }

            let sender = lab.ufl.bridgedAddress()
            try lab.require(["python3", "-c", Script.lanProtocols, sender], at: .host(lab.ufl))
            // What is sent later has arrived, so what was sent before has too, if it ever does.
            try lab.expectPing(lab.lsu.bridgedAddress(), from: .host(lab.ufl))

            for protocolName in ["arp", "dhcp", "advertisement"] {
                #expect(try lab.seen(protocolName, at: .secondHost(lab.ufl)) > 0, "\(protocolName) at the own site")
                #expect(try lab.seen(protocolName, at: .host(lab.lsu)) == 0, "\(protocolName) at the other site")
                #expect(try lab.seen(protocolName, at: .secondHost(lab.lsu)) == 0, "\(protocolName) at the other site")
            }
        }

        @Test func `a device that somebody takes out of the bridge comes back, and is told of`() throws {
            let lab = try Self.addressed()

            try lab.require(["ip", "link", "set", "ipop0", "nomaster"], at: .gateway(lab.lsu))

            try lab.waitForPing(lab.lsu.bridgedAddress(), from: .host(lab.ufl))
            let problems = try lab.status(lab.lsu).problems("E081")
            #expect(problems.contains { $0.text.contains("ipop-lan") && $0.text.contains("restored") })
        }

        @Test func `a bridge of ours that somebody deletes comes back with the LAN's addresses`() throws {
            let lab = try Self.addressed()

            try lab.require(["ip", "link", "del", "ipop-lan"], at: .gateway(lab.lsu))

            try lab.waitForPing(lab.lsu.bridgedAddress(), from: .host(lab.ufl))
            #expect(try lab.addresses(.gateway(lab.lsu), of: "ipop-lan") == ["\(lab.lsu.lanAddress)/24"])
            try lab.waitForPing(lab.lsu.lanAddress, from: .host(lab.ufl))
        }

        @Test func `explain walks from host to host, and says where a host is missing`() throws {
            let lab = try Self.addressed()
            let (near, far) = (lab.ufl.bridgedAddress(), lab.lsu.bridgedAddress())

            let walk = try lab.run(["ipop", "explain", near, far], at: .gateway(lab.ufl))
            #expect(walk.succeeded && walk.output.contains("\(far) is a host of site lsu"), "\(walk.everything)")
            #expect(walk.output.contains("\(near) is taken from site ufl"), "\(walk.everything)")

            let missing = try lab.run(["ipop", "explain", near, "10.128.30.77"], at: .gateway(lab.ufl))
            #expect(missing.status == 1 && missing.everything.contains("host-not-registered"), "\(missing.everything)")
        }

        @Test func `hosts and their addresses are listed`() throws {
            let lab = try Self.addressed()

            let text = try lab.require(["ipop", "leases"], at: .gateway(lab.ufl))
            let mac = try lab.require(["cat", "/sys/class/net/lan/address"], at: .host(lab.ufl))

            let line = text.split(separator: "\n").first { $0.hasPrefix(lab.ufl.bridgedAddress() + " ") }
            #expect(line?.contains(mac.trimmingCharacters(in: .whitespacesAndNewlines)) == true, "\(text)")
        }
    }

    /// What becomes of the LAN's interface while the bridge comes and goes.
    @Suite(.serialized, .lab("release", sites: 1, bridged: ["ufl"], isBroughtUp: false)) struct BridgeReleaseTests {
        @Test func `the bridge outlives the daemon, and release gives the interface back what it had`() throws {
            let lab = try Lab.ofSuite()
            let site = lab.ufl
            try lab.prepareRelease(site)
            let before = try lab.sight(site)

            try lab.startGateway(site)
            try lab.waitUntilInGrid(site)
            let refused = try lab.run(["ipop", "lan", "release"], at: .gateway(site))
            #expect(refused.status == 1 && refused.everything.contains("ipopd runs"))
            #expect(lab.stopGateway(site))
            #expect(try lab.addresses(.gateway(site), of: "ipop-lan").contains("\(site.lanAddress)/24"))

            let released = try lab.require(["ipop", "lan", "release"], at: .gateway(site))
            #expect(released.contains("removed the bridge ipop-lan"))
            #expect(try lab.sight(site) == before)
            #expect(try lab.require(["ipop", "lan", "release"], at: .gateway(site)).contains("no bridge was made"))
        }

        @Test func `killed on the way, the next start finishes, and release undoes as well`() throws {
            let lab = try Lab.ofSuite()
            let site = lab.ufl
            try lab.prepareRelease(site)
            let before = try lab.sight(site)

            // As soon as the record is there the steps begin: wherever in between the kill hits.
            for _ in 0..<4 {
                try lab.killWhileBridging(site)
                try lab.require(["ipop", "lan", "release"], at: .gateway(site))
                #expect(try lab.sight(site) == before)
            }
            try lab.killWhileBridging(site)
            try lab.startGateway(site)
            try lab.waitUntilInGrid(site)

            #expect(try lab.addresses(.gateway(site), of: "ipop-lan").contains("\(site.lanAddress)/24"))
            #expect(try lab.addresses(.gateway(site), of: "lan").isEmpty)
            #expect(lab.stopGateway(site))
            try lab.require(["ipop", "lan", "release"], at: .gateway(site))
            #expect(try lab.sight(site) == before)
        }

        @Test func `after a new start of the host the interface's own addresses count`() throws {
            let lab = try Lab.ofSuite()
            let site = lab.ufl
            try lab.prepareRelease(site)
            let before = try lab.sight(site)
            try lab.startGateway(site)
            try lab.waitUntilInGrid(site)
            #expect(lab.stopGateway(site))

            // What is left of a bridge when a machine starts anew, and another address was configured meanwhile.
            try lab.require(["ip", "link", "del", "ipop-lan"], at: .gateway(site))
            try lab.require(["ip", "address", "add", "192.168.10.77/24", "dev", "lan"], at: .gateway(site))
            try lab.startGateway(site)
            try lab.waitUntilInGrid(site)

            #expect(try lab.addresses(.gateway(site), of: "ipop-lan") == ["192.168.10.77/24"])
            #expect(lab.stopGateway(site))
            try lab.require(["ipop", "lan", "release"], at: .gateway(site))
            #expect(try lab.addresses(.gateway(site)) == ["192.168.10.77/24"])
            try lab.restoreLAN(site)
            #expect(try lab.sight(site) == before)
        }

        @Test func `routed again, the bridge stays until it is released, and is told of`() throws {
            let lab = try Lab.ofSuite()
            let site = lab.ufl
            try lab.prepareRelease(site)
            let before = try lab.sight(site)
            try lab.startGateway(site)
            try lab.waitUntilInGrid(site)
            let kept = try lab.makeRouted(site)
            defer { kept.forEach { try? $0.text.write(toFile: $0.path, atomically: true, encoding: .utf8) } }

            try lab.require(["ipop", "reload"], at: .gateway(site))

            let status = try lab.status(site)
            #expect(status.problems("E082").contains { $0.text.contains("ipop-lan") })
            #expect(status.export(site.subnets[0])?.state == "announced")
            #expect(try !lab.require(["ip", "-o", "link", "show", "ipop0"], at: .gateway(site)).contains("master"))
            #expect(lab.stopGateway(site))
            try lab.require(["ipop", "lan", "release"], at: .gateway(site))
            #expect(try lab.sight(site) == before)
        }

        @Test func `an interface under DHCP is left alone, with the reason`() throws {
            let lab = try Lab.ofSuite()
            let site = lab.ufl
            try lab.prepareRelease(site)
            let lend = ["ip", "address", "add", "192.168.99.9/24", "dev", "lan", "valid_lft", "3600"]
            try lab.require(lend + ["preferred_lft", "3600"], at: .gateway(site))
            let before = try lab.sight(site)

            try lab.startGateway(site)
            try lab.waitUntilInGrid(site)

            let problems = try lab.status(site).problems("E080")
            #expect(problems.contains { $0.text.contains("192.168.99.9") && $0.text.contains("DHCP") })
            #expect(lab.stopGateway(site))
            #expect(try lab.sight(site) == before)
            try lab.require(["ip", "address", "del", "192.168.99.9/24", "dev", "lan"], at: .gateway(site))
        }

        @Test func `a bridge that is there is used as it is`() throws {
            let lab = try Lab.ofSuite()
            let site = lab.ufl
            try lab.prepareRelease(site)
            for command in [
                "ip link add br7 type bridge", "ip link set br7 up", "ip link set lan master br7",
                "ip address add 10.77.0.1/24 dev br7",
            ] { try lab.require(command.split(separator: " ").map(String.init), at: .gateway(site)) }
            defer { _ = try? lab.run(["ip", "link", "del", "br7"], at: .gateway(site)) }
            let before = try lab.sight(site)
            let mac = try lab.require(["ip", "-o", "link", "show", "br7"], at: .gateway(site))

            try lab.startGateway(site)
            try lab.waitUntilInGrid(site)

            let ports = try lab.require(["ip", "-o", "link", "show", "master", "br7"], at: .gateway(site))
            #expect(ports.contains(": lan@") && ports.contains(": ipop0:"))
            let address = mac.split(separator: " ").drop { $0 != "link/ether" }.dropFirst().first
            #expect(try lab.require(["ip", "-o", "link", "show", "br7"], at: .gateway(site)).contains(address ?? "?"))
            #expect(lab.stopGateway(site))
            #expect(try lab.sight(site) == before)
        }
    }
}
