import Glibc

/// The gateway as a program: what `main` does in whatever executable carries it.
package enum DaemonProgram {
    /// The name that the gateway is called by.
    package static let name = "ipopd"

    /// Runs the gateway as `arguments` say, without the program's name, until it is told to stop; returns the exit
    /// code.
    package static func run(_ arguments: [String]) -> Int32 {
        switch DaemonArguments.parse(arguments) {
        case .answer(let text):
            print(text)
            return 0
        case .refuse(let text):
            return fail(text, code: 2)
        case .run(let arguments):
            do {
                let daemon = try Daemon(arguments: arguments)
                try daemon.run()
                return 0
            } catch {
                return fail(error.description, code: error.exitCode)
            }
        }
    }

    private static func fail(_ text: String, code: Int32) -> Int32 {
        _ = (text + "\n").withCString { write(STDERR_FILENO, $0, strlen($0)) }
        return code
    }
}
