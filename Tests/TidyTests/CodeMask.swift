/// Blanks out what is not code: comments, the contents of string literals, and raw identifiers.
///
/// A scanner of a few states, not a parser: it knows nested comments, escapes, interpolation, and long and raw strings.
enum CodeMask {
    /// The lines of `text`, each as long as before, with spaces in place of what is not code.
    static func blank(_ text: String, swift: Bool) -> [String] {
        var scanner = Scanner(bytes: Array(text.utf8), isSwift: swift)
        scanner.scanCode(until: nil)
        return scanner.output.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private struct Scanner {
        let bytes: [UInt8]
        let isSwift: Bool
        var position = 0
        var output: [UInt8] = []

        init(bytes: [UInt8], isSwift: Bool) {
            self.bytes = bytes
            self.isSwift = isSwift
            output.reserveCapacity(bytes.count)
        }

        /// Scans code up to the end, or up to the parenthesis that closes an interpolation.
        mutating func scanCode(until closing: UInt8?) {
            var depth = 0
            while position < bytes.count {
                let byte = bytes[position]
                if starts("//") {
                    while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { hide() }
                } else if starts("/*") {
                    hideBlockComment()
                } else if byte == UInt8(ascii: "\"") || (isSwift && byte == UInt8(ascii: "#") && startsRawString) {
                    hideString()
                } else if !isSwift && byte == UInt8(ascii: "'") {
                    hideQuoted(by: byte)
                } else if isSwift && byte == UInt8(ascii: "`") {
                    hideQuoted(by: byte)
                } else {
                    if byte == UInt8(ascii: "(") { depth += 1 }
                    if byte == UInt8(ascii: ")") {
                        if closing != nil && depth == 0 { return }
                        depth -= 1
                    }
                    keep()
                }
            }
        }

        private mutating func hideBlockComment() {
            var depth = 0
            repeat {
                if starts("/*") {
                    depth += isSwift ? 1 : (depth == 0 ? 1 : 0)
                    hide()
                } else if starts("*/") {
                    depth -= 1
                    hide()
                }
                hide()
            } while depth > 0 && position < bytes.count
        }

        private mutating func hideQuoted(by quote: UInt8) {
            keep()
            while position < bytes.count, bytes[position] != quote, bytes[position] != UInt8(ascii: "\n") {
                if bytes[position] == UInt8(ascii: "\\") { hide() }
                hide()
            }
            keep()
        }

        private mutating func hideString() {
            var hashes = 0
            while bytes[position] == UInt8(ascii: "#") {
                hashes += 1
                keep()
            }
            let isMultiline = isSwift && starts("\"\"\"")
            let quotes = isMultiline ? 3 : 1
            for _ in 0..<quotes { keep() }
            let end =
                [UInt8](repeating: UInt8(ascii: "\""), count: quotes)
                + [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
            let escape = [UInt8(ascii: "\\")] + [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
            while position < bytes.count {
                if matches(end) {
                    for _ in end { keep() }
                    return
                }
                if matches(escape) {
                    for _ in escape { hide() }
                    guard isSwift, position < bytes.count, bytes[position] == UInt8(ascii: "(") else {
                        hide()
                        continue
                    }
                    hide()
                    hideInterpolation()
                } else if !isMultiline && bytes[position] == UInt8(ascii: "\n") {
                    return
                } else {
                    hide()
                }
            }
        }

        /// Scans the code between `\(` and `)` for its own strings, and hides it.
        private mutating func hideInterpolation() {
            let from = output.count
            scanCode(until: UInt8(ascii: ")"))
            for index in from..<output.count where output[index] != UInt8(ascii: "\n") {
                output[index] = UInt8(ascii: " ")
            }
            hide()
        }

        private var startsRawString: Bool {
            var next = position
            while next < bytes.count, bytes[next] == UInt8(ascii: "#") { next += 1 }
            return next < bytes.count && bytes[next] == UInt8(ascii: "\"")
        }

        private func starts(_ text: StaticString) -> Bool {
            guard position < bytes.count, bytes[position] == text.utf8Start.pointee else { return false }
            return text.withUTF8Buffer { matches(Array($0)) }
        }

        private func matches(_ wanted: [UInt8]) -> Bool {
            guard position + wanted.count <= bytes.count, bytes[position] == wanted[0] else { return false }
            return bytes[position..<position + wanted.count].elementsEqual(wanted)
        }

        private mutating func keep() {
            guard position < bytes.count else { return }
            output.append(bytes[position])
            position += 1
        }

        private mutating func hide() {
            guard position < bytes.count else { return }
            output.append(bytes[position] == UInt8(ascii: "\n") ? UInt8(ascii: "\n") : UInt8(ascii: " "))
            position += 1
        }
    }
}
