import ControlProtocol
import Glibc
import LinuxSystem

/// Standard output, as a terminal if it is one.
enum Screen {
    /// Whether standard output is a terminal.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether colours are wanted: on a terminal that has them, unless NO_COLOR is set to anything (no-color.org).
    static var hasColour: Bool {
        guard isTerminal, environment("TERM") != "dumb" else { return false }
        return environment("NO_COLOR") ?? "" == ""
    }

    /// The room there is; without bounds where nobody looks at a screen.
    static var layout: StatusText.Layout {
        var size = winsize()
        guard isTerminal, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 40, size.ws_row >= 10
        else { return StatusText.Layout(colour: hasColour) }
        return StatusText.Layout(colour: hasColour, width: Int(size.ws_col), height: Int(size.ws_row))
    }

    /// Moves to the top of an empty screen.
    static let clear = "\u{1b}[H\u{1b}[2J"

    /// Writes `text` at once.
    static func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Writes a document over several lines.
    static func write(document: JSONValue) { write(document.pretty + "\n") }

    /// Lets the time pass; returns early when a signal arrives.
    static func pause(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        nanosleep(&time, nil)
    }

    private static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}

extension ExitStatus {
    /// The same code by its number.
    init(_ exit: ProgramExit) {
        guard let status = ExitStatus(rawValue: exit.rawValue) else {
            preconditionFailure("both lists have the same five numbers")
        }
        self = status
    }
}
