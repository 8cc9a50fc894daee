import Foundation
import GatewayLab
import NetworkTypes
import Testing

/// `ipop plan --json` as a reader outside of this project would declare it.
private struct PlanDocument: Decodable {
    struct Export: Decodable {
        let subnet, change: String
        let virtual, former, owner, holder, suggestion: String?
    }
    struct Route: Decodable {
        let change, prefix: String
        let site, device: String?
        let metric: Int
        let deadEnd: Bool
    }
    struct Problem: Decodable { let code, text, fix: String }

    let schema: Int
    let running: Bool
    let changes, restarts, commands: [String]
    let exports: [Export]
    let routes: [Route]
    let problems: [Problem]

    func export(_ subnet: IPPrefix) -> Export? { exports.first { $0.subnet == "\(subnet)" } }
}

/// What is announced of a reload is what it does.
///
///     ufl-host  192.168.1.10 --lan-- [ufl]  --+   same
///     lsu-host  192.168.1.10 --lan-- [lsu]  --+-  leased by the grid, then changed
///     cern-host                      [cern] --+
extension NetworkTests {
    @Suite(.serialized, .lab("plan", isBroughtUp: false, prepare: SharedSubnet.mapOne)) struct PlanTests {
        @Test func `without a change there is nothing to plan`() throws {
            let lab = try Lab.ofSuite()

            let (status, plan) = try lab.plan()

            #expect(status == 0 && plan.running && plan.schema == 1)
            #expect(plan.changes.isEmpty && plan.routes.isEmpty && plan.commands.isEmpty, "\(plan)")
            #expect(plan.exports.allSatisfy { $0.change == "kept" && $0.owner == "ours" }, "\(plan.exports)")
            let text = try lab.require(["ipop", "plan"], at: .gateway(lab.lsu))
            #expect(text.hasSuffix("\nnothing to change\n"), "\(text)")
        }

        @Test func `a clash is told before it happens, with the line that ends it`() throws {
            let lab = try Lab.ofSuite()
            let map = try lab.read(.subnetMap, at: lab.lsu)
            defer { try? lab.write(map, to: .subnetMap, at: lab.lsu) }
            try lab.write(SharedSubnet.lines(lab.lsu, ("same", "auto")), to: .subnetMap, at: lab.lsu)

            let (status, plan) = try lab.plan()

            #expect(status == 1)
            let export = try #require(plan.export(SharedSubnet.v4))
            #expect(export.change == "mapped" && export.owner == "other-site" && export.holder == lab.ufl.name)
            #expect(plan.problems.map(\.code) == ["E022"])
            let suggestion = try #require(export.suggestion)
            #expect(suggestion.hasPrefix("lsu 192.168.1.0/24 auto"))
            let text = try lab.run(["ipop", "plan"], at: .gateway(lab.lsu))
            #expect(text.status == 1 && text.output.contains(suggestion), "\(text.everything)")
            // Nothing was changed; the line, pasted, is a configuration without a clash.
            #expect(try lab.status(lab.lsu).problems("E022").isEmpty)
            try lab.write(
                suggestion + "\n\(lab.lsu.name) \(SharedSubnet.v6) auto\n", to: .subnetMap, at: lab.lsu)
            #expect(try lab.plan().status == 0)
        }

        @Test func `what is announced happens with the reload`() throws {
            let lab = try Lab.ofSuite()
            let (map, settings) = (try lab.read(.subnetMap, at: lab.lsu), try lab.read(.settings, at: lab.lsu))
            defer {
                try? lab.write(map, to: .subnetMap, at: lab.lsu)
                try? lab.write(settings, to: .settings, at: lab.lsu)
                _ = try? lab.run(["ipop", "reload"], at: .gateway(lab.lsu))
            }
            let former = try lab.virtualPrefix(of: SharedSubnet.v4, at: lab.lsu)
            let before = try lab.ipopRoutes(lab.lsu)
            try lab.write(SharedSubnet.lines(lab.lsu, SharedSubnet.explicit), to: .subnetMap, at: lab.lsu)
            try lab.write(
                settings.replacing("metric: 50", with: "metric: 70").replacing("gro: true", with: "gro: false"),
                to: .settings, at: lab.lsu)

            let (status, plan) = try lab.plan()

            #expect(status == 0, "\(plan.problems)")
            let export = try #require(plan.export(SharedSubnet.v4))
            #expect(export.change == "mapped" && export.owner == "free" && export.former == "\(former)")
            #expect(export.virtual == SharedSubnet.explicit.v4)
            #expect(plan.restarts == ["offloads take effect at the next restart"])
            #expect(Set(plan.routes.filter { $0.change == "removed" }.map(\.prefix)) == Set(before.keys))
            #expect(try lab.ipopRoutes(lab.lsu) == before)

            let reload = try lab.require(["ipop", "reload"], at: .gateway(lab.lsu))

            #expect(reload.split(separator: "\n").map(String.init) == plan.changes)
            let announced = plan.routes.filter { $0.change == "added" }
            // The dead ends of its own virtual prefixes come with their leases.
            #expect(
                Set(announced.filter(\.deadEnd).map(\.prefix)) == [SharedSubnet.explicit.v4, SharedSubnet.explicit.v6])
            try lab.waitForRoutes(announced.map(\.prefix), at: lab.lsu)
            let after = try lab.ipopRoutes(lab.lsu)
            #expect(Set(announced.map(\.prefix)) == Set(after.keys))
            for route in announced {
                let held = try #require(after[route.prefix])
                #expect(held.metric == route.metric && (held.dev == route.device || route.deadEnd), "\(held)")
                #expect(try lab.status(lab.lsu).route(route.prefix)?.site == route.site)
            }
            #expect("\(try lab.virtualPrefix(of: SharedSubnet.v4, at: lab.lsu))" == export.virtual)
            try lab.waitForRoutes([SharedSubnet.explicit.v4], at: lab.cern)
            #expect(try lab.plan().plan.changes.isEmpty)
        }

        @Test func `routes that other settings would not let in are told`() throws {
            let lab = try Lab.ofSuite()
            let settings = try lab.read(.settings, at: lab.lsu)
            defer { try? lab.write(settings, to: .settings, at: lab.lsu) }
            try lab.write(settings.replacing("mtu: auto", with: "mtu: 1000"), to: .settings, at: lab.lsu)
            let remote = try #require(lab.cern.subnets.first { $0.contains(":") })

            let (status, plan) = try lab.plan()

            #expect(status == 1 && plan.commands.contains("ip link set dev ipop0 mtu 1000"), "\(plan.commands)")
            #expect(plan.problems.contains { $0.code == "E013" && $0.text.contains(remote) }, "\(plan.problems)")
            #expect(plan.routes.contains { $0.change == "removed" && $0.prefix == remote }, "\(plan.routes)")
        }

        @Test func `files with errors are told by place, and nothing is planned`() throws {
            let lab = try Lab.ofSuite()
            let settings = try lab.read(.settings, at: lab.lsu)
            defer { try? lab.write(settings, to: .settings, at: lab.lsu) }
            try lab.write(settings + "mtuu: 1400\n", to: .settings, at: lab.lsu)

            let result = try lab.run(["ipop", "plan"], at: .gateway(lab.lsu))

            #expect(result.status == 2 && result.output.isEmpty, "\(result.everything)")
            #expect(result.everything.contains(#/ipop\.yaml:\d+:\d+: error: /#), "\(result.everything)")
        }
    }

    /// A gateway that is left alone: nobody can say who has a prefix.
    @Suite(.serialized, .lab("planown")) struct LonelyPlanTests {
        @Test func `owners that cannot be told are unknown, and the rest is planned`() throws {
            let lab = try Lab.ofSuite()
            for site in [lab.ufl, lab.cern] { lab.killGateway(site) }
            let subnet = lab.lsu.subnets[0]
            let map = try lab.read(.subnetMap, at: lab.lsu)
            let lines = map.split(separator: "\n").filter { !$0.contains(subnet) }.joined(separator: "\n")
            try lab.write(lines + "\nlsu \(subnet) 10.128.99.0/24\n", to: .subnetMap, at: lab.lsu)

            let (status, plan) = try lab.plan()

            #expect(status == 0 && plan.changes == ["export \(subnet) mapped to 10.128.99.0/24"])
            let export = try #require(plan.exports.first { $0.subnet == subnet })
            #expect(export.owner == "unknown" && export.virtual == "10.128.99.0/24")
        }
    }

    /// A LAN that becomes bridged: the bridge, its addresses and the way of all routes.
    @Suite(.serialized, .lab("planbr", sites: 2)) struct BridgePlanTests {
        @Test func `a bridge is announced before it is made, and nothing is left to do after it`() throws {
            let lab = try Lab.ofSuite()
            let (map, settings) = (try lab.read(.subnetMap, at: lab.lsu), try lab.read(.settings, at: lab.lsu))
            let before = try lab.ipopRoutes(lab.lsu)
            try lab.write(map + "\nlsu bridged 10.128.16.0/20\n", to: .subnetMap, at: lab.lsu)
            try lab.write(
                settings.replacing("mode: routed", with: "mode: bridged").replacing("mtu: auto", with: "mtu: 1400"),
                to: .settings, at: lab.lsu)

            let (status, plan) = try lab.plan()

            #expect(status == 0)
            #expect(plan.commands.first?.hasPrefix("ip link add ipop-lan ") == true, "\(plan.commands)")
            #expect(plan.commands.contains("ip link set dev ipop0 mtu 1400"))
            #expect(Set(plan.routes.filter { $0.change == "replaced" }.map(\.prefix)) == Set(before.keys))
            #expect(plan.routes.allSatisfy { $0.device == "ipop-lan" }, "\(plan.routes)")
            #expect(try lab.ipopRoutes(lab.lsu) == before)

            try lab.require(["ipop", "reload"], at: .gateway(lab.lsu))

            let after = try lab.ipopRoutes(lab.lsu)
            #expect(
                Set(plan.routes.map(\.prefix)) == Set(after.keys) && after.values.allSatisfy { $0.dev == "ipop-lan" })
            let rest = try lab.plan().plan
            #expect(rest.changes.isEmpty && rest.commands.isEmpty && rest.routes.isEmpty, "\(rest)")
            // And back: the device gives its MTU back to the LAN's, which it had made smaller.
            try lab.write(map, to: .subnetMap, at: lab.lsu)
            try lab.write(settings, to: .settings, at: lab.lsu)
            try lab.require(["ipop", "reload"], at: .gateway(lab.lsu))
            let last = try lab.plan().plan
            #expect(last.changes.isEmpty && last.commands.isEmpty && last.routes.isEmpty, "\(last)")
            #expect(try lab.status(lab.lsu).device?.mtu == 1_500)
        }
    }
}

extension Lab {
    /// What `ipop plan --json` says at the second site's gateway, and how it ended.
    fileprivate func plan() throws -> (status: Int32, plan: PlanDocument) {
        let result = try run(["ipop", "plan", "--json"], at: .gateway(lsu))
        try #require(result.status < 2, "\(result.everything)")
        return (result.status, try JSONDecoder().decode(PlanDocument.self, from: Data(result.output.utf8)))
    }
}

extension SharedSubnet {
    /// Joins two sites with the same subnets, of which the second has leased prefixes, and a third with its own.
    @Sendable fileprivate static func mapOne(_ lab: Lab) throws {
        try lab.joinSameSubnets([
            (lab.ufl, lines(lab.ufl, ("same", "same"))), (lab.lsu, lines(lab.lsu)),
        ])
        for subnet in [v4, v6] {
            let prefix = "\(try lab.virtualPrefix(of: subnet, at: lab.lsu))"
            for other in [lab.ufl, lab.cern] { try lab.waitForRoutes([prefix], at: other) }
        }
        try lab.waitForRoutes(lab.cern.subnets, at: lab.lsu)
    }
}
