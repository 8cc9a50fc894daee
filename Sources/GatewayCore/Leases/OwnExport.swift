package import NetworkTypes
package import OverlayStore

/// A subnet of this site, and how far it is reachable for others.
package struct OwnExport: Equatable, Sendable {
    /// What there is to say of it.
    package enum State: Equatable, Sendable {
        case announced
        /// The lease of its virtual prefix is not held yet: as the store says, and not known before it was asked.
        case leasing(StoreLease.State?)
        /// Its virtual prefix is not of the grid's pools.
        case outsidePool
        /// The grid's pools have no free prefix of its size.
        case poolExhausted
        /// Another site has the prefix.
        case owned(by: String)
    }

    package var subnet: IPPrefix
    /// What the grid calls it, or is to call it; `nil` before a prefix was chosen.
    package var virtual: IPPrefix?
    package var state: State
    /// The leased prefix that it had before, while that is worth telling.
    package var loss: PrefixLoss?
}
