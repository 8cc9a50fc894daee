import Glibc

/// Standard output and standard error.
enum Terminal {
    /// Writes `ipop: error: text` to standard error.
    static func printError(_ text: String) { write("ipop: error: \(text)\n", to: STDERR_FILENO) }

    /// Writes `ipop: warning: text` to standard error.
    static func printWarning(_ text: String) { write("ipop: warning: \(text)\n", to: STDERR_FILENO) }

    /// Writes a line to standard error as it is.
    static func printNotice(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Whether somebody can be asked: standard input and standard error are a terminal.
    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// Asks on standard error and takes `y` or `yes` for a yes.
    static func confirm(_ question: String) -> Bool {
        write("\(question) [y/N] ", to: STDERR_FILENO)
        guard let answer = readLine() else { return false }
        return ["y", "yes"].contains(answer.lowercased())
    }

    /// What cannot be written is lost: there is nowhere left to say so.
    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
