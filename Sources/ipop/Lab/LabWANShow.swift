import ArgumentParser
import ControlProtocol
import GatewayLab
import WANEmulation

struct LabWANShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what the WAN keeps from whom")

    @OptionGroup var choice: LabChoice

    @Flag(
        help: """
            Print JSON (schema 1): `blocked` is a list of pairs, `udpBlocked` and `unplugged` are lists of sites, \
            `addresses` has each site's address on the WAN, `lines` what the WAN emulator does and has done to \
            what each site sends, `missed` being what it lost by itself.
            """)
    var json = false

    func run() throws {
        try reportingLabErrors { () throws(LabError) in
            let lab = try choice.open()
            let state = try LabWANState(lab)
            print(json ? state.json.pretty + "\n" : state.text, terminator: "")
        }
    }
}

/// What the WAN of a lab does to its sites now.
private struct LabWANState {
    let lab: Lab
    /// By the numbers of the two sites.
    let blocked: [SitePair]
    let udpBlocked: [LabSite]
    let unplugged: [LabSite]
    let lines: [LineReport]

    init(_ lab: Lab) throws(LabError) {
        self.lab = lab
        blocked = try lab.blockedPairs().sorted {
            ($0.first.number, $0.second.number) < ($1.first.number, $1.second.number)
        }
        udpBlocked = try lab.udpBlockedSites()
        unplugged = try lab.unpluggedSites()
        lines = try lab.emulatedLines()
    }

    var json: JSONValue {
        [
            "schema": JSONValue(1), "blocked": .list(blocked) { .texts([$0.first.name, $0.second.name]) },
            "udpBlocked": .texts(udpBlocked.map(\.name)), "unplugged": .texts(unplugged.map(\.name)),
            "addresses": .list(lab.sites) { ["site": .string($0.name), "address": .string(lab.wanAddress($0))] },
            "lines": .list(lines) { $0.json },
        ]
    }

    var text: String {
        var words = ["all gateways can talk directly"]
        if !blocked.isEmpty {
            words = ["\(blocked.count) of \(lab.allPairs.count) pairs of gateways cannot talk directly:"]
            for site in lab.sites {
                let others = blocked.filter { $0.first == site }.map(\.second.name)
                if !others.isEmpty { words.append("  \(site.name): \(others.joined(separator: " "))") }
            }
        }
        if !udpBlocked.isEmpty { words.append("no UDP: " + udpBlocked.map(\.name).joined(separator: " ")) }
        if !unplugged.isEmpty { words.append("unplugged: " + unplugged.map(\.name).joined(separator: " ")) }
        let moved = lab.sites.filter { lab.movedSites.contains($0.name) }
        for site in moved { words.append("moved: \(site.name) has \(lab.wanAddress(site))") }
        return words.map { $0 + "\n" }.joined() + (lines.isEmpty ? "" : "\n" + lineTable)
    }

    /// A row for each line of the emulator.
    private var lineTable: String {
        var rows = [
            [
                "SITE", "DELAY", "JITTER", "LOSS", "REORDER", "DUPLICATE", "RATE", "QUEUE", "PACKETS", "LOST",
                "DROPPED",
                "REORDERED", "DUPLICATED", "MISSED",
            ]
        ]
        for line in lines {
            let settings = line.settings, counters = line.counters
            rows.append(
                [
                    line.site, "\(LineTime(settings.delay))", "\(LineTime(settings.jitter))", "\(settings.loss)",
                    "\(settings.reorder)", "\(settings.duplicate)", settings.rate?.description ?? "-",
                    "\(settings.queue)",
                ]
                    + [
                        counters.entered, counters.lost, counters.full, counters.reordered, counters.duplicated,
                        line.missed,
                    ].map(String.init))
        }
        return LabTable.columns(rows)
    }
}
