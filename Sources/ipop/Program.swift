import Glibc

@main enum Program {
    static func main() {
        exit(IpopCommand.run(Array(CommandLine.arguments.dropFirst())))
    }
}
