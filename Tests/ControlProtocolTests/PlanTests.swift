import ControlProtocol
import NetworkTypes
import Testing

/// `ipop plan`, as a document and as text.
@Suite struct PlanTests {
    @Test func `a plan reads back as what was written`() throws {
        for report in [Self.report, PlanReport(isRunning: false, grid: "physics", site: "lsu")] {
            #expect(try PlanReport(json: try JSONValue(parsing: report.json.compact)) == report)
        }
    }

    @Test func `every key is there, null when unknown`() throws {
        let document = Self.report.json

        #expect(document["schema"] == 1)
        let exports = try #require(document["exports"]?.elements)
        for export in exports {
            for key in ["subnet", "change", "virtual", "former", "owner", "holder", "issue", "suggestion"] {
                #expect(export[key] != nil, "\(key)")
            }
        }
        let routes = try #require(document["routes"]?.elements)
        for route in routes {
            for key in ["change", "prefix", "site", "device", "metric", "table"] {
                #expect(route[key] != nil, "\(key)")
            }
        }
    }

    @Test func `the text has the changes, the owners, the routes and what stands against it`() {
        #expect(
            PlanText(Self.report).text(colour: false) == """
                site lsu of grid physics, as it would be after `ipop reload`; nothing is changed now

                  export 10.0.0.0/24 mapped to 10.128.7.0/24
                  routes moved to table 77, metric 60
                  device takes effect at the next restart

                EXPORT          CHANGE   VIRTUAL PREFIX            OWNER
                10.0.0.0/24     mapped   10.128.7.0/24 (now same)  free
                192.168.1.0/24  added    same                      owned by ufl
                172.16.4.0/22   added    a leased one              -
                10.4.0.0/24     removed  -                         -

                   ROUTE                 DEVICE  METRIC  SITE
                +  10.9.0.0/16 table 77  ipop0       60  ornl
                -  10.9.0.0/16           ipop0       50  ornl
                ~  198.51.100.7/32       eth0        50  -

                kernel, beside the routes:
                  ip link set dev ipop0 mtu 1400

                1 problem
                  E022 export 192.168.1.0/24 refused: site ufl owns it
                       Write into subnets.map: lsu 192.168.1.0/24 auto

                2 changes, routes: 1 to add, 1 to replace, 1 to remove; `ipop reload` applies it

                """)
    }

    @Test func `a plan without changes says so, and one without a daemon what it cannot know`() {
        let same = PlanReport(isRunning: true, grid: "physics", site: "lsu")
        let stopped = PlanReport(isRunning: false, grid: "physics", site: "lsu")

        #expect(PlanText(same).text(colour: false).hasSuffix("\nnothing to change\n"))
        #expect(PlanText(stopped).text(colour: false).contains("the daemon does not run"))
        let waiting = PlanReport(
            isRunning: true, grid: "physics", site: "lsu", restarts: ["device takes effect at the next restart"])
        #expect(PlanText(waiting).text(colour: false).hasSuffix("\nnothing to change before the next restart\n"))
    }

    @Test func `the exit code tells whether all of it can be had`() {
        #expect(PlanReport(isRunning: true, grid: "g", site: "s", changes: ["mtu 1400"]).exit == .healthy)
        #expect(Self.report.exit == .degraded)
        #expect(PlanReport(isRunning: false, grid: "g", site: "s").exit == .daemonNotRunning)
    }

    private static let report = PlanReport(
        isRunning: true, grid: "physics", site: "lsu",
        changes: ["export 10.0.0.0/24 mapped to 10.128.7.0/24", "routes moved to table 77, metric 60"],
        restarts: ["device takes effect at the next restart"], warnings: ["subnets.map:1:1: warning: odd"],
        exports: [
            PlannedExport(
                subnet: Example.prefix("10.0.0.0/24"), change: .mapped, virtual: Example.prefix("10.128.7.0/24"),
                former: Example.prefix("10.0.0.0/24"), owner: .free),
            PlannedExport(
                subnet: Example.prefix("192.168.1.0/24"), change: .added, virtual: Example.prefix("192.168.1.0/24"),
                owner: .otherSite, holder: "ufl",
                issue: RouteIssue(.ownedByAnotherSite, text: "site ufl owns it", fix: "Map it."),
                suggestion: "lsu 192.168.1.0/24 auto"),
            PlannedExport(subnet: Example.prefix("172.16.4.0/22"), change: .added, virtual: nil),
            PlannedExport(
                subnet: Example.prefix("10.4.0.0/24"), change: .removed, virtual: nil,
                former: Example.prefix("10.4.0.0/24")),
        ],
        routes: [
            PlannedRoute(
                change: .added, prefix: Example.prefix("10.9.0.0/16"), site: "ornl", device: "ipop0", metric: 60,
                table: 77),
            PlannedRoute(
                change: .removed, prefix: Example.prefix("10.9.0.0/16"), site: "ornl", device: "ipop0", metric: 50,
                table: 254),
            PlannedRoute(
                change: .replaced, prefix: Example.prefix("198.51.100.7/32"), site: nil, device: "eth0", metric: 50,
                table: 254),
        ], commands: ["ip link set dev ipop0 mtu 1400"])
}
