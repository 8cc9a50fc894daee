package import NetworkTypes

/// A lease or value of our own, as status shows it.
package struct StoreLease: Equatable, Sendable {
    /// How it stands.
    package enum State: Equatable, Sendable {
        /// An attempt is under way.
        case creating
        /// The last attempt came to nothing; there will be another.
        case waiting(StoreWaitReason)
        /// Ours. `unconfirmedSince` is set while no majority of the replicas answers: we keep it and go on trying.
        case held(unconfirmedSince: Instant?)
        /// Another site's record won.
        case lost(to: String, node: NodeAddress)
    }

    package var key: StoreKey
    package var value: [UInt8]
    package var state: State
    package var epoch: UInt64
    package var sequence: UInt64
    package var lifetimeSeconds: UInt32
    /// When the replicas let go of it, unless it is renewed; `nil` before it is held.
    package var expires: Instant?
    /// The replicas, nearest to the key's place first.
    package var replicas: [NodeAddress]
    /// How many of them have the newest record.
    package var storedCount: Int
}

/// Why a create waits. The raw value is for status.
package enum StoreWaitReason: String, Equatable, Sendable {
    /// The gateway has not found its grid yet: `setReady` was not called.
    case notReady = "not-ready"
    /// Fewer than a majority of the replicas answer.
    case noMajority = "no-majority"
    /// Another site tries to create the same key.
    case contended = "contended"
    /// The replicas that answered do not take it: an owner's quota, or no room.
    case refused = "refused"
}

/// An own lease of a former life. The expiry is by this life's clock.
package struct RememberedLease: Equatable, Sendable {
    package var key: StoreKey
    package var value: [UInt8]
    package var epoch: UInt64
    package var sequence: UInt64
    package var lifetimeSeconds: UInt32
    package var expires: Instant

    package init(
        key: StoreKey, value: [UInt8], epoch: UInt64, sequence: UInt64, lifetimeSeconds: UInt32, expires: Instant
    ) {
        self.key = key
        self.value = value
        self.epoch = epoch
        self.sequence = sequence
        self.lifetimeSeconds = lifetimeSeconds
        self.expires = expires
    }
}
