/// One sample of a page of metrics.
struct ExpositionSample: Equatable {
    let name: String
    let labels: [String: String]
    let value: Double
}

/// Reads Prometheus' text format strictly: every family with help and type before its samples, all its samples
/// together, no sample twice, only letters that the format allows.
struct ExpositionCheck {
    private(set) var samples: [ExpositionSample] = []
    /// Type by family.
    private(set) var types: [String: String] = [:]
    /// What is wrong, with its line.
    private(set) var faults: [String] = []

    private var helped: [String] = []
    private var current: String?

    init(_ page: [UInt8]) {
        guard let text = String(validating: page, as: UTF8.self) else {
            faults.append("not UTF-8")
            return
        }
        if !text.isEmpty, text.last != "\n" { faults.append("the last line has no end") }
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().enumerated() {
            if let fault = read(String(line)) { faults.append("\(index + 1): \(fault): \(line)") }
        }
    }

    /// The value of the sample of that name that has all of `labels`.
    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples.first { sample in
            sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
        }?.value
    }

    private mutating func read(_ line: String) -> String? {
        if line.hasPrefix("# HELP ") {
            guard let match = line.wholeMatch(of: #/# HELP ([a-z_][a-z0-9_]*) ((?:[^\\]|\\\\|\\n)+)/#) else {
                return "no help"
            }
            current = String(match.1)
            if helped.contains(current!) { return "family twice" }
            helped.append(current!)
            return nil
        }
        if line.hasPrefix("#") {
            guard let match = line.wholeMatch(of: #/# TYPE ([a-z_][a-z0-9_]*) (counter|gauge)/#) else {
                return "no type"
            }
            guard String(match.1) == current else { return "type without help" }
            if (match.2 == "counter") != match.1.hasSuffix("_total") { return "a name that is not of its type" }
            types[current!] = String(match.2)
            return nil
        }
        return readSample(line)
    }

    private mutating func readSample(_ line: String) -> String? {
        guard
            let match = line.wholeMatch(
                of: #/([a-z_][a-z0-9_]*)(?:\{((?:[a-z_]+="(?:[^"\\]|\\\\|\\"|\\n)*",?)+)\})? (-?[0-9][0-9.e+-]*)/#)
        else { return "no sample" }
        guard String(match.1) == current, types[current!] != nil else { return "a sample outside of its family" }
        guard let value = Double(match.3), value.isFinite else { return "no number" }
        if types[current!] == "counter", value < 0 { return "a counter below zero" }
        var labels: [String: String] = [:]
        for label in (match.2 ?? "").matches(of: #/([a-z_]+)="((?:[^"\\]|\\.)*)"/#) {
            if labels.updateValue(Self.unescape(String(label.2)), forKey: String(label.1)) != nil {
                return "label twice"
            }
        }
        let sample = ExpositionSample(name: current!, labels: labels, value: value)
        if samples.contains(where: { $0.name == sample.name && $0.labels == labels }) { return "sample twice" }
        samples.append(sample)
        return nil
    }

    private static func unescape(_ text: String) -> String {
        var result = ""
        var isEscaped = false
        for character in text {
            if isEscaped {
                result.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                result.append(character)
            }
        }
        return result
    }
}
