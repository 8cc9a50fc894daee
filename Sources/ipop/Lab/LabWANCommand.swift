import ArgumentParser
import ControlProtocol
import GatewayLab

/// `ipop lab wan`: what the emulated WAN lets through, and how sites are attached to it.
struct LabWANCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wan",
        abstract: "Say which gateways of a lab can talk directly, how they are attached, and over what lines",
        discussion: """
            At first all can. What is blocked vanishes without a word to anybody, IPv4 and IPv6 alike, both ways \
            and from the next packet on. The outsider of `ipop lab exec wan` reaches all gateways always, and a site \
            that is added later too. It needs nft of the Debian package nftables.
            """,
        subcommands: [
            LabWANShow.self, LabWANBlock.self, LabWANUnblock.self, LabWANOnly.self, LabWANOpen.self,
            LabWANBlockUDP.self, LabWANUnblockUDP.self, LabWANRenumber.self, LabWANUnplug.self, LabWANPlug.self,
            LabWANSecondUplink.self,
            LabWANSet.self, LabWANClear.self,
        ],
        defaultSubcommand: LabWANShow.self)
}

struct LabWANBlock: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "block", abstract: "Stop a gateway from talking to others",
        discussion: "To those named, or to all when none is named. What is blocked already stays blocked.")

    @OptionGroup var choice: LabChoice
    @OptionGroup var pairs: LabPairs

    func run() throws {
        try reportingLabErrors { () throws(LabError) in
            let lab = try choice.open()
            try lab.block(try pairs.of(lab))
        }
    }
}

struct LabWANUnblock: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unblock", abstract: "Let a gateway talk to others again",
        discussion: "To those named, or to all when none is named.")

    @OptionGroup var choice: LabChoice
    @OptionGroup var pairs: LabPairs

    func run() throws {
        try reportingLabErrors { () throws(LabError) in
            let lab = try choice.open()
            try lab.unblock(try pairs.of(lab))
        }
    }
}

struct LabWANOnly: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "only", abstract: "Let these pairs of gateways talk and no others",
        discussion: "For example `ipop lab wan only ufl:lsu lsu:cern`: ufl and cern have no direct way.")

    @OptionGroup var choice: LabChoice

    @Argument(help: ArgumentHelp("Two sites with a colon between them.", valueName: "site:site"))
    var pairs: [String]

    func run() throws {
        try reportingLabErrors { () throws(LabError) in
            let lab = try choice.open()
            var allowed: [SitePair] = []
            for pair in pairs {
                let names = pair.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
                guard names.count == 2 else { throw .badPlan("`\(pair)` is no pair: write SITE:SITE") }
                allowed.append(try lab.pair(names[0], names[1]))
            }
            try lab.allowOnly(allowed)
        }
    }
}

struct LabWANOpen: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "open", abstract: "Let all gateways talk, by UDP too")

    @OptionGroup var choice: LabChoice

    func run() throws {
        try reportingLabErrors { () throws(LabError) in try choice.open().openWAN() }
    }
}

/// One site, and the others that something concerns.
struct LabPairs: ParsableArguments {
    @Argument(help: "The site.")
    var site: String

    @Argument(help: "The other sites; all when none is given.")
    var others: [String] = []

    func of(_ lab: Lab) throws(LabError) -> [SitePair] {
        let one = try lab.site(named: site)
        if others.isEmpty { return try lab.pairs(of: one) }
        var pairs: [SitePair] = []
        for name in others { pairs.append(try lab.pair(site, name)) }
        return pairs
    }
}

extension Lab {
    /// The pair of two sites that go by these names.
    fileprivate func pair(_ one: String, _ other: String) throws(LabError) -> SitePair {
        let first = try site(named: one), second = try site(named: other)
        guard let pair = SitePair(first, second) else { throw .badPlan("`\(one)` always reaches itself") }
        return pair
    }
}
