import ArgumentParser
import GatewayLab

struct LabKill: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "Kill gateways of a lab, as a power loss would",
        discussion: """
            Sends SIGKILL to the ipopd that the lab itself started at each site, by its recorded id and start. What \
            these leave in their kernels stays, for `ipop lab start` to take over. Exit code 1, and nothing killed, \
            when one of them does not run.
            """)

    @OptionGroup var choice: LabChoice

    @Argument(help: "The sites.")
    var sites: [String]

    func run() throws {
        try reportingLabErrors { () throws(LabError) in
            try LabRequirements.check(gateways: false)
            let lab = try choice.open()
            var killed: [LabSite] = []
            for name in sites { killed.append(try lab.site(named: name)) }
            if let dead = killed.first(where: { lab.gatewayProcess($0)?.isRunning != true }) {
                throw .gatewayNotRunning(site: dead.name)
            }
            lab.killGateways(killed)
        }
    }
}

struct LabStart: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start gateways of a lab that do not run",
        discussion: "Returns at once; `ipop lab exec SITE -- ipop wait` waits for the grid. One that runs goes on.")

    @OptionGroup var choice: LabChoice

    @Argument(help: "The sites; all when none is given.")
    var sites: [String] = []

    func run() throws {
        try reportingLabErrors { () throws(LabError) in
            try LabRequirements.check(gateways: true)
            let lab = try choice.open()
            var started = sites.isEmpty ? lab.sites : []
            for name in sites { started.append(try lab.site(named: name)) }
            for site in started where lab.gatewayProcess(site)?.isRunning != true { try lab.startGateway(site) }
        }
    }
}
