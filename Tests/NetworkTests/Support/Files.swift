import Foundation
import GatewayLab

extension LabSite {
    /// The files of a gateway's configuration directory, as the operator edits them.
    enum File: String {
        case settings = "ipop.yaml"
        case subnetMap = "subnets.map"
    }
}

extension Lab {
    /// The text of one of a site's configuration files.
    func read(_ file: LabSite.File, at site: LabSite) throws -> String {
        try String(contentsOfFile: "\(directories(site).configuration)/\(file.rawValue)", encoding: .utf8)
    }

    /// Replaces one of a site's configuration files, keeping its owner and mode.
    func write(_ text: String, to file: LabSite.File, at site: LabSite) throws {
        let path = "\(directories(site).configuration)/\(file.rawValue)"
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(text.utf8))
    }

    /// Changes one of a site's files for the duration of `body` and reloads before and after it.
    func withChange(
        to file: LabSite.File, at site: LabSite, _ change: (String) -> String, _ body: (ProgramResult) throws -> Void
    ) throws {
        let before = try read(file, at: site)
        try write(change(before), to: file, at: site)
        defer {
            try? write(before, to: file, at: site)
            _ = try? run(["ipop", "reload"], at: .gateway(site))
        }
        try body(try run(["ipop", "reload"], at: .gateway(site)))
    }

    /// The checksum of every file in a site's configuration directory, by path.
    func configurationChecksums(_ site: LabSite) throws -> String {
        try ProgramRun.require([
            "sh", "-c", "cd '\(directories(site).configuration)' && find . -type f | sort | xargs sha256sum",
        ])
    }
}
