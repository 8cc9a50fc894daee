import CLinuxShims
package import NetworkTypes

/// What the kernel would do with a datagram to some address, found by connecting a socket that sends nothing.
package enum UnderlayRoute {
    /// The MTU of the route towards `address`: the interface's, unless the route has its own or the kernel has learnt a
    /// smaller one. The upper bound of the path MTU search (RFC 8899 §5.1.2).
    package static func interfaceMTU(toward address: IPAddress, mark: UInt32? = nil) throws(SystemError) -> Int {
        let socket = try connect(to: address, mark: mark)
        return Int(
            try SystemCall.shim("getsockopt IP_MTU", "\(address)") {
                ipop_udp_route_mtu(socket.rawValue, Int32(address.family.rawValue))
            })
    }

    /// The address that the kernel would send from.
    package static func localAddress(toward address: IPAddress, mark: UInt32? = nil) throws(SystemError) -> IPAddress {
        let socket = try connect(to: address, mark: mark)
        var local = ipop_endpoint()
        try SystemCall.shim("getsockname") { ipop_udp_local(socket.rawValue, &local) }
        return local.endpoint.address
    }

    private static func connect(to address: IPAddress, mark: UInt32?) throws(SystemError) -> FileDescriptor {
        let family = Int32(address.family.rawValue)
        let socket = FileDescriptor(adopting: try SystemCall.shim("socket") { ipop_udp_open(family, 1) })
        let number = socket.rawValue
        if let mark { try SystemCall.shim("setsockopt SO_MARK") { ipop_udp_set_mark(number, mark) } }
        // Any port will do: 9 is the discard service (RFC 863), and nothing is sent.
        var remote = ipop_endpoint(Endpoint(address: address, port: 9))
        try SystemCall.shim("connect", "\(address)") { ipop_udp_connect(number, family, &remote) }
        return socket
    }
}
