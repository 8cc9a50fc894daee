import ArgumentParser
import GatewayConfiguration
import GatewayDaemon

/// `--config-dir`.
struct ConfigurationDirectory: ParsableArguments {
    @Option(
        name: .customLong("config-dir"),
        help: ArgumentHelp("Where the gateway's configuration is.", valueName: "dir"))
    var path = ConfigurationPaths.defaultDirectory

    var paths: ConfigurationPaths { ConfigurationPaths(directory: path) }
}

/// `--state-dir`.
struct StateDirectory: ParsableArguments {
    static let usualPath = "/var/lib/ipop"

    @Option(
        name: .customLong("state-dir"),
        help: ArgumentHelp("Where the daemon keeps what survives a restart.", valueName: "dir"))
    var path = Self.usualPath

    /// The newest grid profile that the daemon has heard of, not verified yet: what a configuration is judged by.
    var publishedProfile: [UInt8]? { PublishedProfile.saved(in: path) }
}

/// `--run-dir`.
struct RunDirectory: ParsableArguments {
    static let usualPath = "/run/ipop"

    @Option(
        name: .customLong("run-dir"), help: ArgumentHelp("Where the daemon's control socket is.", valueName: "dir"))
    var path = Self.usualPath
}
