/// The words of one line, read from left to right.
struct ScenarioLine {
    struct Word {
        let text: String
        /// From 1.
        let column: Int
    }

    let file: String
    let number: Int
    private let words: [Word]
    private let end: Int
    private var position = 0

    /// The line without its comment.
    init(_ text: some StringProtocol, file: String, number: Int) {
        self.file = file
        self.number = number
        var words: [Word] = []
        var word = ""
        var column = 0
        var last = 0
        for character in text {
            if character == "#" { break }
            column += 1
            if character == " " || character == "\t" {
                if !word.isEmpty { words.append(Word(text: word, column: column - word.count)) }
                word = ""
            } else {
                word.append(character)
                last = column
            }
        }
        if !word.isEmpty { words.append(Word(text: word, column: last - word.count + 1)) }
        self.words = words
        end = last + 1
    }

    /// The words with one blank between them.
    var text: String { words.map(\.text).joined(separator: " ") }
    var isAtEnd: Bool { position == words.count }
    var peek: String? { isAtEnd ? nil : words[position].text }

    func error(_ expected: String) -> ScenarioError {
        ScenarioError(
            file: file, line: number, column: isAtEnd ? end : words[position].column, expected: expected, found: peek)
    }

    /// The next word as `read` understands it.
    mutating func take<Value>(_ expected: String, _ read: (String) -> Value?) throws(ScenarioError) -> Value {
        guard let word = peek, let value = read(word) else { throw error(expected) }
        position += 1
        return value
    }

    /// Exactly this word.
    mutating func take(word: String) throws(ScenarioError) {
        try take("'\(word)'") { $0 == word ? () : nil }
    }

    /// This word if it is there.
    mutating func has(word: String) -> Bool {
        guard peek == word else { return false }
        position += 1
        return true
    }

    /// One of these words.
    mutating func take(oneOf words: [String]) throws(ScenarioError) -> String {
        try take(Self.list(words)) { words.contains($0) ? $0 : nil }
    }

    mutating func finish() throws(ScenarioError) {
        guard isAtEnd else { throw error("the end of the line") }
    }

    mutating func takeCount(_ what: String, in range: ClosedRange<Int>) throws(ScenarioError) -> Int {
        try take("\(what), \(range.lowerBound) to \(range.upperBound)") { word in
            ScenarioNumber.whole(word).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    mutating func takeDuration(_ what: String) throws(ScenarioError) -> Duration {
        try take("\(what), such as 30s, 250ms or 5m") { ScenarioNumber.duration($0) }
    }

    /// A count, or a part in per cent.
    mutating func takeShare(_ what: String, limit: Int = 1_000) throws(ScenarioError) -> MemberShare {
        try take("\(what), such as 100 or \(limit > 1_000 ? "1000%" : "30%")") { word in
            if word.hasSuffix("%") {
                return ScenarioNumber.tenths(word.dropLast()).flatMap { $0 <= limit ? .perMille($0) : nil }
            }
            return ScenarioNumber.whole(word).flatMap { $0 <= ScenarioLimits.members ? .count($0) : nil }
        }
    }

    /// A part in per cent, as thousandths.
    mutating func takePercent(_ what: String) throws(ScenarioError) -> Int {
        try take("\(what) in per cent, such as 99%") { word in
            guard word.hasSuffix("%") else { return nil }
            return ScenarioNumber.tenths(word.dropLast()).flatMap { $0 <= 1_000 ? $0 : nil }
        }
    }

    static func list(_ words: [String]) -> String {
        let quoted = words.map { "'\($0)'" }
        guard quoted.count > 1 else { return quoted.first ?? "nothing" }
        return "\(quoted.dropLast().joined(separator: ", ")) or \(quoted[quoted.count - 1])"
    }
}

/// Numbers as scenarios have them.
enum ScenarioNumber {
    /// Decimal digits, nine at most.
    static func whole(_ text: some StringProtocol) -> Int? {
        guard !text.isEmpty, text.utf8.count <= 9, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }

    /// A number with at most one decimal, in tenths: per cent become thousandths.
    static func tenths(_ text: some StringProtocol) -> Int? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let units = whole(parts[0]) else { return nil }
        guard parts.count == 2 else { return units * 10 }
        guard parts[1].utf8.count == 1, let tenth = whole(parts[1]) else { return nil }
        return units * 10 + tenth
    }

    /// A whole number of ms, s, m or h, up to `ScenarioLimits.duration`.
    static func duration(_ text: some StringProtocol) -> Duration? {
        for (unit, milliseconds) in [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)]
        where text.hasSuffix(unit) {
            guard let count = whole(text.dropLast(unit.utf8.count)) else { continue }
            let duration: Duration = .milliseconds(Int64(count) * Int64(milliseconds))
            return duration <= ScenarioLimits.duration ? duration : nil
        }
        return nil
    }
}
