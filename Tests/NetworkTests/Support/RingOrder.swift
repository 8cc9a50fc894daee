import Foundation
import GatewayLab
import Testing

/// The sites of a lab in the order of their node addresses, around the ring.
struct RingOrder {
    let sites: [LabSite]
    /// How many neighbours a member has on each side.
    static let nearCount = 2

    /// Takes the node addresses from the sites' certificates, which `join` has issued.
    init(_ lab: Lab) throws {
        struct Shown: Decodable {
            struct Certificate: Decodable { let node: String }
            let certificate: Certificate
        }
        let sites = lab.sites, programs = try #require(lab.programs)
        let texts = try ProgramRun.require(
            sites.map {
                ProgramCall(arguments: [programs.ipop, "cert", "show", lab.directories($0).bundle, "--json"])
            })
        let nodes = try texts.map { try JSONDecoder().decode(Shown.self, from: Data($0.utf8)).certificate.node }
        self.sites = zip(nodes, sites).sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// The site at a place, counted around the ring.
    subscript(_ place: Int) -> LabSite { sites[(place + sites.count) % sites.count] }

    /// The pairs of ring neighbours, two on each side.
    var neighbours: Set<SitePair> {
        Set(
            sites.indices.flatMap { place in
                (1...Self.nearCount).compactMap { SitePair(sites[place], self[place + $0]) }
            })
    }

    /// Chooses members to fall, by a seed, such that the links that are left still connect the rest; which places
    /// these are on the ring depends on nothing but the seed.
    func fallen(count: Int, seed: UInt64) -> [LabSite] {
        var state = seed
        while true {
            var places: Set<Int> = []
            while places.count < count {
                // Knuth's MMIX generator; its upper half is the better one.
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                places.insert(Int(state >> 33) % sites.count)
            }
            let left = sites.indices.filter { !places.contains($0) }.map { sites[$0] }
            if Self.areConnected(left, by: neighbours) { return places.sorted().map { sites[$0] } }
        }
    }

    /// Whether a way of links leads from each of the sites to every other through these sites alone.
    static func areConnected(_ sites: [LabSite], by links: Set<SitePair>) -> Bool {
        guard let start = sites.first else { return true }
        var reached: Set<LabSite> = [start]
        var open = [start]
        while let site = open.popLast() {
            for other in sites where !reached.contains(other) {
                guard let pair = SitePair(site, other), links.contains(pair) else { continue }
                reached.insert(other)
                open.append(other)
            }
        }
        return reached.count == sites.count
    }
}

extension Lab {
    /// Names the members that a joined site asks first, in place of the lab's first gateway.
    func setBootstrap(_ members: [LabSite], at site: LabSite) throws {
        let names = members.map { "\"\($0.wanAddress):\(LabAddresses.port)\"" }.joined(separator: ", ")
        let lines = try read(.settings, at: site).split(separator: "\n", omittingEmptySubsequences: false)
        let changed = lines.map { $0.hasPrefix("bootstrap:") ? "bootstrap: [\(names)]" : String($0) }
        try write(changed.joined(separator: "\n"), to: .settings, at: site)
    }

    /// The prefixes that gateways hold for their own sites in the grid's store, as `ipop leases --json` says.
    func heldPrefixes(_ asked: [LabSite]) throws(LabError) -> [LabSite: Set<String>] {
        struct Listed: Decodable {
            struct Lease: Decodable { let key, holder, state: String }
            let leases: [Lease]
        }
        let texts = try require(asked.map { (["ipop", "leases", "--json"], .gateway($0)) })
        var found: [LabSite: Set<String>] = [:]
        for (site, text) in zip(asked, texts) {
            guard let leases = try? JSONDecoder().decode(Listed.self, from: Data(text.utf8)).leases else {
                throw .commandFailed(command: "ipop leases --json", status: 0, output: text)
            }
            let held = leases.filter { $0.holder == site.name && $0.state == "held" }
            found[site] = Set(held.map { $0.key.replacing(/^prefix:/, with: "") })
        }
        return found
    }

    /// How gateways reach the others, as `ipop sites --json` says: path by site. Nothing of one that does not answer
    /// now.
    func paths(_ asked: [LabSite]) throws(LabError) -> [LabSite: [String: String]] {
        struct Listed: Decodable {
            struct Site: Decodable { let site, path: String }
            let sites: [Site]
        }
        var calls: [ProgramCall] = []
        for site in asked { calls.append(try call(["ipop", "sites", "--json"], at: .gateway(site))) }
        var found: [LabSite: [String: String]] = [:]
        for (site, result) in zip(asked, try ProgramRun.run(calls)) where result.succeeded {
            do {
                let listed = try JSONDecoder().decode(Listed.self, from: Data(result.output.utf8)).sites
                found[site] = Dictionary(listed.map { ($0.site, $0.path) }) { first, _ in first }
            } catch {
                throw .commandFailed(
                    command: "ipop sites --json", status: result.status, output: "\(error)\n\(result.everything)")
            }
        }
        return found
    }
}
