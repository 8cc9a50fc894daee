import GatewayLab
import Testing

/// Every kind of NAT with every other, itself included: hosts reach each other whatever stands between, and the path
/// that their gateways come to is the best one there is.
///
///     [ufl], [lsu], [cern] -----------------------------------+
///     [ornl], [site5] -- a NAT each, endpoint-independent ----+
///     [site6], [site7] -- a NAT each, symmetric --------------+-- br0
///     [site8], [site9] -- two NATs each in a row -------------+
///     [site10], [site11] -- a NAT each that drops UDP --------+
extension NetworkTests {
    @Suite(.serialized, .lab("matrix", sites: PathMatrix.siteCount, nats: PathMatrix.nats, isBroughtUp: false))
    struct PathMatrixTests {
        @Test func `all hosts reach each other, by the expected path for the expected reason`() throws {
            let lab = try Lab.ofSuite()
            let mesh = try EchoMesh(lab)
            try lab.createGrid()
            try lab.join(lab.sites)
            for site in lab.sites { try lab.startGateway(site) }

            let reached = mesh.untilAllAnswer(lab.sites, timeLimit: Lab.joinLimit)

            reached.expectNobodySilent(in: lab)
            report("all \(lab.pairs.count) pairs of hosts behind NATs answered after the start", reached.seconds, "s")
            var unexpected: [String] = []
            let settled = try? until("the expected paths", timeLimit: Lab.joinLimit) { () throws(LabError) in
                unexpected = try lab.outcomes().filter { pair in
                    !PathMatrix.expected(lab.kind(pair.from), lab.kind(pair.to)).contains(pair.outcome)
                }.map { "\($0.from.name) to \($0.to.name): \($0.outcome)" }
                return unexpected.isEmpty
            }
            #expect(unexpected.isEmpty, "\(unexpected.joined(separator: "\n"))")
            if let settled { report("  and all paths were as expected after", reached.seconds + settled, "s") }
            try printMatrix()
            mesh.untilAllAnswer(lab.sites, timeLimit: Lab.joinLimit).expectNobodySilent(in: lab)
        }

        /// A row and a column a kind, with what its sites came to.
        private func printMatrix() throws {
            let lab = try Lab.ofSuite()
            let outcomes = try lab.outcomes()
            for (one, other) in NATKind.allCases.flatMap({ one in NATKind.allCases.map { (one, $0) } }) {
                let found = outcomes.filter { lab.kind($0.from) == one && lab.kind($0.to) == other }.map(\.outcome)
                let counts = Dictionary(grouping: found, by: \.description).map { "\($1.count) \($0)" }.sorted()
                if found.isEmpty { continue }
                print("    \(one.rawValue) to \(other.rawValue): \(counts.joined(separator: ", "))")
            }
        }
    }

    /// Brunet's own measure: five gateways that are all behind NATs, and a sixth one that they find each other by.
    @Suite(
        .serialized,
        .lab(
            "hidden", sites: 6,
            nats: Dictionary(
                uniqueKeysWithValues: (2...6).map { (LabSite.name(number: $0), SiteNAT.own(.endpointIndependent)) }),
            isBroughtUp: false))
    struct HiddenGridTests {
        @Test func `five gateways behind a NAT each reach each other from nothing`() throws {
            let lab = try Lab.ofSuite(), hidden = Array(lab.sites.dropFirst())
            let mesh = try EchoMesh(lab)
            try lab.createGrid()
            try lab.join(lab.sites)
            #expect(mesh.untilAllAnswer(hidden, timeLimit: 1).silent.count == 20)

            for site in lab.sites { try lab.startGateway(site) }
            let reached = mesh.untilAllAnswer(hidden, timeLimit: Lab.joinLimit)

            reached.expectNobodySilent(in: lab)
            report("all 20 pairs of five hidden sites answered after the start", reached.seconds, "s")
            let direct = try? until("direct paths", timeLimit: Lab.joinLimit) { () throws(LabError) in
                try lab.outcomes().allSatisfy { $0.outcome.path == "direct-udp" }
            }
            if let direct { report("  and all paths were direct after", reached.seconds + direct, "s") }
            mesh.untilAllAnswer(hidden, timeLimit: Lab.joinLimit).expectNobodySilent(in: lab)
        }
    }
}
