import ControlProtocol
import LinuxSystem
package import WANEmulation

/// The WAN emulator of a lab: delay, loss and what else a WAN does, in user space, since not every kernel has netem.
///
///     [lsu] --wan--port-2--> emulator --line-2--plug-2--> br0
///                       <-----------------------------------
///
/// A line concerns what its site sends; what it receives comes from the bridge straight to its port. While the emulator
/// runs, senders give the WAN single packets, so that it sees what a real one would.
extension Lab {
    /// The seed of the lines' luck unless another is given.
    package static let usualSeed: UInt64 = 1

    /// Where the emulator answers.
    var emulatorSocket: String { "\(directory)/wan.sock" }
    private static let emulatorRole = "wan emulator"

    /// Whether the lab has an emulator that runs.
    package var isEmulated: Bool { emulator?.isRunning ?? false }

    private var emulator: RecordedProcess? { processes.last { $0.role == Self.emulatorRole } }

    /// Puts the emulator between the sites that there are now and the WAN, where it is not there yet. Its lines do
    /// nothing at first. A packet or two may be lost while the cables are put over.
    package func startEmulator() throws(LabError) {
        guard !isEmulated else { return }
        let program = if let programs { programs.ipop } else { try ProgramPath.ownCommand() }
        try LabRequirements.checkFirewall()
        let topology = EmulatorTopology(plan: plan, sites: sitesWithPorts)
        try unplugEmulator(topology)
        try batch(topology.plugs, in: namespace(.wan))
        var addresses: [String] = []
        for site in sitesWithPorts { addresses.append(try hardwareAddress(site)) }
        try bridge(topology.places(addresses))
        try ProgramRun.require(
            ["ip", "netns", "exec", namespace(.wan), "nft", "-f", "-"], input: topology.silence)
        for outer in sitesWithPorts.map(outermost) { try batch(topology.singlePackets, in: outer) }
        let command = [
            program, "lab", "emulate", "--name", plan.name, "--lab-dir", plan.labsDirectory,
        ]
        let (process, log) = try start(command, at: .wan, role: Self.emulatorRole)
        try until("the WAN emulator's start") { () throws(LabError) in
            guard process.isRunning else { throw .emulator(Files.read(log) ?? "it ended at once") }
            return Files.exists(emulatorSocket)
        }
    }

    /// Takes the emulator out again and gives the sites back to the bridge. Packets on its lines are lost.
    package func stopEmulator() throws(LabError) {
        emulator?.stop()
        let topology = EmulatorTopology(plan: plan, sites: sitesWithPorts)
        try unplugEmulator(topology)
        if plan.silentPathMTU == nil {
            for outer in sitesWithPorts.map(outermost) { try batch(topology.trains, in: outer) }
        }
    }

    /// Lets the lines of sites do something else from now on.
    ///
    /// - Parameters:
    ///   - lines: what the lines of these sites do; the others go on as they are.
    ///   - seed: where the luck of these lines begins anew; nil lets it go on.
    /// - Returns: all lines, after the change.
    @discardableResult
    package func emulate(
        _ lines: [(site: LabSite, settings: LineSettings)], seed: UInt64? = nil
    ) throws(LabError) -> [LineReport] {
        for line in lines { try requireOwnPort(line.site) }
        return try ask(EmulatorOrder(lines: lines.map { ($0.site.name, $0.settings) }, seed: seed))
    }

    /// What the lines do and have done, by number of their site; empty where no emulator runs.
    package func emulatedLines() throws(LabError) -> [LineReport] {
        isEmulated ? try ask(EmulatorOrder()) : []
    }

    private func bridge(_ script: String) throws(LabError) {
        try ProgramRun.require(["bridge", "-n", namespace(.wan), "-batch", "-"], input: script)
    }

    /// The hardware address of the interface that is plugged into a site's port.
    private func hardwareAddress(_ site: LabSite) throws(LabError) -> String {
        let text = try ProgramRun.require(
            ["ip", "-n", outermost(site), "-j", "link", "show", "dev", LabSite.wanInterface])
        guard let address = (try? JSONValue(parsing: text))?.elements?.first?["address"]?.stringValue else {
            throw .commandFailed(command: "ip -j link show", status: 0, output: text)
        }
        return address
    }

    private func ask(_ order: EmulatorOrder) throws(LabError) -> [LineReport] {
        let bytes: [UInt8]
        do {
            bytes = try ControlClient.request(
                path: emulatorSocket, bytes: Array((order.json.compact + "\n").utf8), timeout: .seconds(10))
        } catch {
            throw .emulator("\(error)")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let answer = try? JSONValue(parsing: text), let lines = answer["lines"]?.elements,
            let reports = try? lines.map({ try LineReport(json: $0) })
        else { throw .emulator("it answered: \(text)") }
        return reports
    }

    /// Removes what an emulator has left, whether it was there wholly or not.
    private func unplugEmulator(_ topology: EmulatorTopology) throws(LabError) {
        let tables = try ProgramRun.require(["ip", "netns", "exec", namespace(.wan), "nft", "list", "tables", "netdev"])
        guard !tables.isEmpty else { return }
        try ProgramRun.require(
            ["ip", "netns", "exec", namespace(.wan), "nft", "-f", "-"], input: EmulatorTopology.noSilence)
        try batch(topology.noPlugs, in: namespace(.wan))
    }
}

/// The commands that put the emulator between ports and bridge, and take it out again.
struct EmulatorTopology {
    let plan: LabPlan
    let sites: [LabSite]

    /// For each site a pair by whose other end the bridge gets what has come over the line, in the port's device group.
    /// The bridge sends nothing there: the site is behind its port.
    var plugs: String {
        let mtu = plan.silentPathMTU ?? plan.wanMTU
        return sites.map { site in
            """
            link add \(site.linePort) mtu \(mtu) type veth peer name \(site.plugPort) mtu \(mtu)
            link set \(site.linePort) addrgenmode none up
            link set \(site.plugPort) group \(site.number) addrgenmode none master br0 up
            link set \(site.plugPort) type bridge_slave learning off flood off mcast_flood off bcast_flood off

            """
        }.joined() + "link set br0 gso_max_segs 1\n"
    }

    var noPlugs: String {
        sites.map { "link del \($0.linePort)\n" }.joined()
            + "link set br0 gso_max_segs 65535\n"
    }

    /// Where the sites are, which the bridge does not see for itself any more.
    func places(_ addresses: [String]) -> String {
        zip(sites, addresses).map { "fdb replace \($1) dev \($0.wanPort) master static\n" }.joined()
    }

    /// What comes in by a port goes to the emulator, and to the bridge only when it has been over the line.
    var silence: String {
        let chains = sites.map(\.wanPort).map { port in
            """
                chain \(port) {
                    type filter hook ingress device "\(port)" priority 0; policy drop;
                }

            """
        }
        return "table netdev ipop-lab {\n\(chains.joined())}\n"
    }

    static let noSilence = "delete table netdev ipop-lab\n"

    /// No train leaves a sender unsplit, and all may again.
    var singlePackets: String { "link set \(LabSite.wanInterface) gso_max_segs 1\n" }
    var trains: String { "link set \(LabSite.wanInterface) gso_max_segs 65535\n" }
}
