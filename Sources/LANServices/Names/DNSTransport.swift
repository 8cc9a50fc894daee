/// By what a question comes, and its answer goes.
package enum DNSTransport: Sendable {
    /// UDP: an answer is as long as the client takes, and no fragment.
    case datagram
    /// TCP (RFC 7766): two bytes say how long a message is.
    case stream
}
