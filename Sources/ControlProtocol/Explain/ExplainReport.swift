/// What `ipop explain` shows: the steps in order, and the first that fails.
package struct ExplainReport: Equatable, Sendable {
    package var steps: [ExplainStep]

    package init(steps: [ExplainStep]) {
        self.steps = steps
    }

    /// The first thing that stops the packet; `nil` when nothing is known to.
    package var firstFailure: ExplainStep? { steps.first { $0.isPassed == false } }

    /// The document of `ipop explain --json`.
    package var json: JSONValue {
        [
            "schema": JSONValue(StatusReport.schema), "steps": .list(steps, \.json),
            "firstFailure": .optional(firstFailure) { step in
                [
                    "site": .string(step.site), "code": .text(step.code), "text": .string(step.text),
                    "fix": .text(step.fix),
                ]
            },
        ]
    }

    /// A line a step, then the first failure and what to do. Every line ends with a line break.
    package func text(colour: Bool, width: Int?) -> String {
        let columns = [steps.map(\.site.count).max() ?? 0, steps.map(\.name.count).max() ?? 0]
        var lines: [String] = []
        for step in steps {
            let site = step.site.printable.padded(to: columns[0]), name = step.name.printable.padded(to: columns[1])
            let mark = Self.mark(step)
            let head = "\(site)  \(name)  "
            let indentation = head.count + mark.text.count + 1
            let front = head + mark.style.paint(mark.text, colour: colour) + " "
            lines += step.text.printable.lines(behind: front, indentation: indentation, width: width)
        }
        lines.append("")
        if let failure = firstFailure {
            let head = "stops at \(failure.site): \(failure.code ?? "unknown"): \(failure.text)".printable
            lines += head.wrapped(width: width, indentation: 2)
            if let fix = failure.fix { lines += "fix: \(fix)".printable.wrapped(width: width, indentation: 2) }
        } else if steps.contains(where: { $0.isPassed == nil }) {
            lines.append("nothing is known to stop it; the steps with ? could not be told")
        } else {
            lines.append("nothing stops it")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func mark(_ step: ExplainStep) -> (text: String, style: TextStyle) {
        switch step.isPassed {
        case true?: ("ok  ", .good)
        case false?: ("FAIL", .bad)
        case nil: ("?   ", .warning)
        }
    }
}

/// The far gateway's half, as the daemon hands it on to `ipop explain`.
package struct FarHalf: Equatable, Sendable {
    package var steps: [ExplainStep]

    package init(steps: [ExplainStep]) {
        self.steps = steps
    }

    /// The payload of a reply.
    package var json: JSONValue {
        [
            "steps": .list(steps) { step in
                [
                    "site": .string(step.site), "name": .string(step.name),
                    "ok": .optional(step.isPassed) { JSONValue($0) }, "text": .string(step.text),
                    "code": .text(step.code), "fix": .text(step.fix),
                ]
            }
        ]
    }

    package init(json: JSONValue) throws(JSONShapeError) {
        let shape = try JSONShape(json, name: "half")
        steps = try shape.list("steps") { (value) throws(JSONShapeError) -> ExplainStep in
            let step = try JSONShape(value, name: "step")
            return ExplainStep(
                site: try step.text("site"), name: try step.text("name"), isPassed: try step.optionalTruth("ok"),
                text: try step.text("text"), code: try step.optionalText("code"), fix: try step.optionalText("fix"))
        }
    }
}

extension String {
    /// The text broken into lines: the first behind `front`, which takes `indentation` columns, the others below it.
    func lines(behind front: String, indentation: Int, width: Int?) -> [String] {
        let room = width.map { max(1, $0 - indentation) }
        return wrapped(width: room, indentation: 0).enumerated().map { place, line in
            (place == 0 ? front : String(repeating: " ", count: indentation)) + line
        }
    }

    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
