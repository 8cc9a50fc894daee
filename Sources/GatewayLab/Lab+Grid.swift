import Glibc

/// The grid of a lab: its authority, certificates and gateways, all by the real programs.
extension Lab {
    /// How long a gateway may take from its start until it reaches another, in seconds. Generous: a machine with two
    /// cores may be building something else.
    package static let joinLimit = 60.0

    /// The directory of the grid's authority.
    package var authority: String { "\(directory)/ca" }

    /// Makes the grid, joins every site and starts every gateway; returns when each reaches all others.
    package func bringUp() throws(LabError) {
        try createGrid()
        try join(sites)
        for site in sites { try startGateway(site) }
        try waitUntilInGrid(sites)
    }

    /// Does something to a lab that has just been made, and on an error takes the whole lab down again.
    package func orDestroy(_ body: () throws(LabError) -> Void) throws(LabError) {
        do {
            try body()
        } catch {
            destroy()
            throw error
        }
    }

    /// Runs this lab's `ipop` outside of all namespaces.
    @discardableResult
    package func ipop(_ arguments: [String]) throws(LabError) -> String {
        try ProgramRun.require([try ownPrograms.ipop] + arguments)
    }

    /// `ipop grid create` with the lab's name.
    package func createGrid() throws(LabError) {
        try ipop(["grid", "create", plan.name, "--pool", "10.128.0.0/9", "--out", authority])
    }

    /// `ipop cert issue` for a site and `ipop join` on its gateway. Every site is told of one gateway alone: that of
    /// the first site without a NAT.
    ///
    /// - Parameter subnets: what the certificate covers and the site exports; the site's own LAN when nil.
    package func join(_ site: LabSite, subnets: [String]? = nil) throws(LabError) {
        try ipop(issuing(site, subnets: subnets ?? site.subnets))
        try require(try joining(site), at: .gateway(site))
    }

    /// `join` for several sites, side by side.
    package func join(_ sites: [LabSite]) throws(LabError) {
        let ipop = try ownPrograms.ipop
        try ProgramRun.require(
            sites.map { ProgramCall(arguments: [ipop] + issuing($0, subnets: $0.subnets)) })
        var commands: [(command: [String], node: LabNode)] = []
        for site in sites { commands.append((try joining(site), .gateway(site))) }
        try require(commands)
    }

    private func issuing(_ site: LabSite, subnets: [String]) -> [String] {
        var issue = ["cert", "issue", site.name, "--ca", authority, "--out", directories(site).bundle]
        for subnet in subnets { issue += ["--subnet", subnet] }
        if let first = sites.first(where: { plan.natOwner(of: $0) == nil }) ?? sites.first {
            issue += ["--bootstrap", "\(wanAddress(first)):\(LabAddresses.port)"]
        }
        return issue
    }

    private func joining(_ site: LabSite) throws(LabError) -> [String] {
        let paths = directories(site)
        let mode =
            plan.bridgedSites.contains(site.name)
            ? ["--mode", "bridged", "--bridged-subnet", LabAddresses.bridgedSubnet] : []
        return [
            try ownPrograms.ipop, "join", paths.bundle, "--lan", LabSite.lanInterface, "--config-dir",
            paths.configuration,
        ] + mode
    }

    /// Starts `ipopd` on a site's gateway, in the background.
    package func startGateway(_ site: LabSite) throws(LabError) {
        let paths = directories(site)
        let command = ["ip", "netns", "exec", site.gateway, try ownPrograms.ipopd] + paths.options
        try note(
            try RecordedProcess.start(command, role: Self.gatewayRole(site), environment: [:], log: paths.log))
    }

    /// The `ipopd` of a site that was started last, whether it still runs or not.
    package func gatewayProcess(_ site: LabSite) -> RecordedProcess? {
        processes.last { $0.role == Self.gatewayRole(site) }
    }

    /// Asks a site's gateway to end and waits for it. True when it did by itself.
    @discardableResult
    package func stopGateway(_ site: LabSite) -> Bool {
        gatewayProcess(site)?.stop(timeLimit: 10) ?? true
    }

    /// Ends a site's gateway as a power loss would.
    package func killGateway(_ site: LabSite) { killGateways([site]) }

    /// Ends the gateways of sites as a power loss would, all at once.
    package func killGateways(_ sites: [LabSite]) {
        let processes = sites.compactMap(gatewayProcess)
        for process in processes { process.signal(SIGKILL) }
        for process in processes { _ = process.waitForEnd(timeLimit: 10) }
    }

    /// Blocks until a site's gateway reaches each of the others, or those given. The error carries the end of its
    /// log.
    package func waitUntilInGrid(_ site: LabSite, reaching others: [LabSite]? = nil) throws(LabError) {
        try waitUntilInGrid([site], reaching: others)
    }

    /// Blocks until the gateways of sites are in the grid and reach each of the others, or those given.
    package func waitUntilInGrid(_ waiting: [LabSite], reaching others: [LabSite]? = nil) throws(LabError) {
        let others = others ?? sites
        try wait(waiting) { _ in [] }
        func names(_ site: LabSite) -> [String] { others.filter { $0 != site }.map(\.name) }
        try wait(waiting.filter { !names($0).isEmpty }, for: names)
    }

    /// `ipop wait` at several sites side by side: for the grid, or for the sites with the names given.
    private func wait(_ waiting: [LabSite], for names: (LabSite) -> [String]) throws(LabError) {
        var calls: [ProgramCall] = []
        for site in waiting {
            // Its daemon may not have made its socket yet, which `wait` is to wait for as well; the limit after
            // `--timeout` is its own.
            let command =
                [try ownPrograms.ipop, "wait", "--timeout", String(Int(Self.joinLimit))] + names(site)
                + ["--run-dir", directories(site).run]
            calls.append(try call(command, at: .gateway(site), timeLimit: Self.joinLimit + 10))
        }
        // All at once: who waits computes nothing.
        let results = try ProgramRun.run(calls, atOnce: calls.count)
        for (site, result) in zip(waiting, results) where !result.succeeded {
            throw .commandFailed(
                command: (["[\(site.name)] ipop wait"] + names(site)).joined(separator: " "), status: result.status,
                output: result.everything + "\nthe end of ipopd's log:\n" + logEnd(site))
        }
    }

    /// The last lines of a gateway's log.
    package func logEnd(_ site: LabSite, lines: Int = 20) -> String {
        let text = Files.read(directories(site).log) ?? ""
        return text.split(separator: "\n").suffix(lines).map { "  \($0)" }.joined(separator: "\n")
    }

    private var ownPrograms: GatewayPrograms {
        get throws(LabError) {
            guard let programs else { throw .badPlan("the lab `\(plan.name)` was made without gateways") }
            return programs
        }
    }

    private static func gatewayRole(_ site: LabSite) -> String { "ipopd \(site.name)" }
}
