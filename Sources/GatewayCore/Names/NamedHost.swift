package import NetworkTypes

/// A host of this site that the configuration names, with its addresses as the grid knows them.
package struct NamedHost: Equatable, Sendable {
    /// A DNS label.
    package let name: String
    package let addresses: [IPAddress]

    package init(name: String, addresses: [IPAddress]) {
        self.name = name
        self.addresses = addresses
    }
}
