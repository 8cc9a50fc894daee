/// A table of plain text: columns as wide as their widest cell, the last one ragged.
package struct TextTable: Equatable, Sendable {
    /// One column.
    package struct Column: Equatable, Sendable {
        package var title: String
        /// The column is never narrower than this, so that a table that is drawn again and again keeps still.
        package var minimumWidth: Int
        /// Whether the cells stand at the column's right edge, as numbers do.
        package var isRight: Bool

        package init(_ title: String, minimumWidth: Int = 0, isRight: Bool = false) {
            self.title = title
            self.minimumWidth = minimumWidth
            self.isRight = isRight
        }
    }

    /// One cell. Control characters become `?`: what a peer sends must not drive the terminal.
    package struct Cell: Equatable, Sendable, ExpressibleByStringLiteral {
        package let text: String
        package let style: TextStyle

        package init(_ text: String, _ style: TextStyle = .plain) {
            self.text = text.printable
            self.style = style
        }

        package init(stringLiteral value: String) { self.init(value) }
    }

    /// One line as it is printed.
    package struct Line: Equatable, Sendable {
        /// Without blanks at the end.
        package var text: String
        /// Columns of the screen that it takes: colours take none.
        package var width: Int
    }

    package var columns: [Column]
    /// Each with at most as many cells as there are columns; missing ones are empty.
    package var rows: [[Cell]] = []

    /// Blanks between two columns.
    static let gap = 2

    package init(_ columns: [Column]) {
        self.columns = columns
    }

    /// The columns' widths; without their minimums when `isCompact`.
    package func widths(isCompact: Bool = false) -> [Int] {
        columns.indices.map { index in
            let widest = rows.map { $0.count > index ? $0[index].text.count : 0 }.max() ?? 0
            return max(columns[index].title.count, widest, isCompact ? 0 : columns[index].minimumWidth)
        }
    }

    /// The title line, then one line a row.
    package func lines(isCompact: Bool = false, colour: Bool = false) -> [Line] {
        let widths = widths(isCompact: isCompact)
        let titles = columns.map { Cell($0.title, .heading) }
        return ([titles] + rows).map { line(of: $0, widths: widths, colour: colour) }
    }

    /// The lines, each ended by a line break.
    package func text(colour: Bool) -> String {
        lines(colour: colour).map { $0.text + "\n" }.joined()
    }

    private func line(of cells: [Cell], widths: [Int], colour: Bool) -> Line {
        var line = Line(text: "", width: 0)
        var start = 0
        for (index, cell) in cells.enumerated() {
            if !cell.text.isEmpty {
                let column = start + (columns[index].isRight ? widths[index] - cell.text.count : 0)
                line.text += String(repeating: " ", count: column - line.width)
                line.text += cell.style.paint(cell.text, colour: colour)
                line.width = column + cell.text.count
            }
            start += widths[index] + Self.gap
        }
        return line
    }
}

/// How a piece of text stands out, where colours are wanted.
package enum TextStyle: Sendable {
    case plain
    case heading
    case good
    case warning
    case bad

    /// `text` in the style's colour (ECMA-48 SGR), or as it is.
    package func paint(_ text: String, colour: Bool) -> String {
        guard colour, !text.isEmpty else { return text }
        let parameter: String
        switch self {
        case .plain: return text
        case .heading: parameter = "1"
        case .good: parameter = "32"
        case .warning: parameter = "33"
        case .bad: parameter = "31"
        }
        return "\u{1b}[\(parameter)m\(text)\u{1b}[0m"
    }
}

extension String {
    /// The text with every control character (C0, DEL, C1) as `?`.
    package var printable: String {
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            result.append(scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value) ? "?" : scalar)
        }
        return String(result)
    }

    /// The text broken at blanks into lines of at most `width` characters, the second and further ones behind
    /// `indentation` blanks; a longer word gets a line of its own.
    package func wrapped(width: Int?, indentation: Int) -> [String] {
        guard let width, count > width else { return [self] }
        var lines: [String] = []
        var current = String(prefix { $0 == " " })
        var isFresh = true
        for word in split(separator: " ") {
            if !isFresh, current.count + 1 + word.count > width {
                lines.append(current)
                current = String(repeating: " ", count: indentation)
                isFresh = true
            }
            current += (isFresh ? "" : " ") + word
            isFresh = false
        }
        return lines + [current]
    }
}
