package import NetworkTypes

/// Answers standard STUN clients (RFC 8489 §12): whoever asks learns its own endpoint. Knows nobody, keeps nothing.
package struct BindingResponder: Sendable {
    private var pace: AnswerPace
    /// Requests that were answered.
    package private(set) var answered: UInt64 = 0
    /// Datagrams that were no Binding request, or not well formed.
    package private(set) var malformed: UInt64 = 0
    /// Requests beyond the pace.
    package private(set) var paced: UInt64 = 0

    /// `seed` is secret.
    package init(seed: UInt64) { pace = AnswerPace(seed: seed) }

    /// Writes the answer to `datagram` into `buffer`, which has room for `BindingAnswer.byteCountLimit`, and returns
    /// its byte count; 0 when there is none. Allocates nothing.
    package mutating func answer(
        _ datagram: RawSpan, from source: Endpoint, now: Instant, into buffer: UnsafeMutableRawBufferPointer
    ) -> Int {
        guard BindingRequest.hasHeader(datagram) else {
            malformed += 1
            return 0
        }
        // Before anything that takes time.
        guard pace.allows(source.address, now: now) else {
            paced += 1
            return 0
        }
        guard let request = BindingRequest(reading: datagram) else {
            malformed += 1
            return 0
        }
        answered += 1
        return BindingAnswer.write(to: request, from: source, into: buffer)
    }
}
