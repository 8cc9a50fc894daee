import GatewayLab
import Testing

/// Twenty gateways on a WAN that at first lets ring neighbours talk alone.
///
///     ... -- [a] -- [b] -- [c] -- [d] -- ...      the order of the node addresses: each gateway has a way to the two
///              \_____________/                    next ones on either side, one of which is its only bootstrap member
extension NetworkTests {
    @Suite(.serialized, .lab("large", sites: 20, isBroughtUp: false)) struct LargeGridTests {
        /// Which five members fall: at places 0, 2, 4, 15 and 16 of the ring, so that there is a gap which no link
        /// crosses, and members that have one link left on a side.
        private static let seed: UInt64 = 2
        /// Seconds within which the rest reach each other again.
        private static let repairLimit = 10.0
        /// Beyond these seconds nothing is expected to come any more, on the slowest machine. Direct paths are tried at
        /// intervals that grow with the time that they were blocked.
        private static let patience = 60.0, directPatience = 180.0

        @Test
        func `all hosts of twenty sites ping over neighbours' links, again within 10 s when five fall, then directly`()
            throws
        {
            let lab = try Lab.ofSuite()
            let ring = try startOnNeighboursAlone(lab)
            let mesh = try EchoMesh(lab)

            // Joined: hosts reach each other from wherever to wherever, also where their gateways cannot talk.
            let joined = mesh.untilAllAnswer(lab.sites, timeLimit: Self.patience)
            joined.expectNobodySilent(in: lab)
            report("all 380 pairs of hosts answered after the start of the gateways", joined.seconds, "s")
            try expectWaysAsAllowed(ring.neighbours, lab.sites)

            // Every site holds its prefixes in the store.
            try until("claims of all prefixes", timeLimit: Self.patience) { () throws(LabError) in
                try lab.heldPrefixes(lab.sites).allSatisfy { $0.value.isSuperset(of: $0.key.subnets) }
            }

            // Five fall at once. What is left is connected, which the choice sees to.
            let fallen = ring.fallen(count: 5, seed: Self.seed)
            let rest = lab.sites.filter { !fallen.contains($0) }
            lab.killGateways(fallen)
            let repaired = mesh.untilAllAnswer(rest, timeLimit: Self.patience)
            repaired.expectNobodySilent(in: lab)
            report("all 210 pairs of the rest answered after five members were killed", repaired.seconds, "s")
            report("processors idle meanwhile", repaired.idleShare * 100, "%")
            // Where the processors had nothing left to give, the time says more of them than of the gateways.
            #expect(repaired.seconds <= Self.repairLimit || repaired.idleShare < 0.1)
            for (site, held) in try lab.heldPrefixes(rest) {
                #expect(held.isSuperset(of: site.subnets), "\(site.name) keeps its leases: \(held)")
            }
            try expectWaysAsAllowed(ring.neighbours, rest)

            // Open: everybody finds the direct way to everybody.
            try lab.openWAN()
            let opened = try expectWaysAsAllowed(Set(lab.allPairs), rest)
            report("all paths direct after the WAN was opened", opened, "s")
            mesh.untilAllAnswer(rest, timeLimit: Self.patience).expectNobodySilent(in: lab)
        }

        /// Joins all sites, opens the WAN for ring neighbours alone, and starts the gateways, each with the one before
        /// it on the ring as its only bootstrap member.
        private func startOnNeighboursAlone(_ lab: Lab) throws -> RingOrder {
            try lab.createGrid()
            try lab.join(lab.sites)
            let ring = try RingOrder(lab)
            for place in ring.sites.indices { try lab.setBootstrap([ring[place - 1]], at: ring[place]) }
            try lab.allowOnly(ring.neighbours)
            #expect(ring.neighbours.count == 40 && lab.allPairs.count == 190)
            try expectGatewaysReach(ring[1], from: ring[0], true)
            try expectGatewaysReach(ring[3], from: ring[0], false)
            for site in lab.sites { try lab.startGateway(site) }
            return ring
        }

        private func expectGatewaysReach(_ other: LabSite, from site: LabSite, _ expected: Bool) throws {
            let result = try Lab.ofSuite().ping(other.wanAddress, from: .gateway(site), count: 1)
            #expect((result.received == 1) == expected, "\(result.words)")
        }

        /// Waits until gateways have direct paths where the WAN has a way, and expects none where it has not.
        /// Returns the seconds it took.
        @discardableResult
        private func expectWaysAsAllowed(_ allowed: Set<SitePair>, _ sites: [LabSite]) throws -> Double {
            let lab = try Lab.ofSuite()
            func isAsAllowed(_ paths: [LabSite: [String: String]], _ from: LabSite, _ to: LabSite) -> Bool {
                (paths[from]?[to.name] == "direct-udp") == allowed.contains(lab.pair(from, to))
            }
            var last: [LabSite: [String: String]] = [:]
            let seconds = try? until("the ways that the WAN has", timeLimit: Self.directPatience) {
                () throws(LabError) in
                last = try lab.paths(sites)
                return sites.allSatisfy { from in
                    sites.allSatisfy { $0 == from || isAsAllowed(last, from, $0) }
                }
            }
            for from in sites {
                for to in sites where to != from && !isAsAllowed(last, from, to) {
                    Issue.record("\(from.name) to \(to.name): \(last[from]?[to.name] ?? "unknown")")
                }
            }
            return seconds ?? Self.directPatience
        }
    }
}
