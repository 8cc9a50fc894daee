/// Which counters of one key have been seen: the sliding window of RFC 6479.
///
/// Ask `accepts(_:)` before a datagram is opened, which is cheap, and call `record(_:)` only after it was found
/// authentic: else anybody could move the window. Holds 8,192 counters behind the newest, which is a train of 64
/// datagrams late by 128 trains. Allocates once.
package struct ReplayWindow: ~Copyable {
    /// Counters that the window reaches back from the newest one, the newest included.
    package static let reach: UInt64 = 8_192

    /// One word more than the reach, so that the newest word can be cleared before it is full (RFC 6479 §3).
    private static let wordCount: UInt64 = reach / 64 + 1

    private let words: UnsafeMutablePointer<UInt64>

    /// One more than the newest counter; 0 when there is none.
    package private(set) var next: UInt64 = 0

    package init() {
        words = .allocate(capacity: Int(Self.wordCount))
        words.initialize(repeating: 0, count: Int(Self.wordCount))
    }

    deinit {
        words.deallocate()
    }

    /// Whether `counter` is newer than the window, or inside it and not seen yet.
    package func accepts(_ counter: UInt64) -> Bool {
        if counter >= next { return counter != .max }
        if next - counter > Self.reach { return false }
        return words[Int(counter / 64 % Self.wordCount)] & bit(counter) == 0
    }

    /// Marks `counter`, which `accepts(_:)` has allowed, as seen. Returns whether it is the newest.
    @discardableResult
    package mutating func record(_ counter: UInt64) -> Bool {
        let word = counter / 64
        let isNewest = counter >= next
        if isNewest {
            let newestWord = next == 0 ? 0 : (next - 1) / 64
            var left = min(word - newestWord, Self.wordCount)
            while left > 0 {
                words[Int((newestWord + left) % Self.wordCount)] = 0
                left -= 1
            }
            next = counter + 1
        }
        words[Int(word % Self.wordCount)] |= bit(counter)
        return isNewest
    }

    private func bit(_ counter: UInt64) -> UInt64 { 1 << (counter & 63) }
}
