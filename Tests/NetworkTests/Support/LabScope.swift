import Foundation
import GatewayLab
import Testing

/// Makes a lab before the first test of a suite and takes it down after the last, however they end. On a test it makes
/// one for each of its cases.
struct LabScope: SuiteTrait, TestTrait, TestScoping {
    let plan: LabPlan
    /// Whether the sites are joined and their gateways started before the first test.
    let isBroughtUp: Bool
    /// What else is done before the first test.
    let prepare: @Sendable (Lab) throws -> Void

    @TaskLocal static var current: Lab?

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        if let missing = Ground.missing { throw LabError.badPlan("the network tests cannot run: \(missing)") }
        let lab = try Lab.create(plan)
        defer { if ProcessInfo.processInfo.environment["IPOP_LAB_KEEP"] == nil { lab.destroy() } }
        if isBroughtUp {
            // What passes before any gateway runs would pass without one.
            let calls = try lab.pairs.map { from, to in
                try lab.call(["ping", "-n", "-c", "1", "-W", "2", to.hostAddress], at: .host(from))
            }
            for (pair, early) in zip(lab.pairs, try ProgramRun.run(calls, atOnce: calls.count)) where early.succeeded {
                throw LabError.badPlan("\(pair.from.hostName) needs no gateway")
            }
            try lab.bringUp()
        }
        try prepare(lab)
        try await Self.$current.withValue(lab) { try await function() }
    }
}

extension Trait where Self == LabScope {
    /// A lab of its own for the suite. `name` distinguishes it from the other suites' labs; the process's id is
    /// added.
    static func lab(
        _ name: String, sites: Int = 3, mode: LabPlan.Mode = .gateways, wanMTU: Int = 1500, silentPathMTU: Int? = nil,
        nats: [String: SiteNAT] = [:], bridged: Set<String> = [], isBroughtUp: Bool = true,
        prepare: @escaping @Sendable (Lab) throws -> Void = { _ in }
    ) -> LabScope {
        let plan = LabPlan(
            name: "\(name)\(getpid())", sites: sites, mode: mode, wanMTU: wanMTU, silentPathMTU: silentPathMTU,
            nats: nats, bridgedSites: bridged)
        return LabScope(plan: plan, isBroughtUp: isBroughtUp && mode == .gateways, prepare: prepare)
    }
}

extension Lab {
    /// The lab of the suite that the running test belongs to.
    static func ofSuite() throws -> Lab { try #require(LabScope.current) }

    var ufl: LabSite { sites[0] }
    var lsu: LabSite { sites[1] }
    var cern: LabSite { sites[2] }
    var ornl: LabSite { sites[3] }

    /// All ordered pairs of different sites.
    var pairs: [(from: LabSite, to: LabSite)] {
        sites.flatMap { from in sites.filter { $0 != from }.map { (from, $0) } }
    }

    /// The pair of two different sites.
    func pair(_ one: LabSite, _ other: LabSite) -> SitePair {
        guard let pair = SitePair(one, other) else { preconditionFailure("a test pairs \(one.name) with itself") }
        return pair
    }

    /// Runs this lab's `ipop` outside of all namespaces, whatever it ends with.
    func ownCommand(_ arguments: [String]) throws -> ProgramResult {
        try ProgramRun.run([try (programs ?? ProgramPath.gatewayPrograms(asked: nil)).ipop] + arguments)
    }
}
