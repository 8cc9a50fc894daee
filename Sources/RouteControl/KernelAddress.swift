import CNetlink
import Glibc
import NetworkTypes

/// libnl's address as ours; `nil` for other families and odd lengths.
func ipAddress(from object: OpaquePointer?) -> IPAddress? {
    guard let object, let family = addressFamily(of: nl_addr_get_family(object)) else { return nil }
    let bytes = UnsafeRawBufferPointer(start: nl_addr_get_binary_addr(object), count: Int(nl_addr_get_len(object)))
    if bytes.isEmpty { return family == .v4 ? IPAddress(v4: 0) : IPAddress(v6High: 0, low: 0) }
    guard bytes.count == family.byteCount else { return nil }
    return IPAddress(bytes: bytes)
}

/// libnl's address and length as a prefix.
func ipPrefix(from object: OpaquePointer?) -> IPPrefix? {
    ipAddress(from: object).map { IPPrefix(containing: $0, length: Int(nl_addr_get_prefixlen(object))) }
}

/// libnl's link layer address as ours; `nil` when it is not an Ethernet one.
func macAddress(from object: OpaquePointer?) -> MACAddress? {
    guard let object, nl_addr_get_len(object) == 6 else { return nil }
    let bytes = UnsafeRawBufferPointer(start: nl_addr_get_binary_addr(object), count: 6)
    return MACAddress(rawValue: bytes.reduce(0) { $0 << 8 | UInt64($1) })
}

/// Lends `address` with a prefix length as libnl's object. Setters take a reference of their own.
func withKernelAddress<Result>(
    _ address: IPAddress, prefixLength: Int? = nil, _ body: (OpaquePointer) -> Result
) -> Result {
    withKernelBytes(address.bytes, family: kernelFamily(address.family)) { object in
        nl_addr_set_prefixlen(object, Int32(prefixLength ?? address.family.bitCount))
        return body(object)
    }
}

/// Lends an Ethernet address as libnl's object.
func withKernelAddress<Result>(_ mac: MACAddress, _ body: (OpaquePointer) -> Result) -> Result {
    withKernelBytes(mac.bytes, family: AF_LLC, body)
}

private func withKernelBytes<Result>(_ bytes: [UInt8], family: Int32, _ body: (OpaquePointer) -> Result) -> Result {
    guard let object = nl_addr_build(family, bytes, bytes.count) else { preconditionFailure("out of memory") }
    defer { nl_addr_put(object) }
    return body(object)
}

/// AF_INET or AF_INET6.
func kernelFamily(_ family: AddressFamily) -> Int32 {
    family == .v4 ? AF_INET : AF_INET6
}

/// The family of AF_INET or AF_INET6; `nil` for all others.
func addressFamily(of number: Int32) -> AddressFamily? {
    switch number {
    case AF_INET: .v4
    case AF_INET6: .v6
    default: nil
    }
}
