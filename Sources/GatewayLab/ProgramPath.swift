import Foundation

/// Where programs are found.
package enum ProgramPath {
    /// The programs that every lab runs, and the Debian packages that hold them.
    static let needed = [("ip", "iproute2"), ("mount", "mount"), ("sh", "dash"), ("ping", "iputils-ping")]

    /// The absolute path of an installed program; the administrator's directories are searched even where `PATH` leaves
    /// them out, as `su` does.
    package static func find(_ name: String) -> String? {
        if name.contains("/") { return FileManager.default.isExecutableFile(atPath: name) ? name : nil }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let directories = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        for directory in directories {
            let candidate = "\(directory)/\(name)"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        return nil
    }

    /// The directory that holds `ipop` and `ipopd`: the one asked for, that of `IPOP_LAB_PROGRAMS`, the running
    /// executable's own, or the one on the `PATH`.
    package static func gatewayPrograms(asked: String?) throws(LabError) -> String {
        let asked = asked ?? ProcessInfo.processInfo.environment["IPOP_LAB_PROGRAMS"]
        if let asked {
            let directory = URL(fileURLWithPath: asked).standardizedFileURL.path
            guard holdsGateway(directory) else { throw .badPlan("\(directory) does not hold both `ipop` and `ipopd`") }
            return directory
        }
        let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = URL(fileURLWithPath: executable).deletingLastPathComponent().path
        if holdsGateway(beside) { return beside }
        guard let installed = find("ipopd") else { throw .programMissing(name: "ipopd", package: "ipop-gateway") }
        let directory = URL(fileURLWithPath: installed).deletingLastPathComponent().path
        guard holdsGateway(directory) else { throw .programMissing(name: "ipop", package: "ipop-gateway") }
        return directory
    }

    private static func holdsGateway(_ directory: String) -> Bool {
        ["ipop", "ipopd"].allSatisfy { FileManager.default.isExecutableFile(atPath: "\(directory)/\($0)") }
    }
}

/// Whether this machine can carry a lab.
package enum LabRequirements {
    /// Throws what is missing: root, `/dev/net/tun` where gateways are to run, or a program.
    package static func check(gateways: Bool) throws(LabError) {
        guard geteuid() == 0 else { throw .notRoot }
        if gateways {
            let descriptor = open("/dev/net/tun", O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else { throw .noTunDevice }
            close(descriptor)
        }
        for (name, package) in ProgramPath.needed where ProgramPath.find(name) == nil {
            throw .programMissing(name: name, package: package)
        }
    }
}
