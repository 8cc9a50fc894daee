import ArgumentParser
import ControlProtocol
import GatewayLab
import Glibc

/// `ipop lab`: whole grids in network namespaces on this machine.
struct LabCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab",
        abstract: "Whole grids in network namespaces on this machine",
        discussion: """
            A lab is a number of sites, each with a gateway and a LAN with one host, on one emulated WAN. The
            gateways run the real ipopd with certificates of an authority made for the lab. Nothing outside the
            lab's own namespaces and its directory is touched. It needs root.

            Sites are called ufl, lsu, cern, ornl, site5 and so on. Site i's gateway is 198.18.0.i and
            2001:db8:ffff::i on the WAN; its LAN is 192.168.(10 i).0/24 and fd00:168:(10 i)::/64, where the
            gateway is .1 and the host is .10. Behind a NAT the gateway of site i is 172.16.j.i, where j is
            the site whose NAT it is, 198.18.0.j is the NAT, and there is no IPv6 on the WAN.
            """,
        subcommands: [
            LabUp.self, LabExec.self, LabStatus.self, LabWANCommand.self, LabKill.self, LabStart.self, LabDown.self,
            LabDemoCommand.self, LabEmulate.self,
        ])
}

/// Which lab a command means.
struct LabChoice: ParsableArguments {
    @Option(help: "The lab's name, in lower-case letters and digits; several labs may be up at once.")
    var name = LabPlan.usualName

    @Option(help: "The directory that holds the directories of all labs.")
    var labDir = LabPlan.usualDirectory

    func open() throws(LabError) -> Lab { try Lab.open(name: name, labsDirectory: labDir) }
}

/// What the commands that make a lab have in common.
struct LabShape: ParsableArguments {
    @Option(help: "How many sites, 1 to 25.")
    var sites = 3

    @Option(help: "The MTU of the gateways' WAN interfaces.")
    var wanMtu = 1500

    @Option(help: "Let the WAN carry no more than this many bytes, dropping what is larger without a word.")
    var silentPathMtu: Int?

    @Option(help: "The MTU of the LANs.")
    var lanMtu = 1500

    @Option(
        help: ArgumentHelp(
            "Put a site behind a NAT: endpoint-independent, open, symmetric, udp-blocked, double, or behind:SITE.",
            discussion: """
                endpoint-independent: one public port for a local one, whoever is talked to; unsolicited packets \
                vanish. open: the same, but unsolicited packets reach the NAT, which answers and remembers them, \
                and so may take the port away from a mapping made later. symmetric: a random port for every \
                remote endpoint. udp-blocked: no UDP, TCP passes. double: two of endpoint-independent in a row. \
                behind:SITE: in the same network behind that site's NAT. May be given once for each site; one \
                site must be without.
                """,
            valueName: "site=kind"))
    var nat: [SiteNATOption] = []

    @Option(help: "The directory of the ipop and ipopd to run; that of this very program when not given.")
    var programs: String?

    func plan(name: String, labDir: String, mode: LabPlan.Mode) -> LabPlan {
        LabPlan(
            name: name, sites: sites, mode: mode, wanMTU: wanMtu, silentPathMTU: silentPathMtu, lanMTU: lanMtu,
            nats: Dictionary(nat.map { ($0.site, $0.nat) }) { _, last in last }, labsDirectory: labDir,
            programs: programs)
    }
}

/// A site and how it is attached to the WAN, as `--nat` takes them: `lsu=symmetric`.
struct SiteNATOption: ExpressibleByArgument {
    let site: String
    let nat: SiteNAT

    init?(argument: String) {
        let parts = argument.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let nat = SiteNAT(parts[1]) else { return nil }
        (site, self.nat) = (parts[0], nat)
    }
}

struct LabUp: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Make a lab and leave it running",
        discussion: "Returns when every gateway reaches every other. On an error nothing is left behind.")

    @OptionGroup var choice: LabChoice
    @OptionGroup var shape: LabShape
    @OptionGroup(title: "WAN emulator, for all sites") var line: LabLine

    @Flag(help: "No gateways: plain kernel routes across the WAN, to compare with.")
    var plain = false

    @Flag(
        help: ArgumentHelp(
            "Bridge every site's LAN into 10.128.16.0/20 of the pool.",
            discussion: """
                Each LAN is then a switch with two hosts. They get their addresses by DHCP if this machine has \
                udhcpc, and take some otherwise.
                """))
    var bridged = false

    func run() throws {
        try reportingLabErrors { () throws(LabError) in
            Interruption.listen()
            var plan = shape.plan(name: choice.name, labDir: choice.labDir, mode: plain ? .plain : .gateways)
            if bridged { plan.bridgedSites = Set(plan.siteNames) }
            let lab = try Lab.create(plan)
            try lab.orDestroy { () throws(LabError) in
                if line.isGiven { try line.apply(to: lab) }
                if !plain { try lab.bringUp() }
                if bridged { try lab.addressBridgedHosts() }
            }
            print(LabTable.text(lab), terminator: "")
            let suffix = choice.name == LabPlan.usualName ? "" : " --name \(choice.name)"
            let first = lab.sites[0], last = lab.sites[lab.sites.count - 1]
            print("\nTry:")
            if bridged {
                print("  ipop lab exec\(suffix) \(first.hostName) -- ip address show lan")
                print("  ipop lab exec\(suffix) \(first.name) -- ipop leases")
            } else {
                print("  ipop lab exec\(suffix) \(first.hostName) -- ping \(last.hostAddress)")
            }
            if !plain { print("  ipop lab exec\(suffix) \(first.name) -- ipop status") }
            print("  ipop lab down\(suffix)")
        }
    }
}

struct LabExec: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a command at a gateway or a LAN host of a lab",
        discussion: """
            NODE is a site's name for its gateway (ufl), SITE-host or hN for its LAN host (ufl-host, h1),
            SITE-host2 and SITE-switch where the LAN is bridged, SITE-nat and SITE-nat2 for its NATs, or wan
            for an outsider on the WAN. At a gateway the site's own directories stand at /etc/ipop,
            /var/lib/ipop and /run/ipop, so `ipop lab exec ufl -- ipop status` is what it would be there. The
            exit code is the command's.
            """)

    @OptionGroup var choice: LabChoice

    @Argument(help: "Where to run it.")
    var node: String

    @Argument(parsing: .postTerminator, help: "The command, after --.")
    var command: [String]

    func validate() throws {
        if command.isEmpty { throw ValidationError("a command is missing: ipop lab exec \(node) -- COMMAND") }
    }

    func run() throws {
        try reportingLabErrors { () throws(LabError) in
            try LabRequirements.check(gateways: false)
            let lab = try choice.open()
            try lab.become(command, at: try lab.node(named: node))
        }
    }
}

struct LabStatus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show a lab's sites, addresses and processes",
        discussion: "Exit code 1 when a gateway that was started does not run.")

    @OptionGroup var choice: LabChoice

    @Flag(help: "Print JSON (schema 1).")
    var json = false

    func run() throws {
        try reportingLabErrors { () throws(LabError) in
            let lab = try choice.open()
            print(json ? LabTable.json(lab).pretty + "\n" : LabTable.text(lab), terminator: "")
            let stopped = lab.sites.contains { lab.gatewayProcess($0).map { !$0.isRunning } ?? false }
            if stopped { throw .gatewayStopped(name: lab.plan.name) }
        }
    }
}

struct LabDown: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Remove a lab",
        discussion: """
            Ends the processes that the lab started, by their recorded ids, and removes its namespaces and its
            directory. Also removes what a lab left behind that was not made wholly. Removing what is not there
            is no error.
            """)

    @OptionGroup var choice: LabChoice

    func run() throws {
        try reportingLabErrors { () throws(LabError) in
            try LabRequirements.check(gateways: false)
            let report = try Teardown.run(name: choice.name, labsDirectory: choice.labDir)
            guard report.foundAnything else { return print("there is no lab named `\(choice.name)`") }
            let ended = report.ended.count + report.killed.count
            print("\(choice.name): \(ended) processes ended, \(report.namespaces.count) namespaces removed")
            for process in report.killed { print("  \(process) did not end when asked and was killed") }
            for pid in report.strangers { print("  process \(pid), which the lab did not start, still runs") }
            if let problem = report.problems.first { throw .file(path: choice.labDir, reason: problem) }
        }
    }
}

struct LabDemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Three sites from nothing to traffic, and back to nothing",
        discussion: """
            Makes a lab, joins its sites, pings between all hosts over IPv4 and IPv6, copies a file, shows each
            site's status, and removes the lab, also after an error or Ctrl-C.
            """)

    @OptionGroup var shape: LabShape
    @OptionGroup(title: "WAN emulator, for all sites") var line: LabLine

    @Option(help: "The lab's name.")
    var name = "demo"

    @Option(help: "The directory that holds the directories of all labs.")
    var labDir = LabPlan.usualDirectory

    func run() throws {
        try reportingLabErrors { () throws(LabError) in
            Interruption.listen()
            let plan = shape.plan(name: name, labDir: labDir, mode: .gateways)
            try LabDemo(plan: plan) { text in
                // Each step is seen when it begins, not when a buffer is full.
                print(text, terminator: "")
                fflush(nil)
            }.run { (lab) throws(LabError) in
                if line.isGiven { try line.apply(to: lab) }
            }
        }
    }
}

/// Turns a lab's error into words and the exit code that goes with it.
func reportingLabErrors(_ body: () throws(LabError) -> Void) throws {
    do {
        try body()
    } catch {
        // What was printed comes before what went wrong.
        fflush(nil)
        throw CommandFailure("\(error)", ExitStatus(rawValue: error.exitCode) ?? .degraded)
    }
}
