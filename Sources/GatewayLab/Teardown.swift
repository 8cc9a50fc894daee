import Glibc

/// What taking down a lab did.
package struct TeardownReport: Sendable {
    /// The processes that ended when asked, by role.
    package fileprivate(set) var ended: [String] = []
    /// The processes that did not end when asked.
    package fileprivate(set) var killed: [String] = []
    /// The namespaces that were removed.
    package fileprivate(set) var namespaces: [String] = []
    /// Ids of processes that others started in the lab's namespaces. They are left alone, and keep their namespace
    /// alive without a name until they end.
    package fileprivate(set) var strangers: [Int32] = []
    /// What could not be removed, in words.
    package fileprivate(set) var problems: [String] = []

    /// Whether there was anything to take down.
    package var foundAnything: Bool { !(ended.isEmpty && killed.isEmpty && namespaces.isEmpty && !removedDirectory) }
    fileprivate(set) var removedDirectory = false
}

/// Takes down a lab from what is on disk and in the kernel, however far its making got.
package enum Teardown {
    /// The network namespaces of a lab that exist now.
    static func namespaces(lab: String) throws(LabError) -> [String] {
        // NAME, or NAME (id: 7)
        let list = try ProgramRun.require(["ip", "netns", "list"], interruptible: false)
        return list.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }
            .filter { $0.hasPrefix(Topology.prefix(lab: lab)) }.sorted()
    }

    /// Ends the recorded processes of a lab, removes its namespaces and its directory. Every step is tried, whatever
    /// the others came to; only a name that is none of a lab throws.
    @discardableResult
    package static func run(
        name: String, labsDirectory: String = LabPlan.usualDirectory
    ) throws(LabError) -> TeardownReport {
        // A name with a slash in it would lead elsewhere.
        try LabPlan.check(name: name)
        var report = TeardownReport()
        let directory = "\(labsDirectory)/\(name)"
        let record = LabRecord.load(directory)
        end(record?.processes ?? [], &report)
        for namespace in try namespaces(lab: name) { remove(namespace, &report) }
        if Files.exists(directory) {
            do {
                try ProgramRun.require(["rm", "-rf", "--one-file-system", "--", directory], interruptible: false)
                report.removedDirectory = true
            } catch {
                report.problems.append("\(error)")
            }
        }
        // The last lab to leave takes along the mount points that labs made; rmdir spares what is in use.
        if rmdir(labsDirectory) == 0 {
            for path in record?.mountPointsMade ?? [] { rmdir(path) }
        }
        return report
    }

    private static func end(_ processes: [RecordedProcess], _ report: inout TeardownReport) {
        let running = processes.filter(\.isRunning)
        for process in running { process.signal(SIGTERM) }
        for process in running {
            if process.stop() { report.ended.append(process.role) } else { report.killed.append(process.role) }
        }
    }

    private static func remove(_ namespace: String, _ report: inout TeardownReport) {
        if let pids = try? ProgramRun.require(["ip", "netns", "pids", namespace], interruptible: false) {
            report.strangers += pids.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
        }
        do {
            try ProgramRun.require(["ip", "netns", "del", namespace], interruptible: false)
            report.namespaces.append(namespace)
        } catch {
            report.problems.append("\(error)")
        }
    }
}
