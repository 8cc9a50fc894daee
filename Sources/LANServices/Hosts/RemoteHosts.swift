import NetworkTypes

/// What the grid has said of addresses, and who waits for its word.
///
/// Answers lie in a table of fixed size by their address: a newer one takes the place of an older one.
struct RemoteHosts {
    /// Somebody on the LAN that waits for the grid's word of an address.
    enum Waiter {
        case arp(ARPPacket)
        /// A solicitation, from an address or, as a probe, from none.
        case neighbour(target: IPAddress, source: IPAddress, MACAddress)
        /// Frames for the address come to another interface than the service's: its sender is to know.
        case stray(MACAddress, IPAddress)
    }

    private struct Known {
        let address: IPAddress
        let resolution: AddressResolution
        let ends: Instant
    }

    private struct Question {
        let address: IPAddress
        let ends: Instant
        var waiters: [Waiter]
    }

    private var known: [Known?] = Array(repeating: nil, count: LANLimits.knownAddresses)
    private var questions: [Question] = []
    private var bucket = TokenBucket(rate: LANLimits.questionRate, burst: LANLimits.questionBurst)

    /// When the first question is given up.
    var nextWakeup: Instant? { questions.map(\.ends).min() }

    /// What the grid has said lately.
    func resolution(of address: IPAddress, now: Instant) -> AddressResolution? {
        guard let entry = known[Self.place(of: address)], entry.address == address, entry.ends > now else { return nil }
        return entry.resolution
    }

    /// Puts somebody down to wait. Returns whether the grid is to be asked now; nobody waits when too much is asked
    /// already.
    mutating func ask(_ address: IPAddress, for waiter: Waiter, now: Instant) -> Bool {
        if let index = questions.firstIndex(where: { $0.address == address }) {
            if questions[index].waiters.count < LANLimits.waitingForEach { questions[index].waiters.append(waiter) }
            return false
        }
        guard questions.count < LANLimits.openQuestions, bucket.take(now: now) else { return false }
        questions.append(Question(address: address, ends: now + LANLimits.patience, waiters: [waiter]))
        return true
    }

    /// Notes the grid's word and returns who has waited for it.
    mutating func note(_ resolution: AddressResolution, of address: IPAddress, now: Instant) -> [Waiter] {
        let age: Duration =
            switch resolution {
            case .remote(_, _, isReachable: true): LANLimits.holderAge
            case .remote(_, _, isReachable: false), .nobody: LANLimits.vacancyAge
            case .unknown: LANLimits.uncertaintyAge
            }
        known[Self.place(of: address)] = Known(address: address, resolution: resolution, ends: now + age)
        guard let index = questions.firstIndex(where: { $0.address == address }) else { return [] }
        return questions.remove(at: index).waiters
    }

    /// What was said of an address holds no more.
    mutating func forget(_ address: IPAddress) {
        let place = Self.place(of: address)
        if known[place]?.address == address { known[place] = nil }
    }

    /// Nothing that was said holds any more.
    mutating func forgetAll() { known = Array(repeating: nil, count: LANLimits.knownAddresses) }

    /// Gives up questions without an answer.
    mutating func handleTimeout(now: Instant) { questions.removeAll { $0.ends <= now } }

    private static func place(of address: IPAddress) -> Int {
        // Neighbours in a subnet lie side by side.
        Int((address.low ^ address.high) % UInt64(LANLimits.knownAddresses))
    }
}
