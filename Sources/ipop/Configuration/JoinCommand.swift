import ArgumentParser
import GatewayConfiguration
import GatewayFiles
import LinuxSystem
import NetworkTypes
import OpenSSLLink

/// `ipop join`.
struct JoinCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Set this gateway up from a site's bundle",
        discussion: """
            Writes ipop.yaml, subnets.map (a line 'SITE SUBNET same' for every subnet of the bundle), grid.yaml and \
            tls/ into the configuration directory, and changes nothing else: neither the network nor the daemon. What \
            is about to be written is checked first, as by `ipop check`; with an error nothing is written. The key is \
            readable by the daemon's user alone.

            A renewed certificate is joined the same way: it replaces the old one, and ipop.yaml and subnets.map stay \
            as they are. A configuration that differs otherwise is overwritten with --force only. Example:

              ipop join lsu.ipop --lan eth1
              systemctl enable --now ipopd
            """)

    @Argument(help: "The bundle, as 'ipop cert issue' made it.")
    var bundle: String

    @Option(help: ArgumentHelp("The interface that the site's hosts are on.", valueName: "iface"))
    var lan: String?

    @Option(
        help: ArgumentHelp("How the LAN is attached: routed or bridged. (default: routed)", valueName: "mode"))
    var mode: String?

    @Option(
        help: ArgumentHelp(
            "With --mode bridged: the subnet of the grid's pool that the LAN's hosts live in.", valueName: "cidr"),
        transform: ArgumentReading.prefix)
    var bridgedSubnet: IPPrefix?

    @Option(help: ArgumentHelp("The port to listen at, UDP and TCP. (default: 7867)", valueName: "port"))
    var listen: UInt16?

    @Option(
        help: ArgumentHelp(
            "The site's key, when the bundle was issued for a request and holds none.", valueName: "file.key"))
    var key: String?

    @OptionGroup var configuration: ConfigurationDirectory
    @OptionGroup var state: StateDirectory

    @Flag(help: "Overwrite a configuration that is there.")
    var force = false

    func validate() throws {
        if let lan, !InterfaceName.isValid(lan) { throw ValidationError("--lan: a name has \(InterfaceName.rule)") }
        if listen == 0 { throw ValidationError("--listen must be from 1 to 65535") }
        switch mode {
        case nil, "routed":
            if bridgedSubnet != nil { throw ValidationError("--bridged-subnet is for --mode bridged") }
        case "bridged":
            guard bridgedSubnet != nil else {
                throw ValidationError("--mode bridged needs --bridged-subnet CIDR, a subnet of the grid's pool")
            }
        case let other?:
            throw ValidationError("--mode must be routed or bridged, not '\(other)'")
        }
    }

    func run() throws {
        let paths = configuration.paths
        let plan = try JoinPlan(
            bundle: try SiteBundle(file: bundle), bundleFile: bundle, keyFile: key, lan: lan, bridged: bridgedSubnet,
            port: listen, paths: paths, force: force)
        var check = ConfigurationCheck(paths: paths, now: CertificateAuthority.systemTime(), readFile: plan.readFile)
        check.publishedProfile = state.publishedProfile
        check.replacesKey = plan.files.contains { $0.path == paths.siteKey }
        let report = CheckReport.make(check)
        report.printProblems()
        guard report.errorCount == 0 else {
            throw CommandFailure("nothing was written: \(report.counts)", report.status)
        }
        try plan.write()
        print("ok: \(report.summary)\(report.warningCount > 0 ? ", \(report.counts)" : "")")
        for file in plan.files { print("  wrote \(file.path)") }
        for path in plan.kept { print("  kept  \(path)") }
        print("next: systemctl enable --now ipopd   (or, when it runs: ipop reload)")
    }
}
