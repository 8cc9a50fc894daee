/// `ipop lab demo`: a grid from nothing to traffic and back to nothing, explaining itself as it goes.
package struct LabDemo {
    private let plan: LabPlan
    private let say: (String) -> Void
    /// The size of the file that is copied, in bytes.
    private static let fileSize = 16_000_000

    /// - Parameter say: prints a text as it is, without adding a line's end.
    package init(plan: LabPlan, say: @escaping (String) -> Void) {
        self.plan = plan
        self.say = say
    }

    /// Runs the whole demonstration. Whatever happens, the lab is gone when this returns or throws.
    ///
    /// - Parameter prepare: called once with the lab, before any gateway runs.
    package func run(_ prepare: (Lab) throws(LabError) -> Void = { _ in }) throws(LabError) {
        try plan.check()
        try LabRequirements.check(gateways: true)
        _ = try ProgramPath.gatewayPrograms(asked: plan.programs)
        for (name, package) in [("nc", "netcat-openbsd"), ("sha256sum", "coreutils")]
        where ProgramPath.find(name) == nil {
            throw .programMissing(name: name, package: package)
        }
        introduce()
        let lab = try step("make network namespaces, links and addresses") { () throws(LabError) in
            (try Lab.create(plan), "")
        }
        do {
            try prepare(lab)
            try show(lab)
        } catch {
            sayFailure(lab, error)
            cleanUp(lab)
            throw error
        }
        cleanUp(lab)
        say("\nThat was it. `ipop lab up` makes the same and leaves it there for you; `ipop lab --help` tells more.\n")
    }

    // MARK: - Steps

    private func show(_ lab: Lab) throws(LabError) {
        let sites = lab.sites
        if sites.count > 1 {
            try step("\(sites[0].hostName) pings \(sites[1].hostName) before any gateway runs") { () throws(LabError) in
                let result = try lab.ping(sites[1].hostAddress, from: .host(sites[0]), count: 1)
                guard result.received == 0 else { throw .badPlan("it was answered, so this lab proves nothing") }
                return ((), "no answer, as it must be")
            }
        }
        try step("ipop grid create \(plan.name)") { () throws(LabError) in ((try lab.createGrid()), "") }
        for site in sites {
            try step("ipop cert issue \(site.name), ipop join, ipopd") { () throws(LabError) in
                try lab.join(site)
                return (try lab.startGateway(site), "")
            }
        }
        try step("ipop wait, at every site for every other") { () throws(LabError) in
            for site in sites { try lab.waitUntilInGrid(site) }
            return ((), "")
        }
        try pingTable(lab, family: "IPv4", \.hostAddress)
        try pingTable(lab, family: "IPv6", \.hostAddress6)
        if let first = sites.first, let last = sites.last, first != last { try copyFile(lab, first, last) }
        for site in sites { try status(lab, site) }
    }

    private func pingTable(_ lab: Lab, family: String, _ address: (LabSite) -> String) throws(LabError) {
        let sites = lab.sites
        let width = (sites.map(\.hostName.count).max() ?? 0) + 2
        say("\nRound trips between all LAN hosts over \(family), in milliseconds:\n")
        say("  " + pad("from \\ to", width) + sites.map { pad($0.hostName, width) }.joined().trimmed + "\n")
        for site in sites {
            say("  " + pad(site.hostName, width))
            for other in sites {
                guard other != site else {
                    say(site == sites.last ? "-" : pad("-", width))
                    continue
                }
                let result = try lab.ping(address(other), from: .host(site))
                guard result.received == result.sent, let mean = result.meanMilliseconds else {
                    say("\n")
                    throw .commandFailed(command: "ping \(address(other))", status: 1, output: result.words)
                }
                let text = decimal(mean, places: 2)
                say(other == sites.last ? text : pad(text, width))
            }
            say("\n")
        }
    }

    private func copyFile(_ lab: Lab, _ first: LabSite, _ last: LabSite) throws(LabError) {
        say("\n")
        let source = "\(lab.directory)/original", copy = "\(lab.directory)/copy"
        let size = "\(Self.fileSize / 1_000_000) MB"
        try step("copy a file of \(size) from \(first.hostName) to \(last.hostName)") { () throws(LabError) in
            try lab.require(["sh", "-c", "head -c \(Self.fileSize) /dev/urandom >'\(source)'"], at: .host(first))
            let watch = Stopwatch()
            _ = try lab.transfer(
                source: "cat '\(source)'", from: .host(first), sink: "cat >'\(copy)'", to: .host(last),
                address: last.hostAddress)
            return ((), decimal(Double(Self.fileSize) * 8 / watch.seconds / 1e6, places: 0) + " Mbit/s")
        }
        let there = try checksum(source, lab, .host(first)), here = try checksum(copy, lab, .host(last))
        say("    sha256 at \(first.hostName): \(there)\n    sha256 at \(last.hostName): \(here)\n")
        guard there == here else { throw .badPlan("the copy differs from the original") }
    }

    private func checksum(_ path: String, _ lab: Lab, _ node: LabNode) throws(LabError) -> String {
        let output = try lab.require(["sha256sum", path], at: node)
        return output.split(separator: " ").first.map(String.init) ?? ""
    }

    private func status(_ lab: Lab, _ site: LabSite) throws(LabError) {
        say("\n\(site.name)# ipop status\n")
        // Its exit code tells how healthy the site is, and the text says the same.
        let result = try lab.run(["ipop", "status"], at: .gateway(site))
        say(result.output + result.errors)
        guard [0, 1].contains(result.status) else {
            throw .commandFailed(command: "[\(site.name)] ipop status", status: result.status, output: "")
        }
    }

    // MARK: - Words

    private func introduce() {
        say(
            """
            \(plan.siteNames.count) sites on this machine, each with a gateway and a LAN with one host, in network
            namespaces. The hosts know nothing but their default route; `ipopd` on each gateway joins the LANs.


            """)
        let sites = plan.siteNames.enumerated().map { LabSite(number: $0 + 1, name: $1, lab: plan.name) }
        let hosts = sites.map { "\($0.hostName) \($0.hostAddress)" }
        let gateways = sites.map { "[\($0.name) \($0.wanAddress)]" }
        let hostWidth = (hosts.map(\.count).max() ?? 0) + 1, gatewayWidth = (gateways.map(\.count).max() ?? 0) + 1
        for (host, gateway) in zip(hosts, gateways) {
            let lan = pad(host, hostWidth, with: "-"), wan = pad(gateway, gatewayWidth, with: "-")
            say("    \(lan)-LAN--\(wan)-WAN--+\n")
        }
        say("\n")
    }

    private func sayFailure(_ lab: Lab, _ error: LabError) {
        if case .interrupted = error { return say("\nInterrupted.\n") }
        for site in lab.sites where lab.gatewayProcess(site) != nil {
            say("\nThe end of ipopd's log at \(site.name):\n\(lab.logEnd(site))\n")
        }
    }

    private func cleanUp(_ lab: Lab) {
        say("\n")
        let report = lab.destroy()
        let ended = report.ended.count + report.killed.count
        say("* clean up: \(ended) processes ended, \(report.namespaces.count) namespaces removed\n")
        for process in report.killed { say("    \(process) did not end when asked and was killed\n") }
        for problem in report.problems { say("    \(problem)\n") }
    }

    /// Prints what is being done, does it, and prints how it went. The work returns its result and a remark.
    @discardableResult
    private func step<Result>(
        _ what: String, _ work: () throws(LabError) -> (Result, String)
    ) throws(LabError) -> Result {
        say(pad("* \(what) ", 64, with: "."))
        let watch = Stopwatch()
        do {
            let (result, remark) = try work()
            say(" " + (remark.isEmpty ? decimal(watch.seconds, places: 1) + " s" : remark) + "\n")
            return result
        } catch {
            say(" failed\n")
            throw error
        }
    }

    /// A number that is not negative, rounded to some places after the point.
    private func decimal(_ value: Double, places: Int) -> String {
        let scale = (0..<places).reduce(1) { scale, _ in scale * 10 }
        let (whole, part) = Int((value * Double(scale)).rounded()).quotientAndRemainder(dividingBy: scale)
        guard places > 0 else { return String(whole) }
        let digits = String(part)
        return "\(whole)." + String(repeating: "0", count: places - digits.count) + digits
    }

    private func pad(_ text: String, _ width: Int, with filler: Character = " ") -> String {
        text + String(repeating: filler, count: max(0, width - text.count))
    }
}

extension String {
    /// Without the blanks at its end.
    fileprivate var trimmed: String { String(reversed().drop { $0 == " " }.reversed()) }
}
