import ArgumentParser
import GatewayConfiguration
import GatewayDaemon
import LinuxSystem
import NetworkTypes

/// `ipop leave`.
struct LeaveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leave",
        abstract: "Take this gateway out of its grid",
        discussion: """
            Asks a running daemon to end, by which it withdraws the site's exports from all members, and waits for \
            that up to ten seconds. Then removes what `ipop join` wrote, the key too, and what the daemon remembers. \
            The next join needs a bundle. The certificate stays valid until it expires or is revoked (`ipop cert \
            revoke`).

            To keep the daemon from being started again at boot: systemctl disable ipopd.
            """)

    @OptionGroup var configuration: ConfigurationDirectory
    @OptionGroup var state: StateDirectory
    @OptionGroup var runtime: RunDirectory

    @Flag(help: "Do not ask.")
    var yes = false

    func run() throws {
        let paths = configuration.paths
        let stateDirectory = ConfigurationPaths(directory: state.path).directory
        try Self.refuseSystemDirectory(stateDirectory)
        if !yes, Terminal.isInteractive,
            !Terminal.confirm("Take this gateway out of its grid, and remove \(paths.directory) with its key?")
        {
            throw CommandFailure("nothing was done")
        }
        try RunningDaemon(directory: runtime.path).stop()
        var removed: [String] = []
        // The settings go first: without them the unit does not start the daemon again.
        let files = [
            paths.settings, paths.siteKey, paths.siteCertificate, paths.authorityCertificate, paths.gridProfile,
            paths.subnetMap,
        ]
        do throws(SystemError) {
            for path in files where try FileSystem.remove(path) { removed.append(path) }
            _ = try? FileSystem.remove(paths.identityDirectory)
            if FileSystem.exists(stateDirectory) {
                try Self.removeContent(of: stateDirectory, depth: 0, removed: &removed)
            }
        } catch {
            throw CommandFailure("remove", error)
        }
        for path in removed { print("removed \(path)") }
        if FileSystem.exists("\(stateDirectory)/\(BridgeFile.name)") {
            print("the LAN's bridge stays; to undo it: ipop lan release")
        }
        if removed.isEmpty { print("there was nothing to remove in \(paths.directory) and \(stateDirectory)") }
    }

    /// A slip in `--state-dir` must not empty a directory of the system.
    private static func refuseSystemDirectory(_ path: String) throws(CommandFailure) {
        let parts = path.split(separator: "/").filter { $0 != "." }
        let shared = ["home", "tmp", "root", "lib", "log", "run", "local", "opt", "etc", "usr", "var"]
        let isShared = parts.count < 2 || (parts.count == 2 && shared.contains(String(parts[1])))
        if isShared || parts.contains("..") || !path.hasPrefix("/") {
            throw CommandFailure("--state-dir \(path) cannot be a gateway's own directory; give its full path")
        }
    }

    /// Levels below the state directory; the daemon makes none.
    private static let depthLimit = 4

    private static func removeContent(
        of directory: String, depth: Int, removed: inout [String]
    ) throws(SystemError) {
        for name in try FileSystem.list(directory) {
            let path = "\(directory)/\(name)"
            // How the LAN interface was before is needed to give it back what it had.
            if depth == 0, name == BridgeFile.name { continue }
            if try FileSystem.status(path)?.kind == .directory, depth < depthLimit {
                try removeContent(of: path, depth: depth + 1, removed: &removed)
            }
            if try FileSystem.remove(path) { removed.append(path) }
        }
    }
}
