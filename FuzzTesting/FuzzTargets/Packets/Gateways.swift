import LinkSecurity
import NetworkTypes
import PacketForwarding

/// Two sites' data planes, 1 (under test) and 2, with known keys.
enum Gateways {
    static let near = NodeAddress(high: 1, middle: 0, low: 0)
    static let far = NodeAddress(high: 2, middle: 0, low: 0)
    /// A peer that has a prefix and no path.
    static let absent = NodeAddress(high: 3, middle: 0, low: 0)
    static let gatewayV4 = IPAddress(10, 1, 0, 1)
    static let gatewayV6 = address6(1, 1)
    /// Receiver indexes of the keys that live from the start.
    static let firstIndex: UInt32 = 7

    /// 10.n.0.0/16 and 2001:db8:n::/48.
    static func prefixes(_ number: UInt8) -> [IPPrefix] {
        [
            IPPrefix(containing: IPAddress(10, number, 0, 0), length: 16),
            IPPrefix(containing: address6(number, 0), length: 48),
        ]
    }

    static func address6(_ number: UInt8, _ host: UInt64) -> IPAddress {
        IPAddress(v6High: 0x2001_0db8_0000_0000 | UInt64(number) << 16, low: host)
    }

    static func endpoint(_ node: NodeAddress) -> Endpoint {
        Endpoint(address: IPAddress(198, 51, 100, UInt8(truncatingIfNeeded: node.high)), port: 7_867)
    }

    /// The plane of site 1 or 2, with keys and a path to the other.
    static func plane(_ number: UInt8, sinks: PlaneSinks) -> ForwardingPlane {
        let plane = ForwardingPlane(datagrams: sinks, frames: sinks, control: sinks)
        let other = number == 1 ? far : near
        plane.now = Instant(nanoseconds: 1_000_000_000_000)
        plane.setExports(prefixes(number))
        plane.setGatewayAddress(v4: IPAddress(10, number, 0, 1), v6: address6(number, 1))
        plane.setRoutes(
            prefixes(3 - number).map { ($0, other) } + prefixes(3).map { ($0, absent) })
        plane.setPath(other, endpoint: endpoint(other), payloadByteCount: 1_440)
        install(firstIndex, on: plane, for: other)
        plane.activate(localIndex: firstIndex, for: other)
        return plane
    }

    static func install(_ index: UInt32, on plane: ForwardingPlane, for node: NodeAddress) {
        let cipher = OpenCipher()
        plane.install(
            KeyGeneration(
                localIndex: index, remoteIndex: index, epoch: UInt8(truncatingIfNeeded: index), sealing: cipher,
                opening: cipher), for: node)
    }
}

/// Encrypts nothing, and takes everything for authentic whose last byte is not 255: what lies behind the tag is what
/// a fuzzer has to reach.
final class OpenCipher: PacketCipher {
    static let tagByteCount = 16
    static let wrongTag: UInt8 = 255

    func seal(header: UnsafeRawPointer, plaintext: UnsafeRawPointer, byteCount: Int, output: UnsafeMutableRawPointer) {
        output.copyMemory(from: plaintext, byteCount: byteCount)
        (output + byteCount).initializeMemory(as: UInt8.self, repeating: 0, count: Self.tagByteCount)
    }

    func open(
        header: UnsafeRawPointer, ciphertext: UnsafeRawPointer, byteCount: Int, output: UnsafeMutableRawPointer
    ) -> Bool {
        output.copyMemory(from: ciphertext, byteCount: byteCount - Self.tagByteCount)
        return ciphertext.load(fromByteOffset: byteCount - 1, as: UInt8.self) != Self.wrongTag
    }
}
