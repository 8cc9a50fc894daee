import CLinuxShims
import NetworkTypes

extension ipop_endpoint {
    init(_ endpoint: Endpoint) {
        self.init(
            high: endpoint.address.high, low: endpoint.address.low, port: endpoint.port,
            family: endpoint.address.family.rawValue)
    }

    /// The Swift value; the shim has turned v4-mapped addresses into v4 already.
    var endpoint: Endpoint {
        let address =
            family == AddressFamily.v4.rawValue
            ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(v6High: high, low: low)
        return Endpoint(address: address, port: port)
    }
}

extension ipop_origin {
    init(_ origin: LocalOrigin) {
        self.init(
            high: origin.address?.high ?? 0, low: origin.address?.low ?? 0, interface_index: origin.interfaceIndex,
            family: origin.address?.family.rawValue ?? 0)
    }

    /// The Swift value; no address where the kernel told none.
    var origin: LocalOrigin {
        let address: IPAddress? =
            switch family {
            case AddressFamily.v4.rawValue: IPAddress(v4: UInt32(truncatingIfNeeded: low))
            case AddressFamily.v6.rawValue: IPAddress(v6High: high, low: low)
            default: nil
            }
        return LocalOrigin(address: address, interfaceIndex: interface_index)
    }
}

extension AddressFamily {
    /// 0.0.0.0 or ::.
    var unspecified: IPAddress { self == .v4 ? IPAddress(v4: 0) : IPAddress(v6High: 0, low: 0) }
}
