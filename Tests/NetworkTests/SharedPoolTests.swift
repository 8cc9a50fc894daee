import Foundation
import GatewayLab
import Testing

/// Twenty sites in one virtual subnet that has fewer addresses than they have hosts.
///
///     four hosts at two machines --switch-- [site 1: ipop-lan]  --wan--+
///     ...                                                              +-- br0, cut in two halves for a while
///     four hosts at two machines --switch-- [site 20: ipop-lan] --wan--+
extension NetworkTests {
    @Suite(
        .serialized,
        .lab("pool", sites: 20, bridged: Set((1...20).map(LabSite.name(number:))), isBroughtUp: false))
    struct SharedPoolTests {
        /// 64 addresses: 61 without its own, the service address and the last.
        private static let subnet = "10.128.16.0/26", addressCount = 61
        /// Each of these is a host: a second one on the same machine has a MAC of its own.
        private static let interfaces = ["lan", "lan2"]
        /// Beyond these seconds nothing is expected to come any more, on the slowest machine.
        private static let patience = 90.0

        @Test
        func `of 80 hosts that ask for 64 addresses at once, each has one alone or is refused, after a split too`()
            throws
        {
            let lab = try Lab.ofSuite()
            try start(lab)
            let halves = (lab.sites.prefix(10), lab.sites.suffix(10))
            // One keeper of leases in eight falls, and those of each address are in both halves.
            let fallen = lab.sites[12]

            // Half of the hosts ask, and while they do one gateway dies and the WAN is cut; then the others ask, for
            // what hosts in the other half have.
            var clients = try ask(lab, LabNode.host) { _ in nil }
            try until("the first address", timeLimit: Self.patience) { () throws(LabError) in
                clients.contains { !lab.given($0.client).isEmpty }
            }
            lab.killGateway(fallen)
            let early = clients.count { !lab.given($0.client).isEmpty }
            try lab.block(halves.0.flatMap { one in halves.1.compactMap { SitePair(one, $0) } })
            let given = clients.compactMap { client in lab.given(client.client).last.map { (client.site, $0.address) } }
            clients += try ask(lab, LabNode.secondHost) { site in
                let others = given.filter { halves.0.contains($0.0) != halves.0.contains(site) }.map(\.1)
                return others.isEmpty ? nil : others[site.number % others.count]
            }
            try until("addresses while the WAN is cut", timeLimit: Self.patience) { () throws(LabError) in
                clients.contains { client in
                    LabNode.secondHost(client.site) == client.client.node && !lab.given(client.client).isEmpty
                }
            }
            let late = clients.count { !lab.given($0.client).isEmpty }
            try lab.openWAN()
            report("hosts with an address before the WAN was cut", Double(early), "")
            report("hosts with an address when it was whole again", Double(late), "")

            // Merged: every client that has an address asks for it anew, and is told whether it may keep it.
            let alive = lab.sites.filter { $0 != fallen }
            try lab.waitUntilInGrid(alive, reaching: alive)
            try untilSettled(clients.map(\.client), lab)
            let before = clients.map { lab.given($0.client).count }
            for client in clients { client.client.process.signal(SIGUSR1) }
            try until("every client to have renewed, or to have ended", timeLimit: Self.patience) {
                () throws(LabError) in
                zip(clients, before).allSatisfy { client, count in
                    client.site == fallen || !client.client.process.isRunning || lab.isRefused(client.client)
                        || lab.given(client.client).count > count
                }
            }
            try untilSettled(clients.map(\.client), lab)

            try expectNobodyShares(clients, lab, fallen: fallen)
        }

        /// What is left at the end: each address is one host's, in the hosts' kernels and in the gateways' leases, and
        /// whoever has none has been told so.
        private func expectNobodyShares(
            _ clients: [(site: LabSite, client: DHCPClient)], _ lab: Lab, fallen: LabSite
        ) throws {
            var holders: [String: [String]] = [:]
            var refused = 0
            for (site, client) in clients {
                // Blocks are one gateway's alone, also while it is cut off: nobody loses what he was given.
                #expect(!lab.isRefused(client), "\(lab.text(client.log))")
                let held = try lab.addresses(client.node, of: client.interface)
                for address in held { holders[address, default: []].append(client.process.role) }
                guard held.isEmpty else { continue }
                refused += 1
                #expect(lab.text(client.log).contains("no lease, failing"), "\(lab.text(client.log))")
                if site != fallen {
                    #expect(lab.log(site).contains("there is no address for DHCP clients"), "\(lab.logEnd(site))")
                }
            }
            for (address, names) in holders.sorted(by: { $0.key < $1.key }) where names.count > 1 {
                Issue.record("\(address) is \(names)'s")
            }
            var leases: [String: Set<String>] = [:]
            for site in lab.sites where site != fallen {
                for lease in try lab.leases(site) where lease.mac != nil && lease.state == "held" {
                    leases[lease.key, default: []].insert(site.name)
                }
            }
            for (address, sites) in leases where sites.count > 1 { Issue.record("\(address) is held by \(sites)") }
            report("hosts with an address of \(Self.subnet)", Double(holders.count), "")
            report("hosts that were refused", Double(refused), "")
            #expect(holders.count + refused == clients.count)
            #expect(holders.count > Self.addressCount / 2 && holders.count <= Self.addressCount)
        }

        /// Joins all sites to the small subnet and starts the gateways.
        private func start(_ lab: Lab) throws {
            try lab.createGrid()
            try lab.join(lab.sites)
            for site in lab.sites {
                let map = try lab.read(.subnetMap, at: site)
                let changed = map.replacingOccurrences(of: LabAddresses.bridgedSubnet, with: Self.subnet)
                try #require(changed != map)
                try lab.write(changed, to: .subnetMap, at: site)
            }
            try lab.addSecondInterfaces(Self.interfaces[1])
            for site in lab.sites { try lab.startGateway(site) }
            try lab.waitUntilInGrid(lab.sites)
        }

        /// Starts a client for each host at one machine of every site, which may have an address in mind. They end when
        /// nobody gives them one.
        private func ask(
            _ lab: Lab, _ machine: (LabSite) -> LabNode, wish: (LabSite) -> String?
        ) throws -> [(site: LabSite, client: DHCPClient)] {
            try lab.sites.flatMap { site in
                try Self.interfaces.map { interface in
                    let node = machine(site)
                    let wished = wish(site).map { ["-r", $0] } ?? []
                    return (
                        site,
                        try lab.startDHCPClient(
                            .udhcpc, name: "\(lab.namespace(node).suffix(12))-\(interface)", at: node,
                            interface: interface, options: ["-n", "-t", "8"] + wished)
                    )
                }
            }
        }

        /// Waits until each client has an address or has ended.
        private func untilSettled(_ clients: [DHCPClient], _ lab: Lab) throws {
            try until("every client to have an address, or to have ended", timeLimit: Self.patience) {
                () throws(LabError) in
                for client in clients where client.process.isRunning && !lab.isRefused(client) {
                    if try lab.addresses(client.node, of: client.interface).isEmpty { return false }
                }
                return true
            }
        }
    }
}

extension Lab {
    /// Whether a client was told that it may not have its address: it goes on asking for another one.
    fileprivate func isRefused(_ client: DHCPClient) -> Bool { text(client.log).contains("received DHCP NAK") }

    /// Gives every host of bridged sites another interface in its LAN, as a second machine at the same switch would
    /// have: each answers ARP for its own addresses alone.
    fileprivate func addSecondInterfaces(_ name: String) throws(LabError) {
        let script = """
            sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
            ip link add \(name) link lan type macvlan mode bridge
            ip link set \(name) up
            """
        try require(
            bridgedSites.flatMap { site in
                [LabNode.host(site), .secondHost(site)].map { (["sh", "-ec", script], $0) }
            })
    }
}
