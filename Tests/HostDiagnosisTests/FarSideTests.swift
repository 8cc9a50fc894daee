import ControlProtocol
import HostDiagnosis
import NetworkTypes
import Testing

/// The steps that the destination's gateway tells: here ufl is asked by lsu.
@Suite struct FarSideTests {
    private static let packet = ExplainedPacket(source: Scene.farHost, destination: Scene.host, transport: 1)

    private var grid: FarSide.Grid {
        FarSide.Grid(
            site: "ufl", exports: Scene.report.exports, sourceRoute: Scene.report.routes[0], asker: "lsu")
    }

    private func failure(_ grid: FarSide.Grid, _ facts: SideFacts = Scene.facts) -> String? {
        ExplainReport(steps: FarSide(grid: grid, facts: facts, packet: Self.packet).steps).firstFailure?.code
    }

    @Test func `when all is well every step passes`() {
        let steps = FarSide(grid: grid, facts: Scene.facts, packet: Self.packet).steps

        #expect(steps.allSatisfy { $0.isPassed == true && $0.site == "ufl" }, "\(steps)")
        #expect(steps.first?.name == "export" && steps.last?.name == "route")
    }

    @Test func `a destination that is not exported, or refused`() {
        var nothing = grid
        nothing.exports = []
        var refused = grid
        refused.exports[0].state = .refused

        #expect(failure(nothing) == "destination-not-exported")
        #expect(failure(refused) == "export-refused")
    }

    @Test func `a source that is not taken, or that is another site's`() {
        var unknown = grid
        unknown.sourceRoute = nil
        var denied = grid
        denied.sourceRoute?.wanted = false
        var other = grid
        other.asker = "cern"

        for grid in [unknown, denied, other] { #expect(failure(grid) == "source-not-accepted") }
    }

    @Test func `a host of a bridged subnet is registered, and its source is where it is known to be`() {
        let packet = ExplainedPacket(
            source: IPAddress(10, 128, 16, 9), destination: IPAddress(10, 128, 16, 5), transport: 1)
        var known = grid
        known.sourceRoute = RouteReport(prefix: IPPrefix(host: packet.source), site: "lsu")
        func failure(_ grid: FarSide.Grid, _ host: MACAddress?) -> String? {
            ExplainReport(steps: FarHosts(grid: grid, host: host, packet: packet).steps).firstFailure?.code
        }
        var elsewhere = known
        elsewhere.asker = "cern"

        #expect(failure(known, .overlayDevice) == nil)
        #expect(failure(known, nil) == "host-not-registered")
        #expect(failure(elsewhere, .overlayDevice) == "source-not-accepted")
    }

    @Test func `the way back is the overlay`() {
        var missing = grid
        missing.isSourceRouteMissing = true
        var facts = Scene.facts
        facts.wayToRemote = .route(Scene.toUplink)

        #expect(failure(missing, facts) == "route-missing")
        #expect(failure(grid, Scene.facts) == nil)
    }

    @Test func `a strict filter on the overlay's device comes before the way back`() {
        var facts = Scene.facts
        facts.wayToRemote = .route(Scene.toUplink)
        facts.strictInterfaces = ["ipop0"]

        #expect(failure(grid, facts) == "reverse-path-filter")
    }

    @Test func `source NAT on the way to the LAN fails nothing: it may be meant`() {
        var facts = Scene.facts
        facts.firewall.ruleset = Scene.masquerade

        #expect(failure(grid, facts) == nil)
    }

    @Test func `the host behind the LAN`() {
        var facts = Scene.facts
        facts.neighbour = .absent
        #expect(failure(grid, facts) == "host-absent")

        facts.wayToLocal = .route(Scene.toUplink)
        #expect(failure(grid, facts) == "host-not-on-lan")
    }
}
