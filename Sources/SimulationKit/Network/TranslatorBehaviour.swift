import NetworkTypes

/// How an address translator behaves, in the words of RFC 4787.
package struct TranslatorBehaviour: Hashable, Sendable {
    /// What of the remote endpoint counts.
    package enum Dependence: String, CaseIterable, Sendable {
        case endpointIndependent = "endpoint-independent"
        case addressDependent = "address-dependent"
        case addressAndPortDependent = "address-and-port-dependent"

        /// What two remotes must share to be treated as one.
        func key(of remote: Endpoint) -> Endpoint? {
            switch self {
            case .endpointIndependent: nil
            case .addressDependent: Endpoint(address: remote.address, port: 0)
            case .addressAndPortDependent: remote
            }
        }
    }

    /// When an inside endpoint keeps its outside port (§4.1).
    package var mapping: Dependence
    /// Who may send to a mapped port (§5).
    package var filtering: Dependence
    /// How long a mapping, and the permission of a remote, live after the last outbound datagram (§4.3); inbound
    /// datagrams do not refresh.
    package var expiry: Duration

    package init(mapping: Dependence, filtering: Dependence, expiry: Duration = .seconds(120)) {
        self.mapping = mapping
        self.filtering = filtering
        self.expiry = expiry
    }
}
