import NetworkTypes

/// Watches the router's clock: one that jumps says that the router has lost its mappings (RFC 6887 §8.5, and RFC 6886
/// §3.6 with the same intent).
struct RouterEpoch: Sendable {
    private var last: (epoch: UInt32, at: Instant)?

    /// Takes the clock of an answer; whether it goes on from the one before as time did here.
    mutating func isContinued(by epoch: UInt32, now: Instant) -> Bool {
        defer { last = (epoch, now) }
        guard let last else { return true }
        // Two answers may overtake each other by a second.
        guard epoch >= last.epoch || last.epoch - epoch <= 1 else { return false }
        let router = Double(epoch) - Double(last.epoch)
        let own = (now - last.at).inSeconds
        return own + 2 >= router - router / 16 && router + 2 >= own - own / 16
    }
}
