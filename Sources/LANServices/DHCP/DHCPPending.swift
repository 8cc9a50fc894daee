import NetworkTypes

/// A client that is being served.
///
///     checking --nobody on the LAN answers, and the grid holds it--> offered --REQUEST--> bound, and no longer pending
///        |                                                              |
///        |  somebody answers, or the grid refuses: another address      +--no REQUEST--> withdrawn
///        +--four times--> given up
///
/// Serving an INIT-REBOOT or a renewal that is not known here skips `offered`: it is acknowledged.
struct DHCPPending {
    enum Answer {
        case offer
        case acknowledgement
    }

    /// Whether the grid holds the address for the client.
    enum Registration: Equatable {
        /// The grid has been asked; it has until then to answer.
        case asked(until: Instant)
        case granted
        /// The grid does not answer; the address is from a block that this gateway holds.
        case assumed

        var isSettled: Bool { if case .asked = self { false } else { true } }
    }

    enum State: Equatable {
        /// Probes that are still to be sent, and when the next one is, or its answers have been waited for (RFC 5227
        /// §2.1.1).
        case checking(probesLeft: Int, next: Instant)
        /// Nobody on the LAN has answered; the grid's word is waited for.
        case unused
        /// Waits for the client's REQUEST.
        case offered(until: Instant)
    }

    /// The newest of the client's requests.
    var request: DHCPRequest
    /// Where it came from.
    var link: MACAddress
    var answer: Answer
    var address: IPAddress
    var registration: Registration
    var state: State
    /// Addresses that were tried.
    var tries = 1

    /// When something is due.
    var deadline: Instant? {
        let step: Instant? =
            switch state {
            case .checking(_, let next): next
            case .unused: nil
            case .offered(let until): until
            }
        guard case .asked(let until) = registration else { return step }
        return min(until, step ?? until)
    }
}
