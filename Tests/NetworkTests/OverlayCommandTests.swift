import Foundation
import GatewayLab
import Testing

/// `ipop ring`, `ipop trace` and `ipop leases` as a script sees them.
///
///     ufl-host --lan-- [ufl]  --wan--+
///     lsu-host --lan-- [lsu]  --wan--+-- br0
///     cern-host -lan-- [cern] --wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("words")) struct OverlayCommandTests {
        @Test func `ring shows a gateway's place and its links with both others`() throws {
            let lab = try Lab.ofSuite()
            try lab.waitForConsistentRing(at: lab.sites)

            for site in lab.sites {
                let others = Set(lab.sites.filter { $0 != site }.map(\.name))
                let ring = try lab.ring(site)

                #expect(ring.schema == 1 && ring.site == site.name && ring.node == ring.address)
                #expect(ring.node == (try lab.status(site)).node)
                #expect(ring.routable && ring.consistent == true && ring.estimatedMembers >= 2)
                #expect(Set(ring.left.map(\.site)) == others && Set(ring.right.map(\.site)) == others)
                #expect(ring.left.first != ring.right.first)
                #expect(Set(ring.links.map(\.site)) == others)
                for link in ring.links {
                    #expect(link.purposes.contains("near") && link.theirPurposes.contains("near"))
                    #expect(link.path == "direct-udp" && link.reason == "ok" && link.endpoint != nil)
                    #expect(link.rttMicroseconds != nil && link.ageSeconds != nil)
                }
            }
        }

        @Test func `the neighbours on the two sides are those that the node addresses say`() throws {
            let lab = try Lab.ofSuite()
            try lab.waitForConsistentRing(at: lab.sites)
            let nodes = try lab.sites.map { try lab.ring($0).node }.sorted()

            for site in lab.sites {
                let ring = try lab.ring(site)
                let index = try #require(nodes.firstIndex(of: ring.node))

                #expect(ring.right.first?.node == nodes[(index + 1) % 3])
                #expect(ring.left.first?.node == nodes[(index + 2) % 3])
            }
        }

        @Test func `a crawl finds all three, each with the right neighbours`() throws {
            let lab = try Lab.ofSuite()
            try lab.waitForConsistentRing(at: lab.sites)

            let text = try lab.run(["ipop", "ring", "--crawl"], at: .gateway(lab.ufl), timeLimit: 60)
            let crawl = try lab.crawl(lab.lsu)

            #expect(text.status == 0 && text.output.contains("consistent"), "\(text.everything)")
            #expect(crawl.status == 0)
            #expect(crawl.report.members == 3 && crawl.report.answered == 3)
            #expect(crawl.report.consistent && crawl.report.inconsistent.isEmpty && crawl.report.silent.isEmpty)
        }

        @Test func `a trace by site, and by addresses behind it, is one hop`() throws {
            let lab = try Lab.ofSuite()

            for target in [lab.lsu.name, lab.lsu.hostAddress, lab.lsu.hostAddress6, lab.lsu.lanAddress] {
                let trace = try lab.trace(target, from: lab.ufl)

                #expect(trace.status == 0)
                #expect(trace.report.target == target && trace.report.site == "lsu" && trace.report.error == nil)
                #expect(trace.report.path == "direct-udp" && trace.report.roundTripMicroseconds != nil)
                #expect(trace.report.hops.map(\.site) == ["lsu"] && trace.report.hops.map(\.index) == [1])
                #expect(trace.report.hops[0].path == "direct-udp" && trace.report.hops[0].endpoint != nil)
                #expect(trace.report.hops[0].node == trace.report.node)
            }
        }

        @Test func `a trace over the overlay goes by the ring although there is a direct path`() throws {
            let lab = try Lab.ofSuite()

            let trace = try lab.trace("lsu", from: lab.ufl, ["--overlay"])

            #expect(trace.status == 0)
            #expect(trace.report.path == "overlay")
            #expect(trace.report.hops.last?.site == "lsu")
        }

        @Test(arguments: [
            ("ufl", Int32(2), "this site"), ("192.168.10.10", 2, "this site"), ("fd00:168:10::1", 2, "this site"),
            ("nowhere", 2, "nowhere"), ("203.0.113.1", 1, "no route"), ("2001:db8:1::1", 1, "no route"),
            ("198.18.0.2", 1, "no route"),
        ])
        func `a trace that has nowhere to go says why`(target: String, status: Int32, words: String) throws {
            let lab = try Lab.ofSuite()

            let text = try lab.run(["ipop", "trace", target], at: .gateway(lab.ufl))
            let trace = try lab.trace(target, from: lab.ufl)

            #expect(text.status == status && text.errors.contains(words), "\(text.everything)")
            #expect(trace.status == status && trace.report.error?.contains(words) == true)
            #expect(trace.report.hops.isEmpty && trace.report.roundTripMicroseconds == nil)
        }

        @Test func `every exported prefix is claimed by a lease that three members keep`() throws {
            let lab = try Lab.ofSuite()

            for site in lab.sites {
                try until("the claims of \(site.name)", timeLimit: Lab.joinLimit) { () throws(LabError) in
                    let leases = try lab.leases(site)
                    return leases.count == site.subnets.count && leases.allSatisfy { $0.stored == 3 }
                }
                let leases = try lab.leases(site)

                #expect(Set(leases.map(\.key)) == Set(site.subnets.map { "prefix:\($0)" }))
                #expect(leases.allSatisfy { $0.holder == site.name && $0.state == "held" && $0.reason == nil })
                #expect(leases.allSatisfy { $0.expiresSeconds > 0 && $0.keepers == 3 })
            }
        }

        @Test func `the tables fit 80 columns`() throws {
            let lab = try Lab.ofSuite()

            for arguments in [["ring"], ["ring", "--crawl"], ["trace", "cern"], ["leases"]] {
                let text = try lab.run(["ipop"] + arguments, at: .gateway(lab.ufl), timeLimit: 60).output
                #expect(!text.isEmpty)
                for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
            }
        }

        @Test func `status shows the overlay`() throws {
            let lab = try Lab.ofSuite()
            try lab.waitForConsistentRing(at: lab.sites)

            let text = try lab.require(["ipop", "status"], at: .gateway(lab.ufl))
            let overlay = try #require(try lab.status(lab.ufl).overlay)

            #expect(text.contains("overlay 3 members") && text.contains("ring consistent"), "\(text)")
            #expect(overlay.near == 2 && overlay.far == 0 && overlay.ringConsistent == true)
        }
    }
}
