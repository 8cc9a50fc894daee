import Glibc
import Synchronization

/// A whole grid in network namespaces of this machine.
///
/// Any process may open a lab that another one made: what matters is on disk. Everything is bounded in time; a lab
/// that could not be made wholly is taken down again by who tried.
package final class Lab: Sendable {
    /// What it was made by.
    package let plan: LabPlan
    /// The lab's own directory: the authority, and a directory a site.
    package let directory: String
    private let record: Mutex<LabRecord>

    private init(directory: String, record: LabRecord) {
        self.directory = directory
        plan = record.plan
        self.record = Mutex(record)
    }

    /// Makes the namespaces and links of a lab and, in plain mode, its routes. No gateway runs yet.
    ///
    /// On an error whatever was made is gone again.
    package static func create(_ plan: LabPlan) throws(LabError) -> Lab {
        try plan.check()
        try LabRequirements.check(gateways: plan.mode == .gateways)
        if !plan.nats.isEmpty { try LabRequirements.checkFirewall() }
        let programs = plan.mode == .gateways ? try ProgramPath.gatewayPrograms(asked: plan.programs) : nil
        let directory = "\(plan.labsDirectory)/\(plan.name)"
        try Files.makeDirectory(plan.labsDirectory, mustBeNew: false)
        guard !Files.exists(directory), try Teardown.namespaces(lab: plan.name).isEmpty else {
            throw .labExists(name: plan.name)
        }
        try Files.makeDirectory(directory, mustBeNew: true)
        let lab = Lab(directory: directory, record: LabRecord(plan: plan, programs: programs))
        do {
            try lab.change { _ in }
            try lab.build()
        } catch {
            lab.destroy()
            throw error
        }
        return lab
    }

    /// Opens a lab that `create` made, here or in another process.
    package static func open(name: String, labsDirectory: String = LabPlan.usualDirectory) throws(LabError) -> Lab {
        try LabPlan.check(name: name)
        let directory = "\(labsDirectory)/\(name)"
        guard let record = LabRecord.load(directory) else { throw .labUnknown(name: name, directory: labsDirectory) }
        return Lab(directory: directory, record: record)
    }

    /// The sites that are made, by number.
    package var sites: [LabSite] { record.withLock { $0.sites } }
    /// The background processes that were started last, one a role, by whatever process; some may have ended.
    package var processes: [RecordedProcess] {
        (LabRecord.load(directory) ?? record.withLock { $0 }).processes
    }
    /// What its gateways run; nil in a lab without gateways.
    package var programs: GatewayPrograms? { record.withLock { $0.programs } }

    /// The names of the sites whose WAN address is the spare one now, by whatever process they were moved.
    package var movedSites: Set<String> { (LabRecord.load(directory) ?? record.withLock { $0 }).movedSites }

    /// Where a site keeps its files.
    package func directories(_ site: LabSite) -> SiteDirectories { SiteDirectories(root: "\(directory)/\(site.name)") }

    /// Adds the next site's namespaces and links to a lab that is up.
    package func addSite() throws(LabError) -> LabSite {
        let number = sites.count + 1
        guard number <= LabSite.limit else { throw .badPlan("a lab has at most \(LabSite.limit) sites") }
        let site = LabSite(number: number, name: LabSite.name(number: number), lab: plan.name)
        try build([site])
        return site
    }

    /// Ends this lab's processes and removes its namespaces and its directory. What is gone already does not matter.
    @discardableResult
    package func destroy() -> TeardownReport {
        // The name was checked when the lab was made.
        (try? Teardown.run(name: plan.name, labsDirectory: plan.labsDirectory)) ?? TeardownReport()
    }

    // MARK: - Record

    /// Notes a background process before anything else can fail.
    func note(_ process: RecordedProcess) throws(LabError) {
        try change { record in
            record.processes.removeAll { $0.role == process.role || !$0.isRunning }
            record.processes.append(process)
        }
    }

    func noteMountPoint(_ path: String) throws(LabError) {
        try change { $0.mountPointsMade.append(path) }
    }

    /// Notes that a site's WAN address is the spare one, or the first again.
    func noteMoved(_ site: LabSite, _ isMoved: Bool) throws(LabError) {
        try change { record in
            if isMoved { record.movedSites.insert(site.name) } else { record.movedSites.remove(site.name) }
        }
    }

    /// Changes the record as it is on disk, which other processes may have changed too.
    private func change(_ body: (inout LabRecord) -> Void) throws(LabError) {
        let lock = try FileLock(directory)
        defer { lock.release() }
        try record.withLock { (record) throws(LabError) in
            record = LabRecord.load(directory) ?? record
            body(&record)
            try record.save(directory)
        }
    }

    // MARK: - Building

    private var topology: Topology { Topology(plan: plan) }

    private func build() throws(LabError) {
        try make(namespaces: [topology.wan])
        try batch(topology.wanScript, in: topology.wan)
        try build(plan.sites)
    }

    /// Adds sites: all steps of one kind together, since most of the time goes into starting programs.
    private func build(_ new: [LabSite]) throws(LabError) {
        for site in new {
            let paths = directories(site)
            for path in [paths.root, paths.configuration, paths.state, paths.run] {
                try Files.makeDirectory(path, mustBeNew: true)
            }
        }
        let others = sites
        let nats = topology.nats(new)
        let routers = new.map(\.gateway) + nats.flatMap(\.namespaces)
        let bridged = new.filter { plan.bridgedSites.contains($0.name) }.map(topology.bridgedLAN)
        try make(namespaces: routers + new.map(\.host) + bridged.flatMap(\.namespaces), routers: Set(routers))
        try batch((new.map(topology.links) + nats.map(topology.links)).joined())
        try batch(new.map(topology.portScript).joined(), in: topology.wan)
        try batch(
            new.flatMap { site in
                let isBridged = plan.bridgedSites.contains(site.name)
                return [(topology.gatewayScript(site), site.gateway)]
                    + (isBridged ? [] : [(topology.hostScript(site), site.host)])
            } + bridged.flatMap(\.scripts) + nats.flatMap(topology.natScripts))
        try ProgramRun.require(
            nats.flatMap { nat in
                nat.namespaces.map { namespace in
                    ProgramCall(arguments: ["ip", "netns", "exec", namespace, "nft", "-f", "-"], input: nat.rules)
                }
            })
        if plan.mode == .plain {
            let all = others + new
            try batch(
                all.map { site in
                    let unknown = new.contains(site) ? all : new
                    return (unknown.map { topology.plainRoutes(from: site, to: $0) }.joined(), site.gateway)
                })
        }
        try change { $0.sites += new }
    }

    private func make(namespaces: [String], routers: Set<String> = []) throws(LabError) {
        try batch(namespaces.map { "netns add \($0)\n" }.joined())
        try ProgramRun.require(
            namespaces.map { name in
                let script = Topology.quietAddresses + (routers.contains(name) ? Topology.forwarding : "")
                return ProgramCall(arguments: ["ip", "netns", "exec", name, "sh", "-e"], input: script)
            })
    }

    /// Runs the lines of a script for ip(8), in a namespace or outside of all.
    func batch(_ script: String, in namespace: String? = nil) throws(LabError) {
        try ProgramRun.require([batchCall(script, in: namespace)])
    }

    /// Runs a script in each of several namespaces.
    private func batch(_ scripts: [(script: String, namespace: String)]) throws(LabError) {
        try ProgramRun.require(scripts.map { batchCall($0.script, in: $0.namespace) })
    }

    private func batchCall(_ script: String, in namespace: String?) -> ProgramCall {
        let place = namespace.map { ["-n", $0] } ?? []
        return ProgramCall(arguments: ["ip"] + place + ["-batch", "-"], input: script)
    }
}
