import Foundation
import GatewayLab
import NetworkTypes
import Testing

/// The lab's NATs, each as its name says, in the words of RFC 4787; no gateway runs.
///
///     [ufl], [lsu] ---------------------------------------+
///     [cern], [site8] -- [cern-nat] endpoint-independent --+
///     [ornl] -- [ornl-nat] symmetric ----------------------+-- br0
///     [site5] -- [site5-nat] UDP blocked ------------------+
///     [site6] -- [site6-nat] -- [site6-nat2] double -------+
///     [site7] -- [site7-nat] open -------------------------+
extension NetworkTests {
    @Suite(
        .serialized,
        .lab(
            "nat", sites: 8, mode: .bare,
            nats: [
                "cern": .own(.endpointIndependent), "ornl": .own(.symmetric), "site5": .own(.udpBlocked),
                "site6": .own(.double), "site7": .own(.open), "site8": .behind("cern"),
            ]))
    struct NATTests {
        @Test(arguments: ["cern", "site6", "site7"])
        func `a mapping is the same for all remote endpoints`(site: String) throws {
            let seen = try mappings(of: site)

            #expect(Set(seen).count == 1, "\(seen)")
            #expect(seen[0].address.description == (try self.site(named: site).wanAddress))
        }

        @Test func `a symmetric NAT maps anew for each remote endpoint`() throws {
            let seen = try mappings(of: "ornl")

            #expect(Set(seen).count > 1, "\(seen)")
            #expect(Set(seen.map(\.address.description)) == [try site(named: "ornl").wanAddress])
        }

        @Test(arguments: ["cern", "ornl", "site6", "site7"])
        func `only who was sent to gets an answer through`(site: String) throws {
            let lab = try Lab.ofSuite()
            let inside = try UDPProbe(lab, at: .gateway(try self.site(named: site)))
            let known = try UDPProbe(lab, at: .gateway(lab.ufl)), stranger = try UDPProbe(lab, at: .gateway(lab.lsu))
            let mapping = try inside.source(seenBy: known, at: lab.ufl.wanAddress)

            stranger.send("stranger", to: mapping)
            known.send("known", to: mapping)

            #expect(try inside.receive().text == "known")
            #expect(try inside.take() == nil)
        }

        /// An unsolicited packet before the site's own: what two gateways that punch at once do to each other.
        @Test(arguments: [("cern", true), ("site6", true), ("site7", false)])
        func `an early packet of the other side costs the mapping at an open NAT alone`(
            site: String, isKept: Bool
        ) throws {
            let lab = try Lab.ofSuite()
            let inside = try UDPProbe(lab, at: .gateway(try self.site(named: site)))
            let known = try UDPProbe(lab, at: .gateway(lab.ufl)), early = try UDPProbe(lab, at: .gateway(lab.lsu))
            let mapping = try inside.source(seenBy: known, at: lab.ufl.wanAddress)

            early.send("too early", to: mapping)
            let second = try inside.source(seenBy: early, at: lab.lsu.wanAddress)

            #expect((second == mapping) == isKept, "\(mapping) and then \(second)")
        }

        @Test func `where UDP is blocked TCP passes, outwards only`() throws {
            let lab = try Lab.ofSuite()
            let blocked = try site(named: "site5")
            let inside = try UDPProbe(lab, at: .gateway(blocked)), outside = try UDPProbe(lab, at: .gateway(lab.ufl))

            inside.send("out", to: try endpoint(lab.ufl.wanAddress, outside.port))
            outside.send("in", to: try endpoint(blocked.wanAddress, inside.port))
            let received = try lab.transfer(
                source: "seq 1 1000", from: .gateway(blocked), sink: "wc -l", to: .gateway(lab.ufl),
                address: lab.ufl.wanAddress)

            #expect(received == "1000\n")
            #expect(try inside.take() == nil && outside.take() == nil)
        }

        @Test func `two sites behind one NAT share its address, and a network of their own`() throws {
            let lab = try Lab.ofSuite()
            let (owner, guest) = (try site(named: "cern"), try site(named: "site8"))
            let one = try UDPProbe(lab, at: .gateway(owner), port: 5_000)
            let other = try UDPProbe(lab, at: .gateway(guest), port: 5_000)
            let outside = try UDPProbe(lab, at: .gateway(lab.ufl))

            let seen = try [one, other].map { try $0.source(seenBy: outside, at: lab.ufl.wanAddress) }
            let near = try one.source(seenBy: other, at: lab.gatewayAddress(guest))

            #expect(seen[0].address == seen[1].address && seen[0].port != seen[1].port, "\(seen)")
            #expect(near == (try endpoint(lab.gatewayAddress(owner), 5_000)))
        }

        @Test func `a NAT is a node, and the outer of two another`() throws {
            let lab = try Lab.ofSuite()

            #expect(try lab.node(named: "cern-nat") == .nat(lab.cern, stage: 1))
            #expect(try lab.node(named: "site6-nat2") == .nat(try site(named: "site6"), stage: 2))
            #expect(try lab.require(["ip", "-br", "addr"], at: lab.node(named: "site6-nat2")).contains("198.18.0.6"))
            for name in ["ufl-nat", "cern-nat2", "site8-nat"] {
                #expect(throws: LabError.self) { try lab.node(named: name) }
            }
        }

        @Test func `another process finds the NATs again`() throws {
            let lab = try Lab.ofSuite()

            #expect(try Lab.open(name: lab.plan.name).plan == lab.plan)
            let status = try lab.ownCommand(["lab", "status", "--json", "--name", lab.plan.name])
            #expect(status.output.contains("\"nat\": \"behind:cern\"") && status.succeeded)
        }

        @Test(arguments: ["ufl", "cern", "site6"])
        func `a site that is renumbered is seen at another address, and at the first one after the next time`(
            site: String
        ) throws {
            let lab = try Lab.ofSuite(), moved = try self.site(named: site)
            let inside = try UDPProbe(lab, at: .gateway(moved)), outside = try UDPProbe(lab, at: .gateway(lab.lsu))
            let before = try inside.source(seenBy: outside, at: lab.lsu.wanAddress)

            let address = try lab.renumber(moved)
            let after = try inside.source(seenBy: outside, at: lab.lsu.wanAddress)
            try lab.renumber(moved)
            let again = try inside.source(seenBy: outside, at: lab.lsu.wanAddress)

            #expect(after.address.description == address && after.address != before.address)
            #expect(again.address == before.address)
        }

        @Test func `what is told of a site behind another's NAT is refused where it has no link of its own`() throws {
            let lab = try Lab.ofSuite()

            for command in ["renumber", "unplug", "block-udp", "block"] {
                let result = try lab.ownCommand(["lab", "wan", command, "--name", lab.plan.name, "site8"])
                #expect(result.status == 2 && result.errors.contains("cern"), "\(command): \(result.everything)")
            }
        }

        @Test(arguments: [
            ["nowhere": SiteNAT.own(.double)], ["lsu": .behind("ufl")], ["lsu": .behind("nowhere")],
            ["lsu": .own(.symmetric), "cern": .behind("lsu"), "ufl": .behind("cern")],
        ])
        func `NATs that cannot be are refused`(nats: [String: SiteNAT]) {
            #expect(throws: LabError.self) { try Lab.create(LabPlan(name: "badnat", mode: .bare, nats: nats)) }
        }

        @Test func `a grid whose every site hides is refused, and plain routes through NATs are`() {
            let hidden: [String: SiteNAT] = ["ufl": .own(.double), "lsu": .behind("ufl")]

            #expect(throws: LabError.self) { try Lab.create(LabPlan(name: "badnat", sites: 2, nats: hidden)) }
            #expect(throws: LabError.self) {
                try Lab.create(LabPlan(name: "badnat", sites: 2, mode: .plain, nats: ["lsu": .own(.open)]))
            }
        }

        /// What a socket of a site looks like from three endpoints on two hosts.
        private func mappings(of name: String) throws -> [Endpoint] {
            let lab = try Lab.ofSuite()
            let inside = try UDPProbe(lab, at: .gateway(try site(named: name)))
            return try [lab.ufl, lab.lsu, lab.lsu].map { remote in
                try inside.source(seenBy: UDPProbe(lab, at: .gateway(remote)), at: remote.wanAddress)
            }
        }

        private func site(named name: String) throws -> LabSite { try Lab.ofSuite().site(named: name) }
    }
}
