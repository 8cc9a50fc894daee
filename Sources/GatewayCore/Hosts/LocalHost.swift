package import NetworkTypes

/// A host of this site with an address in the bridged subnet.
///
///     register -> creating -- lease created --> held --unregister, moved, lost--> gone
///          \-> moving -- let go, or silent --/
struct LocalHost {
    enum State: Equatable {
        /// The gateway that has the host is asked to let it go, until then.
        case moving(from: NodeAddress, until: Instant)
        /// Its lease is asked for.
        case creating
        /// Its lease is ours.
        case held
        /// A lease of a former life, held; nobody has asked for the host yet.
        case restored(until: Instant)
    }

    var record: HostRecord
    var lifetime: Duration
    var state: State
    /// The gateway that had it has let go: it is used while its lease is created, and tried for until then.
    var handedOverUntil: Instant?
    /// When it is tried again: a word about a move, or a lease.
    var retryAt: Instant?
    /// The store has been asked for its lease: whoever is said to have it has it by more than hearsay.
    var hasAskedStore = false
    /// It was told that no majority answers.
    var isWaiting = false

    /// Whether others may send to it.
    var isPresent: Bool {
        switch state {
        case .held, .restored: true
        case .creating: handedOverUntil != nil
        case .moving: false
        }
    }

    /// When something is due.
    var deadline: Instant? {
        var earliest = retryAt
        if case .moving(_, let until) = state { earliest = min(earliest ?? until, until) }
        if case .restored(let until) = state { earliest = min(earliest ?? until, until) }
        return earliest
    }

    var message: HostMessage.Host { HostMessage.Host(address: record.address, mac: record.mac) }
}

/// A host of this site, as status shows it.
package struct LocalHostStatus: Equatable, Sendable {
    /// How far it has come.
    package enum State: String, Sendable {
        case moving
        case creating
        /// No majority of the replicas answers.
        case waiting
        case held
    }

    package var record: HostRecord
    package var state: State
}

/// Where a host of another site is.
package struct RemoteHost: Equatable, Sendable {
    package var node: NodeAddress
    /// `nil` when the store's record could not be read.
    package var mac: MACAddress?
    /// By the store, not only by the word of that gateway.
    var isVerified: Bool
    /// When the store is asked, because two gateways have claimed it.
    var verifyAt: Instant?
    /// When it is forgotten; `nil` while a session with the gateway tells of changes.
    var expires: Instant?
}
