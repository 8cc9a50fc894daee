import GatewayDaemon
import Glibc

@main
struct Program {
    static func main() {
        switch DaemonArguments.parse(Array(CommandLine.arguments.dropFirst())) {
        case .answer(let text):
            print(text)
        case .refuse(let text):
            fail(text, code: 2)
        case .run(let arguments):
            do {
                let daemon = try Daemon(arguments: arguments)
                try daemon.run()
            } catch {
                fail(error.description, code: error.exitCode)
            }
        }
    }

    private static func fail(_ text: String, code: Int32) -> Never {
        _ = (text + "\n").withCString { write(STDERR_FILENO, $0, strlen($0)) }
        exit(code)
    }
}
