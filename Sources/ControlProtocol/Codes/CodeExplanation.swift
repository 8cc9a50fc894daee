/// What a code means and what to do about it: docs/codes.md has the same words, held to them by a test.
package struct CodeExplanation: Equatable, Sendable {
    /// A few words, as `ipop status` shows them.
    package let phrase: String
    /// How it comes about, one sentence.
    package let cause: String
    /// What to do, one sentence.
    package let fix: String

    init(_ phrase: String, cause: String, fix: String) {
        self.phrase = phrase
        self.cause = cause
        self.fix = fix
    }
}
