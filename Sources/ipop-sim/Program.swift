import Glibc

@main enum Program {
    static func main() {
        LargePages.use()
        exit(SimulationCommand.run(Array(CommandLine.arguments.dropFirst())))
    }
}
