import ArgumentParser
import GatewayConfiguration
import NetworkTypes

/// `ipop`: everything that an operator does with a gateway and its grid.
struct IpopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ipop",
        abstract: "Make, join, watch and mend a grid of IPOP gateways",
        discussion: """
            One gateway per site joins a self-organising overlay, and every machine of the site's LAN reaches every \
            machine of every other site's LAN. `ipop` makes the grid's authority and certificates, sets up a gateway, \
            checks it and shows how it is; the gateway itself is `ipopd`.

            Exit codes of all commands: 0 healthy or done, 1 degraded, 2 usage or configuration error, 3 daemon not \
            running, 4 no permission.
            """,
        version: "ipop \(ProgramVersion.text)",
        groupedSubcommands: [
            CommandGroup(
                name: "Grid and certificates", subcommands: [GridCommand.self, CertCommand.self, PublishCommand.self]),
            CommandGroup(
                name: "This gateway",
                subcommands: [
                    JoinCommand.self, CheckCommand.self, PlanCommand.self, ReloadCommand.self, LANCommand.self,
                    LeaveCommand.self,
                ]),
            CommandGroup(
                name: "How it is",
                subcommands: [
                    StatusCommand.self, SitesCommand.self, RoutesCommand.self, LeasesCommand.self, RingCommand.self,
                    WaitCommand.self, PingCommand.self, TraceCommand.self, ExplainCommand.self, DoctorCommand.self,
                ]),
            CommandGroup(name: "Trying it out", subcommands: [LabCommand.self]),
        ])

    /// Runs what `arguments` say, without the program's name, and returns the exit code.
    static func run(_ arguments: [String]) -> Int32 {
        do {
            try refuseUnknownCommand(arguments)
            var command = try parseAsRoot(arguments)
            try command.run()
            return ExitStatus.done.rawValue
        } catch let failure as CommandFailure {
            Terminal.printError(failure.text)
            return failure.status.rawValue
        } catch {
            return explain(error)
        }
    }

    /// The parser calls a command that it does not know an unexpected argument; this names what was probably meant.
    private static func refuseUnknownCommand(_ arguments: [String]) throws(CommandFailure) {
        var command: any ParsableCommand.Type = self
        var path = "ipop"
        for word in arguments {
            let known = command.configuration.subcommands
            if known.isEmpty || word.hasPrefix("-") || (command == self && word == "help") { return }
            guard let next = known.first(where: { $0._commandName == word }) else {
                let suggestion = NameSuggestion.text(for: word, among: known.map { $0._commandName })
                throw CommandFailure("unknown command '\(path) \(word)'; \(suggestion)")
            }
            command = next
            path += " \(word)"
        }
    }

    /// Says what the parser has to say. Its own code for a usage error is 64 (EX_USAGE); ours is 2.
    private static func explain(_ error: any Error) -> Int32 {
        let code = exitCode(for: error)
        let message = fullMessage(for: error)
        if code.isSuccess {
            if !message.isEmpty { print(message) }
            return ExitStatus.done.rawValue
        }
        // A command that has said all itself throws a bare exit code, which has no message.
        if !message.isEmpty {
            Terminal.printError(message.hasPrefix("Error: ") ? String(message.dropFirst("Error: ".count)) : message)
        }
        return code == .validationFailure ? ExitStatus.usage.rawValue : code.rawValue
    }
}
