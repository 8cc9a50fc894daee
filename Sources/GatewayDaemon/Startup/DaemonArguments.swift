import NetworkTypes

/// The command line of `ipopd`: three directories and nothing else, so no parser library is worth its weight here.
package struct DaemonArguments: Equatable, Sendable {
    package var configDirectory = "/etc/ipop"
    package var stateDirectory = "/var/lib/ipop"
    package var runDirectory = "/run/ipop"

    /// What the command line asks for.
    package enum Request: Equatable, Sendable {
        case run(DaemonArguments)
        /// Print this and exit with 0.
        case answer(String)
        /// Print this on standard error and exit with 2.
        case refuse(String)
    }

    package static let help = """
        USAGE: ipopd [--config-dir DIR] [--state-dir DIR] [--run-dir DIR]

        The site gateway: joins the overlay of gateways and routes this site's LAN into it.

          --config-dir DIR   settings and identity (default /etc/ipop)
          --state-dir DIR    remembered members and leases (default /var/lib/ipop)
          --run-dir DIR      control socket (default /run/ipop)
          --version          print the version and exit
          --help             print this and exit

        See ipopd(8).
        """

    /// Reads the arguments behind the program's name.
    package static func parse(_ arguments: [String]) -> Request {
        var result = DaemonArguments()
        var rest = arguments[...]
        while let word = rest.popFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let path: WritableKeyPath<DaemonArguments, String>
            switch parts[0] {
            case "--help", "-h": return .answer(help)
            case "--version": return .answer(ProgramVersion.text)
            case "--config-dir": path = \.configDirectory
            case "--state-dir": path = \.stateDirectory
            case "--run-dir": path = \.runDirectory
            default: return .refuse("ipopd: error: unknown argument '\(word)'; see 'ipopd --help'")
            }
            guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
                return .refuse("ipopd: error: \(parts[0]) needs a directory")
            }
            result[keyPath: path] = value
        }
        return .run(result)
    }
}
