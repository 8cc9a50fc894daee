import Foundation

/// What is known of a lab from one command to the next: `lab.json` in the lab's directory.
struct LabRecord: Codable, Sendable {
    let plan: LabPlan
    /// The directory of `ipop` and `ipopd` that this lab runs; nil where it runs neither.
    var programs: String?
    var sites: [LabSite] = []
    /// Background processes that `down` ends.
    var processes: [RecordedProcess] = []
    /// Directories that had to be made on this machine so that a site's own can be mounted there.
    var mountPointsMade: [String] = []

    static func path(_ directory: String) -> String { "\(directory)/lab.json" }

    static func load(_ directory: String) -> LabRecord? {
        guard let data = FileManager.default.contents(atPath: path(directory)) else { return nil }
        return try? JSONDecoder().decode(LabRecord.self, from: data)
    }

    /// Replaces the file in one step, so that another process never reads half of it.
    func save(_ directory: String) throws(LabError) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(self).write(to: URL(fileURLWithPath: Self.path(directory)), options: .atomic)
        } catch {
            throw .file(path: Self.path(directory), reason: "\(error)")
        }
    }
}

/// Where a site of a lab keeps what a gateway keeps in /etc/ipop, /var/lib/ipop and /run/ipop.
package struct SiteDirectories: Sendable {
    package let root: String

    package var configuration: String { root + "/etc" }
    package var state: String { root + "/state" }
    package var run: String { root + "/run" }
    package var log: String { root + "/ipopd.log" }
    package var bundle: String { root + "/site.ipop" }

    /// The options that move a daemon's or a command's roots here.
    package var options: [String] {
        ["--config-dir", configuration, "--state-dir", state, "--run-dir", run]
    }

    /// Where a command that is given no options looks, and what is mounted there for it.
    var mounts: [(place: String, source: String)] {
        [("/etc/ipop", configuration), ("/var/lib/ipop", state), ("/run/ipop", run)]
    }
}
