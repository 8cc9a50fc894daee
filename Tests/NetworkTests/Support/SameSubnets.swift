import Foundation
import GatewayLab
import NetworkTypes
import Testing

/// Labs whose LANs have the same addresses: 192.168.1.0/24 and fd00:168:1::/64, each gateway at .1, each host at .10.
enum SharedSubnet {
    static let v4 = IPPrefix("192.168.1.0/24")!
    static let v6 = IPPrefix("fd00:168:1::/64")!
    static let host4 = IPAddress("192.168.1.10")!
    static let host6 = IPAddress("fd00:168:1::10")!
    static let gateway4 = IPAddress("192.168.1.1")!
    static let gateway6 = IPAddress("fd00:168:1::1")!
    static let subnets = ["\(v4)", "\(v6)"]
    static let pools = ["10.128.0.0/9", "fd77::/32"]

    static let explicit = (v4: "10.128.200.0/24", v6: "fd77:0:200::/64")

    /// Joins all sites with the same subnets: the third with explicit virtual prefixes, the others with leased ones.
    @Sendable static func mapAll(_ lab: Lab) throws {
        try lab.joinSameSubnets(lab.sites.map { ($0, lines($0, $0 == lab.cern ? explicit : ("auto", "auto"))) })
        try lab.waitForVirtualRoutes(lab.sites)
    }

    /// The lines of subnets.map with which a site exports both, each with a virtual prefix or the word.
    static func lines(_ site: LabSite, _ targets: (v4: String, v6: String) = ("auto", "auto")) -> String {
        "\(site.name) \(v4) \(targets.v4)\n\(site.name) \(v6) \(targets.v6)\n"
    }
}

extension Lab {
    /// Gives a site's LAN the addresses that others have as well. Frames on it carry whole checksums, for `tcpdump`.
    func shareSubnet(_ site: LabSite) throws(LabError) {
        let ends: [(LabNode, [IPAddress])] = [
            (.gateway(site), [SharedSubnet.gateway4, SharedSubnet.gateway6]),
            (.host(site), [SharedSubnet.host4, SharedSubnet.host6]),
        ]
        for (node, addresses) in ends {
            try require(["ip", "addr", "flush", "dev", "lan", "scope", "global"], at: node)
            try require(["ip", "addr", "add", "\(addresses[0])/24", "dev", "lan"], at: node)
            try require(["ip", "addr", "add", "\(addresses[1])/64", "dev", "lan", "nodad"], at: node)
            try require(["ethtool", "-K", "lan", "tx", "off"], at: node)
        }
        try require(["ip", "route", "replace", "default", "via", "\(SharedSubnet.gateway4)"], at: .host(site))
        try require(["ip", "route", "replace", "default", "via", "\(SharedSubnet.gateway6)"], at: .host(site))
    }

    /// Makes the grid, and joins sites that share a subnet with the lines given; the others join as usual.
    func joinSameSubnets(_ lines: [(site: LabSite, lines: String)]) throws(LabError) {
        try ipop(
            ["grid", "create", plan.name, "--out", authority] + SharedSubnet.pools.flatMap { ["--pool", $0] })
        for site in sites {
            guard let text = lines.first(where: { $0.site == site })?.lines else {
                try join(site)
                continue
            }
            try shareSubnet(site)
            try join(site, subnets: SharedSubnet.subnets)
            try writeMap(text, at: site)
        }
        for site in sites { try startGateway(site) }
        try waitUntilInGrid(sites)
    }

    /// Replaces a site's subnets.map.
    func writeMap(_ text: String, at site: LabSite) throws(LabError) {
        do {
            try text.write(
                toFile: "\(directories(site).configuration)/subnets.map", atomically: true, encoding: .utf8)
        } catch {
            throw .file(path: "subnets.map", reason: "\(error)")
        }
    }

    /// The virtual prefix of a site's subnet, as the site says itself; waits until it is announced.
    func virtualPrefix(of subnet: IPPrefix, at site: LabSite) throws -> IPPrefix {
        var found: IPPrefix?
        try until("a virtual prefix for \(subnet) of \(site.name)", timeLimit: Lab.joinLimit) { () throws(LabError) in
            let export = try status(site).export("\(subnet)")
            found = export?.state == "announced" ? export?.virtual.flatMap { IPPrefix($0) } : nil
            return found != nil
        }
        return try #require(found)
    }

    /// What the grid calls an address of a site's LAN.
    func virtual(_ address: IPAddress, at site: LabSite) throws -> String {
        let subnet = address.family == .v4 ? SharedSubnet.v4 : SharedSubnet.v6
        let prefix = try virtualPrefix(of: subnet, at: site)
        return "\(try #require(subnet.counterpart(of: address, in: prefix)))"
    }

    /// Waits until each site routes the virtual prefixes of all others.
    func waitForVirtualRoutes(_ mapped: [LabSite]) throws {
        for site in mapped {
            for subnet in [SharedSubnet.v4, SharedSubnet.v6] {
                let prefix = "\(try virtualPrefix(of: subnet, at: site))"
                for other in sites where other != site { try waitForRoutes([prefix], at: other) }
            }
        }
    }

    /// Captures what passes a host's interface while `body` runs, and returns what tcpdump -vv says of it.
    func captured(at sites: [LabSite], _ body: () throws -> Void) throws -> String {
        let captures = try sites.map { site in
            try start(
                ["tcpdump", "-i", "lan", "-n", "-vv", "-l", "-s", "0", "ip or ip6"], at: .host(site), role: "tcpdump")
        }
        defer { for capture in captures { capture.process.stop(timeLimit: 5) } }
        try until("tcpdump to listen") { () throws(LabError) in
            captures.allSatisfy { text($0.log).contains("listening on") }
        }
        try body()
        for capture in captures { capture.process.stop(timeLimit: 5) }
        return captures.map { text($0.log) }.joined()
    }
}

extension Script {
    /// Sends a datagram to a port where nobody listens: ADDRESS. Prints `refused` when the host says so, which the
    /// kernel tells only the socket that the packet inside the error came from.
    static let refusedDatagram = #"""
        import socket, sys
        family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.settimeout(5)
            s.connect((sys.argv[1], 9))
            s.send(b"anybody?")
            try: s.recv(1)
            except ConnectionRefusedError: print("refused")
        """#
}
