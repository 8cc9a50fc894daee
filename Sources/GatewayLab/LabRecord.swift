import ControlProtocol
import Glibc

/// What is known of a lab from one command to the next: `lab.json` in the lab's directory.
struct LabRecord: Equatable, Sendable {
    let plan: LabPlan
    /// What this lab runs; nil where it has no gateways.
    var programs: GatewayPrograms?
    var sites: [LabSite] = []
    /// The sites whose address on the WAN is the spare one now, by name.
    var movedSites: Set<String> = []
    /// Background processes that `down` ends.
    var processes: [RecordedProcess] = []
    /// Directories that had to be made on this machine so that a site's own can be mounted there.
    var mountPointsMade: [String] = []

    static func path(_ directory: String) -> String { "\(directory)/lab.json" }

    /// The record in a lab's directory; nil when there is none that can be read.
    static func load(_ directory: String) -> LabRecord? {
        guard let text = Files.read(path(directory)), let value = try? JSONValue(parsing: text) else { return nil }
        return try? LabRecord(json: value)
    }

    func save(_ directory: String) throws(LabError) {
        try Files.replace(Self.path(directory), with: json.pretty + "\n")
    }

    private var json: JSONValue {
        [
            "name": .string(plan.name), "labsDirectory": .string(plan.labsDirectory),
            "mode": .string(plan.mode.rawValue), "wanMTU": JSONValue(plan.wanMTU), "lanMTU": JSONValue(plan.lanMTU),
            "silentPathMTU": .count(plan.silentPathMTU),
            "nats": .list(plan.nats.sorted { $0.key < $1.key }) { site, nat in
                ["site": .string(site), "nat": .string(nat.description)]
            },
            "siteNames": .texts(plan.siteNames), "bridgedSites": .texts(plan.bridgedSites.sorted()),
            "ipop": .text(programs?.ipop), "ipopd": .text(programs?.ipopd), "sites": .texts(sites.map(\.name)),
            "movedSites": .texts(movedSites.sorted()),
            "processes": .list(processes) { process in
                [
                    "role": .string(process.role), "pid": JSONValue(process.pid),
                    "startTicks": JSONValue(process.startTicks),
                ]
            },
            "mountPointsMade": .texts(mountPointsMade),
        ]
    }

    private init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "lab")
        var plan = LabPlan(
            name: try shape.text("name"), sites: 0, mode: try shape.code("mode"), wanMTU: try shape.integer("wanMTU"),
            silentPathMTU: try shape.optionalInteger("silentPathMTU"), lanMTU: try shape.integer("lanMTU"),
            labsDirectory: try shape.text("labsDirectory"))
        plan.siteNames = try shape.parsedList("siteNames")
        let bridged: [String] = try shape.parsedList("bridgedSites")
        plan.bridgedSites = Set(bridged)
        let nats = try shape.list("nats") { (value) throws(JSONShapeError) in
            let nat = try JSONShape(value, name: "nat")
            return (try nat.text("site"), try nat.parsed("nat") as SiteNAT)
        }
        plan.nats = Dictionary(nats) { first, _ in first }
        self.init(plan: plan, programs: nil)
        if let ipop = try shape.optionalText("ipop"), let ipopd = try shape.optionalText("ipopd") {
            programs = GatewayPrograms(ipop: ipop, ipopd: ipopd)
        }
        let names: [String] = try shape.parsedList("sites")
        sites = names.enumerated().map { LabSite(number: $0 + 1, name: $1, lab: plan.name) }
        let moved: [String] = try shape.parsedList("movedSites")
        movedSites = Set(moved)
        processes = try shape.list("processes") { (value) throws(JSONShapeError) in
            let process = try JSONShape(value, name: "process")
            return RecordedProcess(
                role: try process.text("role"), pid: try process.integer("pid"),
                startTicks: try process.integer("startTicks"))
        }
        mountPointsMade = try shape.parsedList("mountPointsMade")
    }

    init(plan: LabPlan, programs: GatewayPrograms?) {
        self.plan = plan
        self.programs = programs
    }
}

/// Where a site of a lab keeps what a gateway keeps in /etc/ipop, /var/lib/ipop and /run/ipop.
package struct SiteDirectories: Sendable {
    /// The directory that the others stand in.
    package let root: String

    /// In place of /etc/ipop.
    package var configuration: String { root + "/etc" }
    /// In place of /var/lib/ipop.
    package var state: String { root + "/state" }
    /// In place of /run/ipop.
    package var run: String { root + "/run" }
    /// What `ipopd` prints.
    package var log: String { root + "/ipopd.log" }
    /// The site's bundle as `ipop cert issue` wrote it.
    package var bundle: String { root + "/site.ipop" }

    /// The options that move a daemon's or a command's roots here.
    package var options: [String] {
        ["--config-dir", configuration, "--state-dir", state, "--run-dir", run]
    }

    /// Where a command that is given no options looks, and what is mounted there for it.
    var mounts: [(place: String, source: String)] {
        [("/etc/ipop", configuration), ("/var/lib/ipop", state), ("/run/ipop", run)]
    }
}
