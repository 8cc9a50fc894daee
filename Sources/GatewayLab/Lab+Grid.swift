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
        for site in sites {
            try join(site)
            try startGateway(site)
        }
        for site in sites { try waitUntilInGrid(site) }
    }

    /// `bringUp`, and on an error takes the whole lab down again.
    package func bringUpOrDestroy() throws(LabError) {
        do {
            try bringUp()
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

    /// `ipop cert issue` for a site and `ipop join` on its gateway. Every site is told of the first site's gateway
    /// alone.
    ///
    /// - Parameter subnets: what the certificate covers and the site exports; the site's own LAN when nil.
    package func join(_ site: LabSite, subnets: [String]? = nil) throws(LabError) {
        let paths = directories(site)
        var issue = ["cert", "issue", site.name, "--ca", authority, "--out", paths.bundle]
        for subnet in subnets ?? site.subnets { issue += ["--subnet", subnet] }
        if let first = sites.first { issue += ["--bootstrap", "\(first.wanAddress):\(LabAddresses.port)"] }
        try ipop(issue)
        try require(
            [
                try ownPrograms.ipop, "join", paths.bundle, "--lan", LabSite.lanInterface,
                "--config-dir", paths.configuration,
            ], at: .gateway(site))
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
    package func killGateway(_ site: LabSite) {
        guard let process = gatewayProcess(site) else { return }
        process.signal(SIGKILL)
        _ = process.waitForEnd(timeLimit: 10)
    }

    /// Blocks until a site's gateway reaches each of the others, or those given. The error carries the end of its
    /// log.
    package func waitUntilInGrid(_ site: LabSite, reaching others: [LabSite]? = nil) throws(LabError) {
        let others = others ?? sites.filter { $0 != site }
        try wait(site, for: nil)
        for other in others { try wait(site, for: other) }
    }

    private func wait(_ site: LabSite, for other: LabSite?) throws(LabError) {
        let paths = directories(site)
        let limit = String(Int(Self.joinLimit))
        let command =
            [try ownPrograms.ipop, "wait", "--timeout", limit] + (other.map { [$0.name] } ?? [])
            + ["--run-dir", paths.run]
        // Its daemon may not have made its socket yet, which `wait` is to wait for as well; the limit above is its
        // own.
        let result = try run(command, at: .gateway(site), timeLimit: Self.joinLimit + 10)
        guard result.succeeded else {
            throw .commandFailed(
                command: "[\(site.name)] ipop wait" + (other.map { " \($0.name)" } ?? ""), status: result.status,
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
