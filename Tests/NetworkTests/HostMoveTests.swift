import Foundation
import GatewayLab
import Testing

/// A virtual machine migrates: the same host, with its MAC and its address, appears at another site.
///
///     ufl-host, [ufl-host2] --switch-- [ufl: ipop-lan] --wan--+
///                    |                                        +-- br0
///     lsu-host  <----+      --switch-- [lsu: ipop-lan] --wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("move", sites: 2, bridged: ["ufl", "lsu"])) struct HostMoveTests {
        @Test func `a host that moves to another site keeps its open TCP streams`() throws {
            let lab = try Lab.ofSuite()
            let mover = LabNode.secondHost(lab.ufl)
            let address = lab.ufl.bridgedAddress(host: 2)
            // One whom it leaves behind, and one whom it comes to.
            let partners: [(node: LabNode, address: String)] = [lab.ufl, lab.lsu].map {
                (.host($0), $0.bridgedAddress())
            }
            try lab.takeAddress(address, at: mover)
            for partner in partners { try lab.takeAddress(partner.address, at: partner.node) }
            let streams = try partners.map { partner in
                _ = try lab.startScript(Script.echo, ["7"], at: partner.node, role: "echo \(partner.address)")
                try lab.waitForPing(partner.address, from: mover)
                return try lab.startScript(
                    Script.chatter, [partner.address, "7"], at: mover, role: "chatter \(partner.address)"
                ).log
            }
            try until("both streams to flow") { () throws(LabError) in
                streams.allSatisfy { lab.echoes($0).count > 50 }
            }

            let before = streams.map { lab.echoes($0).count }
            try lab.move(mover, from: lab.ufl, to: lab.lsu)
            // As a hypervisor does for a machine that has migrated.
            try lab.require(["arping", "-U", "-c", "1", "-I", "lan", address], at: mover)
            try until("both streams to flow again") { () throws(LabError) in
                zip(streams, before).allSatisfy { lab.echoes($0).count > $1 + 50 }
            }

            report("stream to the site that it left: longest silence", lab.echoes(streams[0]).longest, "s")
            report("stream to the site that it came to: longest silence", lab.echoes(streams[1]).longest, "s")
            #expect(try lab.require(["ipop", "leases"], at: .gateway(lab.lsu)).contains("\n\(address) "))
            try until("the old site to forget the host") { () throws(LabError) in
                try !lab.require(["ipop", "leases"], at: .gateway(lab.ufl)).contains("\n\(address) ")
            }
            #expect(lab.log(lab.ufl).contains("host moved"), "\(lab.logEnd(lab.ufl))")
        }
    }
}

extension Lab {
    /// Plugs a bridged site's second host into another site's switch.
    fileprivate func move(_ host: LabNode, from: LabSite, to: LabSite) throws {
        let port = "moved"
        try require(["ip", "link", "set", "host2", "down"], at: .lanSwitch(from))
        try require(["ip", "link", "set", "host2", "name", port, "netns", to.lanSwitch], at: .lanSwitch(from))
        try require(["ip", "link", "set", port, "master", "br0", "up"], at: .lanSwitch(to))
        try until("the host's link") { () throws(LabError) in
            try require(["cat", "/sys/class/net/lan/operstate"], at: host).hasPrefix("up")
        }
    }

    /// Echoes that `Script.chatter` has got so far, and the longest time in seconds between two.
    fileprivate func echoes(_ log: String) -> (count: Int, longest: Double) {
        let words = text(log).split(separator: "\n").last.map { $0.split(separator: " ") } ?? []
        guard words.count == 2, let count = Int(words[0]), let longest = Double(words[1]) else { return (0, 0) }
        return (count, longest)
    }
}
