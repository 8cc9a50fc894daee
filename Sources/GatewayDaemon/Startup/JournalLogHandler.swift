import Glibc
import Logging

/// Writes one line for each event to standard error: for the journal with the level as `sd-daemon(3)` has it, else with
/// the level's name.
struct JournalLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info
    /// systemd sets JOURNAL_STREAM for what it connects to the journal.
    private let isJournal = getenv("JOURNAL_STREAM") != nil

    init(label: String) {}

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = isJournal ? "<\(Self.priority(event.level))>" : "\(event.level): "
        line += event.message.description
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for key in all.keys.sorted() { line += " \(key)=\(all[key]!)" }
        line += "\n"
        // One write for each line, so that lines of several processes do not mix. A full pipe loses it, never blocks
        // us.
        _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }

    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
