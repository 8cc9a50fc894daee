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

    /// The gateway's two programs: from the directory asked for, from that of `IPOP_LAB_PROGRAMS`, from beside the
    /// running executable, or where they are installed, each in a directory of its own.
    package static func gatewayPrograms(asked: String?) throws(LabError) -> GatewayPrograms {
        if let asked = asked ?? Environment.own["IPOP_LAB_PROGRAMS"] {
            guard let directory = absolute(asked), let programs = beside(directory) else {
                throw .badPlan("\(asked) does not hold both `ipop` and `ipopd`")
            }
            return programs
        }
        let own = Files.ownProgram
        if let programs = beside(Files.parent(own)) { return programs }
        guard let daemon = find("ipopd") else { throw .programMissing(name: "ipopd", package: "ipop-gateway") }
        // What runs is `ipop` itself, or a test.
        let command = own.hasSuffix("/ipop") ? own : find("ipop")
        guard let command else { throw .programMissing(name: "ipop", package: "ipop-gateway") }
        return GatewayPrograms(ipop: command, ipopd: daemon)
    }

    /// This very program where it is `ipop`, the one beside it, or the one that is installed.
    static func ownCommand() throws(LabError) -> String {
        let own = Files.ownProgram, beside = Files.parent(own) + "/ipop"
        if own.hasSuffix("/ipop") { return own }
        if Files.isProgram(beside) { return beside }
        guard let command = find("ipop") else { throw .programMissing(name: "ipop", package: "ipop-gateway") }
        return command
    }

    /// The path without links and dots: commands run elsewhere.
    private static func absolute(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func beside(_ directory: String) -> GatewayPrograms? {
        let programs = GatewayPrograms(ipop: "\(directory)/ipop", ipopd: "\(directory)/ipopd")
        return Files.isProgram(programs.ipop) && Files.isProgram(programs.ipopd) ? programs : nil
    }
}

/// Where the gateway's own programs stand.
package struct GatewayPrograms: Equatable, Sendable {
    /// The command.
    package let ipop: String
    /// The daemon.
    package let ipopd: String

    /// The directories of both, for a `PATH`.
    var directories: [String] {
        let both = [Files.parent(ipop), Files.parent(ipopd)]
        return both[0] == both[1] ? [both[0]] : both
    }
}

/// Whether this machine can carry a lab.
package enum LabRequirements {
    /// Throws unless nft(8) is there, which NATs and what the WAN keeps apart are made with.
    static func checkFirewall() throws(LabError) {
        guard ProgramPath.find("nft") != nil else { throw .programMissing(name: "nft", package: "nftables") }
    }

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
