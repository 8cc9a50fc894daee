package import OverlayStore

/// What a gateway has kept over its restart, beside where members were (`CoreSettings.remembered`).
package struct GatewayMemory: Equatable, Sendable {
    /// Own leases.
    package var store: StoreMemory?
    /// The revocation list and the grid profile that held.
    package var publications: PublicationMemory?

    package init(store: StoreMemory? = nil, publications: PublicationMemory? = nil) {
        self.store = store
        self.publications = publications
    }
}
