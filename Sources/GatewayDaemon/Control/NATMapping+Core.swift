import ControlProtocol
import GatewayCore

extension NATMapping {
    /// What the core has found, in the words of the control protocol.
    init(_ mapping: MappingBehaviour) {
        switch mapping {
        case .unknown: self = .unknown
        case .none: self = .none
        case .endpointIndependent: self = .endpointIndependent
        case .addressDependent: self = .addressDependent
        case .addressAndPortDependent: self = .addressAndPortDependent
        }
    }
}
