import Glibc

/// Where programs are found.
package enum ProgramPath {
    /// The programs that every lab runs, and the Debian packages that hold them.
    static let needed = [("ip", "iproute2"), ("mount", "mount"), ("sh", "dash"), ("ping", "iputils-ping")]

    /// The absolute path of an installed program; the administrator's directories are searched even where `PATH`
    /// leaves them out, as `su` does.
    package static func find(_ name: String) -> String? {
        if name.contains("/") { return Files.isProgram(name) ? name : nil }
        let path = Environment.own["PATH"] ?? ""
        let directories = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        for directory in directories {
            let candidate = "\(directory)/\(name)"
            if Files.isProgram(candidate) { return candidate }
        }
        return nil
    }

    /// The directory that holds `ipop` and `ipopd`: the one asked for, that of `IPOP_LAB_PROGRAMS`, the running
    /// executable's own, or the one on the `PATH`.
    package static func gatewayPrograms(asked: String?) throws(LabError) -> String {
        let asked = asked ?? Environment.own["IPOP_LAB_PROGRAMS"]
        if let asked {
            guard let directory = absolute(asked), holdsGateway(directory) else {
                throw .badPlan("\(asked) does not hold both `ipop` and `ipopd`")
            }
            return directory
        }
        let beside = Files.parent(Files.ownProgram)
        if holdsGateway(beside) { return beside }
        guard let installed = find("ipopd") else { throw .programMissing(name: "ipopd", package: "ipop-gateway") }
        let directory = Files.parent(installed)
        guard holdsGateway(directory) else { throw .programMissing(name: "ipop", package: "ipop-gateway") }
        return directory
    }

    /// The path without links and dots: commands run elsewhere.
    private static func absolute(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func holdsGateway(_ directory: String) -> Bool {
        ["ipop", "ipopd"].allSatisfy { Files.isProgram("\(directory)/\($0)") }
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
