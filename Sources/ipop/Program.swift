import GatewayDaemon
import Glibc

/// Two programs in one: called `ipopd` it is the gateway. Both need the Swift runtime and most of the libraries, and a
/// package that carries them once is half as large.
@main enum Program {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if calledName == DaemonProgram.name { exit(DaemonProgram.run(arguments)) }
        exit(IpopCommand.run(arguments))
    }

    /// The last part of the path that the program was called by.
    private static var calledName: String? {
        CommandLine.arguments.first?.split(separator: "/").last.map(String.init)
    }
}
