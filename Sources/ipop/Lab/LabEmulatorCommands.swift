import ArgumentParser
import GatewayLab
import WANEmulation

struct LabWANSet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Let the WAN delay, lose, reorder, copy or slow down what sites send",
        discussion: """
            What is not given stays as it is. It concerns what a site sends, so a round trip between two sites takes \
            the delays of both. The first use puts the WAN emulator between all sites and the WAN, a process of the \
            lab's; `ipop lab wan clear` takes it out again.
            """)

    @OptionGroup var choice: LabChoice
    @OptionGroup var line: LabLine

    @Argument(help: "The sites; all when none is given.")
    var sites: [String] = []

    func validate() throws {
        if !line.isGiven { throw ValidationError("nothing to set: give --delay, --loss or another option") }
    }

    func run() throws {
        try reportingLabErrors { () throws(LabError) in
            try LabRequirements.check(gateways: false)
            let lab = try choice.open()
            var chosen: [LabSite] = []
            for name in sites { chosen.append(try lab.site(named: name)) }
            try line.apply(to: lab, sites: chosen)
        }
    }
}

struct LabWANClear: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear", abstract: "Let the WAN do nothing to what sites send",
        discussion: "Takes the WAN emulator out. What is blocked stays blocked.")

    @OptionGroup var choice: LabChoice

    func run() throws {
        try reportingLabErrors { () throws(LabError) in
            try LabRequirements.check(gateways: false)
            try choice.open().stopEmulator()
        }
    }
}

/// The process itself, which `set` starts in the WAN's namespace.
struct LabEmulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emulate", abstract: "Be the WAN emulator of a lab",
        discussion: "The lab starts it by itself, in the namespace of its WAN.", shouldDisplay: false)

    @OptionGroup var choice: LabChoice

    func run() throws {
        try reportingLabErrors { () throws(LabError) in try WANEmulator(try choice.open()).run() }
    }
}

/// What the WAN does to what sites send.
struct LabLine: ParsableArguments {
    @Option(help: "How long a packet travels one way: 20ms, 500us; 10s at most.")
    var delay: LineTime?

    @Option(help: "By how much at most the delay of a packet is longer or shorter; the order stays.")
    var jitter: LineTime?

    @Option(help: "How many packets are lost: 1%, 0.05%.")
    var loss: Share?

    @Option(help: "How many packets are overtaken by the three behind them.")
    var reorder: Share?

    @Option(help: "How many packets arrive twice.")
    var duplicate: Share?

    @Option(help: ArgumentHelp("How much a site sends: 512kbit, 100mbit, 1gbit, or unlimited.", valueName: "rate"))
    var rate: LabRate?

    @Option(help: "How many packets may wait for the rate; more are dropped. At first 1000.")
    var queue: Int?

    @Option(help: "Where the luck of each line begins: the same seed and packets give the same losses. At first 1.")
    var seed: UInt64?

    /// Whether there is anything to set.
    var isGiven: Bool {
        delay != nil || jitter != nil || loss != nil || reorder != nil || duplicate != nil || rate != nil
            || queue != nil || seed != nil
    }

    func validate() throws {
        if let queue, !(1...LineLimits.packets).contains(queue) {
            throw ValidationError("a queue holds 1 to \(LineLimits.packets) packets")
        }
    }

    /// Changes what is given for these sites, or for all.
    func apply(to lab: Lab, sites: [LabSite] = []) throws(LabError) {
        try lab.startEmulator()
        let lines = try lab.emulatedLines()
        for site in sites { try lab.requireOwnPort(site) }
        let names = sites.isEmpty ? lines.map(\.site) : sites.map(\.name)
        var changes: [(site: LabSite, settings: LineSettings)] = []
        for line in lines where names.contains(line.site) {
            changes.append((try lab.site(named: line.site), changed(line.settings)))
        }
        try lab.emulate(changes, seed: seed)
    }

    private func changed(_ settings: LineSettings) -> LineSettings {
        var settings = settings
        if let delay { settings.delay = delay.duration }
        if let jitter { settings.jitter = jitter.duration }
        if let loss { settings.loss = loss }
        if let reorder { settings.reorder = reorder }
        if let duplicate { settings.duplicate = duplicate }
        if let rate { settings.rate = rate.limit }
        if let queue { settings.queue = queue }
        return settings
    }
}

/// A rate, or none.
struct LabRate: ExpressibleByArgument {
    let limit: BitRate?

    init?(argument: String) {
        limit = BitRate(argument)
        if limit == nil && argument != "unlimited" { return nil }
    }
}

extension LineTime: ExpressibleByArgument {}
extension Share: ExpressibleByArgument {}
