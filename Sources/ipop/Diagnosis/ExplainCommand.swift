import ArgumentParser
import ControlProtocol
import GatewayConfiguration
import HostDiagnosis
import LinuxSystem
import NetworkTypes
import RouteControl
import RoutePlanning

/// `ipop explain`: from LAN host to LAN host, step by step.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Walk from LAN host to LAN host and name the first thing that stops a packet",
        discussion: """
            With one address: from the hosts of this LAN to that host behind another site. With two: from the first, \
            a host of this LAN or this gateway, to the second. The packet is a ping, unless a protocol and port are \
            named: tcp/443, udp/53, icmp; they matter to the firewalls of the two gateways, and nothing is known of \
            the host's own. The steps of the far site are told by its gateway from its own kernel. A host that has \
            not shown itself lately is asked for by ARP or ND, so this blocks up to ten seconds.

            Each line has the site, the step, ok, FAIL or ? (it cannot be told), and what was found; the last ones \
            name the first failure and what to do. Without the daemon only this kernel's part is told; the firewall \
            can be read by root only. The steps and codes are explained in docs/codes.md.

            Exit codes: 0 nothing is known to stop it, 1 something does, 2 bad arguments, 3 daemon not running, \
            4 no permission to ask it.
            """)

    @Argument(help: ArgumentHelp("The destination; with two addresses the source.", valueName: "address"))
    var first: String

    @Argument(help: ArgumentHelp("The destination.", valueName: "address"))
    var second: String?

    @Argument(help: ArgumentHelp("tcp/PORT, udp/PORT or icmp.", valueName: "protocol/port"))
    var transport: String?

    @Flag(help: "Print one JSON document.")
    var json = false

    @OptionGroup var runDirectory: RunDirectory
    @OptionGroup var configurationDirectory: ConfigurationDirectory

    func validate() throws {
        for text in [first, second].compactMap({ $0 }) where IPAddress(text) == nil {
            throw ValidationError("'\(text)' is no IP address")
        }
        let addresses = [first, second].compactMap { $0.flatMap { IPAddress($0) } }
        guard Set(addresses.map(\.family)).count == 1 else {
            throw ValidationError("\(first) and \(second ?? "") are not of one family")
        }
        if let transport, ExplainedPacket.transport(transport, addresses[0].family) == nil {
            throw ValidationError("'\(transport)' is neither tcp/PORT nor udp/PORT nor icmp")
        }
    }

    func run() throws {
        guard let one = IPAddress(first) else { throw ValidationError("'\(first)' is no IP address") }
        let other = second.flatMap { IPAddress($0) }
        let destination = other ?? one
        let named = transport.flatMap { ExplainedPacket.transport($0, destination.family) }
        let walk = ExplainWalk(
            source: other == nil ? nil : one, destination: destination,
            transport: named?.number ?? ExplainedPacket.icmp(destination.family), port: named?.port,
            question: DaemonQuestion(runDirectory), paths: configurationDirectory.paths)
        let report = try walk.run()
        if json {
            Screen.write(document: report.json)
        } else {
            Screen.write(report.text(colour: Screen.hasColour, width: Screen.layout.width))
        }
        if let absence = walk.absence { throw ExitCode(absence.exit.rawValue) }
        if report.firstFailure != nil { throw ExitCode(ExitStatus.degraded.rawValue) }
    }
}
