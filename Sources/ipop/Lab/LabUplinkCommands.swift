import ArgumentParser
import GatewayLab

struct LabWANBlockUDP: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "block-udp", abstract: "Drop all UDP between sites and the others",
        discussion: "TCP and everything else passes. What is blocked already stays blocked.")

    @OptionGroup var choice: LabChoice
    @OptionGroup var chosen: LabSites

    func run() throws {
        try chosen.each(choice) { (lab, site) throws(LabError) in try lab.setUDPBlocked(site, true) }
    }
}

struct LabWANUnblockUDP: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unblock-udp", abstract: "Let the UDP of sites through again")

    @OptionGroup var choice: LabChoice
    @OptionGroup var chosen: LabSites

    func run() throws {
        try chosen.each(choice) { (lab, site) throws(LabError) in try lab.setUDPBlocked(site, false) }
    }
}

struct LabWANRenumber: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renumber", abstract: "Give sites another address on the WAN, or their first one again",
        discussion: """
            Site i goes from 198.18.0.i to 198.18.0.(100 + i) and back, and without a NAT from 2001:db8:ffff::i to \
            2001:db8:ffff::1:i too. A NAT forgets the mappings that it made with the old address.
            """)

    @OptionGroup var choice: LabChoice
    @OptionGroup var chosen: LabSites

    func run() throws {
        try chosen.each(choice) { (lab, site) throws(LabError) in print("\(site.name): \(try lab.renumber(site))") }
    }
}

struct LabWANUnplug: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unplug", abstract: "Pull the cable between sites and the WAN",
        discussion: "The gateway, or the NAT before it, sees its carrier go.")

    @OptionGroup var choice: LabChoice
    @OptionGroup var uplink: LabUplink
    @OptionGroup var chosen: LabSites

    func run() throws {
        try chosen.each(choice) { (lab, site) throws(LabError) in try uplink.setPlugged(lab, site, false) }
    }
}

struct LabWANPlug: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plug", abstract: "Plug the cable between sites and the WAN in again")

    @OptionGroup var choice: LabChoice
    @OptionGroup var uplink: LabUplink
    @OptionGroup var chosen: LabSites

    func run() throws {
        try chosen.each(choice) { (lab, site) throws(LabError) in try uplink.setPlugged(lab, site, true) }
    }
}

struct LabWANSecondUplink: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "second-uplink", abstract: "Give gateways a second uplink, by another provider",
        discussion: """
            Site i's is 198.19.0.i on its interface `wan2`; the WAN routes between 198.18.0.0/24 and 198.19.0.0/24. \
            What the gateway sends from that address leaves by it, and so does everything while the first uplink is \
            unplugged. What is blocked or set for the first does not concern it. It stays as long as the lab.
            """)

    @OptionGroup var choice: LabChoice
    @OptionGroup var chosen: LabSites

    func run() throws {
        try chosen.each(choice) { (lab, site) throws(LabError) in try lab.addSecondUplink(site) }
    }
}

/// Which of a site's uplinks is meant.
struct LabUplink: ParsableArguments {
    @Flag(help: "The second uplink in place of the first.")
    var second = false

    func setPlugged(_ lab: Lab, _ site: LabSite, _ isPlugged: Bool) throws(LabError) {
        if second { try lab.setSecondPlugged(site, isPlugged) } else { try lab.setPlugged(site, isPlugged) }
    }
}

/// The sites that something is done to.
struct LabSites: ParsableArguments {
    @Argument(help: "The sites.")
    var sites: [String]

    /// Does something to each of the sites, in the order given, once all names are known to be right.
    func each(_ choice: LabChoice, _ body: (Lab, LabSite) throws(LabError) -> Void) throws {
        try reportingLabErrors { () throws(LabError) in
            try LabRequirements.check(gateways: false)
            let lab = try choice.open()
            var chosen: [LabSite] = []
            for name in sites { chosen.append(try lab.site(named: name)) }
            for site in chosen { try body(lab, site) }
        }
    }
}
