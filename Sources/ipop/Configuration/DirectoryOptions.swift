import ArgumentParser
import GatewayConfiguration

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
}

/// `--run-dir`.
struct RunDirectory: ParsableArguments {
    static let usualPath = "/run/ipop"

    @Option(
        name: .customLong("run-dir"), help: ArgumentHelp("Where the daemon's control socket is.", valueName: "dir"))
    var path = Self.usualPath
}
