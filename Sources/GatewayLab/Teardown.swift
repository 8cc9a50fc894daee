import Foundation

/// What taking down a lab did.
package struct TeardownReport: Sendable {
    /// The processes that were ended, by role; `killed` are those that did not end when asked.
    package fileprivate(set) var ended: [String] = []
    package fileprivate(set) var killed: [String] = []
    package fileprivate(set) var namespaces: [String] = []
    /// Ids of processes that others started in the lab's namespaces. They are left alone, and keep their namespace alive
    /// without a name until they end.
    package fileprivate(set) var strangers: [Int32] = []
    package fileprivate(set) var problems: [String] = []

    /// Whether there was anything to take down.
    package var foundAnything: Bool { !(ended.isEmpty && killed.isEmpty && namespaces.isEmpty && !removedDirectory) }
    fileprivate(set) var removedDirectory = false
}

/// Takes down a lab from what is on disk and in the kernel, however far its making got.
package enum Teardown {
    /// The network namespaces of a lab that exist now.
    static func namespaces(lab: String) -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/run/netns")) ?? []
        return all.filter { $0.hasPrefix(Topology.prefix(lab: lab)) }.sorted()
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
        for namespace in namespaces(lab: name) { remove(namespace, &report) }
        if FileManager.default.fileExists(atPath: directory) {
            do {
                try FileManager.default.removeItem(atPath: directory)
                report.removedDirectory = true
            } catch {
                report.problems.append("\(directory): \((error as NSError).localizedDescription)")
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
