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
        let programs = plan.mode == .gateways ? try ProgramPath.gatewayPrograms(asked: plan.programs) : nil
        let directory = "\(plan.labsDirectory)/\(plan.name)"
        try Files.makeDirectory(plan.labsDirectory, mustBeNew: false)
        guard !Files.exists(directory), try Teardown.namespaces(lab: plan.name).isEmpty else {
            throw .labExists(name: plan.name)
        }
        try Files.makeDirectory(directory, mustBeNew: true)
        let lab = Lab(directory: directory, record: LabRecord(plan: plan, programs: programs))
        do {
            try lab.save()
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
    /// The background processes that were started last, one a role; some may have ended.
    package var processes: [RecordedProcess] { record.withLock { $0.processes } }
    /// What its gateways run; nil in a lab without gateways.
    package var programs: GatewayPrograms? { record.withLock { $0.programs } }

    /// Where a site keeps its files.
    package func directories(_ site: LabSite) -> SiteDirectories { SiteDirectories(root: "\(directory)/\(site.name)") }

    /// Adds the next site's namespaces and links to a lab that is up.
    package func addSite() throws(LabError) -> LabSite {
        let number = sites.count + 1
        guard number <= LabSite.limit else { throw .badPlan("a lab has at most \(LabSite.limit) sites") }
        let site = LabSite(number: number, name: LabSite.name(number: number), lab: plan.name)
        try build(site)
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
        record.withLock { record in
            record.processes.removeAll { $0.role == process.role || !$0.isRunning }
            record.processes.append(process)
        }
        try save()
    }

    func noteMountPoint(_ path: String) throws(LabError) {
        record.withLock { $0.mountPointsMade.append(path) }
        try save()
    }

    private func save() throws(LabError) {
        let record = record.withLock { $0 }
        try record.save(directory)
    }

    // MARK: - Building

    private var topology: Topology { Topology(plan: plan) }

    private func build() throws(LabError) {
        try makeNamespace(topology.wan)
        try batch(topology.wanScript, in: topology.wan)
        for (index, name) in plan.siteNames.enumerated() {
            try build(LabSite(number: index + 1, name: name, lab: plan.name))
        }
    }

    private func build(_ site: LabSite) throws(LabError) {
        let paths = directories(site)
        for path in [paths.root, paths.configuration, paths.state, paths.run] {
            try Files.makeDirectory(path, mustBeNew: true)
        }
        let others = sites
        try makeNamespace(site.gateway)
        try makeNamespace(site.host)
        try batch(topology.links(site))
        try batch(topology.portScript(site), in: topology.wan)
        try shell(Topology.forwarding, in: site.gateway)
        try batch(topology.gatewayScript(site), in: site.gateway)
        try batch(topology.hostScript(site), in: site.host)
        if plan.mode == .plain {
            for other in others {
                try batch(topology.plainRoutes(from: site, to: other), in: site.gateway)
                try batch(topology.plainRoutes(from: other, to: site), in: other.gateway)
            }
        }
        record.withLock { $0.sites.append(site) }
        try save()
    }

    private func makeNamespace(_ name: String) throws(LabError) {
        try ProgramRun.require(["ip", "netns", "add", name])
        try shell(Topology.quietIPv6, in: name)
    }

    private func batch(_ script: String, in namespace: String? = nil) throws(LabError) {
        let place = namespace.map { ["-n", $0] } ?? []
        try ProgramRun.require(["ip"] + place + ["-batch", "-"], input: script)
    }

    private func shell(_ script: String, in namespace: String) throws(LabError) {
        try ProgramRun.require(["ip", "netns", "exec", namespace, "sh", "-e"], input: script)
    }
}
