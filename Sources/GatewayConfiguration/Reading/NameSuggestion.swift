/// Finds the known word that an unknown one was probably meant to be.
package enum NameSuggestion {
    /// The nearest of `candidates` when it is near enough to be a slip of the hand: at most a third of the letters, and
    /// at least one, changed. Letter case is free. The first of equals wins.
    package static func nearest(to word: String, among candidates: [String]) -> String? {
        let letters = Array(word.lowercased().unicodeScalars.prefix(longestWord))
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let other = Array(candidate.lowercased().unicodeScalars)
            let distance = distance(letters, other)
            let limit = max(1, max(letters.count, other.count) / 3)
            guard distance <= limit, distance < other.count, distance < best?.distance ?? .max else { continue }
            best = (candidate, distance)
        }
        return best?.candidate
    }

    /// `did you mean 'x'?` for the nearest candidate, else the list of what is known.
    package static func text(for word: String, among candidates: [String]) -> String {
        if let nearest = nearest(to: word, among: candidates) { return "did you mean '\(nearest)'?" }
        return "known here: \(candidates.joined(separator: ", "))"
    }

    /// Words beyond this are cut: a distance costs the product of both lengths.
    private static let longestWord = 64

    /// Optimal string alignment distance: insert, delete, replace or swap neighbours, each at cost 1.
    static func distance(_ first: [Unicode.Scalar], _ second: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...second.count)
        for row in first.indices {
            var current = [row + 1]
            for column in second.indices {
                let replaced = last[column] + (first[row] == second[column] ? 0 : 1)
                var least = min(replaced, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
                    least = min(least, beforeLast[column - 1] + 1)
                }
                current.append(least)
            }
            beforeLast = last
            last = current
        }
        return last[second.count]
    }
}
