import Glibc

@main enum Program {
    static func main() {
        exit(SimulationCommand.run(Array(CommandLine.arguments.dropFirst())))
    }
}
