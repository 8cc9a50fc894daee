package import NetworkTypes

/// Where on this host datagrams come in, or leave: an own address and an interface, either of which may be left open.
///
/// With the interface, the routes of that interface alone are looked at, and IPv6 datagrams take their source from the
/// interface's public addresses, whatever the address is here. The address alone leaves the way to the kernel's routes,
/// and to the policy rules that look at source addresses.
package struct LocalOrigin: Hashable, Sendable {
    /// An own address; `nil` leaves the choice to the kernel.
    package let address: IPAddress?
    /// The kernel's index of an interface; 0 leaves the choice to the kernel.
    package let interfaceIndex: UInt32

    package init(address: IPAddress? = nil, interfaceIndex: UInt32 = 0) {
        self.address = address
        self.interfaceIndex = interfaceIndex
    }

    /// All left to the kernel.
    package static let any = LocalOrigin()

    /// The same address by whatever interface: what an answer leaves from, so that it comes from where its question
    /// went.
    package var addressOnly: LocalOrigin { LocalOrigin(address: address) }
}
