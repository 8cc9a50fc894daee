import CLinuxShims
import Glibc
package import NetworkTypes

/// What the kernel may leave undone in frames that it hands to a TAP device (linux/if_tun.h, TUN_F_*).
package struct TapOffloads: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Transport checksums; everything else needs it.
    package static let checksum = TapOffloads(rawValue: UInt32(IPOP_OFFLOAD_CHECKSUM))
    /// TCP segmentation over v4 and v6, also of segments that carry congestion marks.
    package static let tcp = TapOffloads(
        rawValue: UInt32(IPOP_OFFLOAD_TSO4) | UInt32(IPOP_OFFLOAD_TSO6) | UInt32(IPOP_OFFLOAD_TSO_ECN))
    /// UDP segmentation over v4 and v6 (Linux 6.2).
    package static let udp = TapOffloads(rawValue: UInt32(IPOP_OFFLOAD_USO4) | UInt32(IPOP_OFFLOAD_USO6))
    package static let all: TapOffloads = [.checksum, .tcp, .udp]
}

/// Why there is no TAP device.
package enum TapDeviceError: Error, Equatable, Sendable {
    /// /dev/net/tun cannot be opened: the module is missing, or the unit does not allow it.
    case unavailable(SystemError)
    /// The name cannot be an interface's.
    case badName(String)
    /// An interface of that name exists and is not a TAP device with a single queue.
    case notTap(String)
    /// Another process holds the device.
    case busy(String)
    /// CAP_NET_ADMIN is missing, or the device belongs to another user.
    case notPermitted(String)
    case system(SystemError)
}

extension TapDeviceError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unavailable(let error): "\(error) (is the tun module loaded?)"
        case .badName(let name): "\"\(name)\" cannot name an interface (1 to 15 letters, digits, dots, hyphens)"
        case .notTap(let name): "the interface \(name) exists already and is not a single-queue TAP device"
        case .busy(let name): "the device \(name) is held by another process"
        case .notPermitted(let name): "not permitted to make or take over the device \(name) (CAP_NET_ADMIN is needed)"
        case .system(let error): error.description
        }
    }
}

/// What became of a frame written to the device.
package enum TapWriteResult: Equatable, Sendable {
    case written
    /// The kernel has no room for it now.
    case wouldBlock
    /// The kernel does not take it; the error number says why (EIO: the device is down; EINVAL: a bad virtio header).
    case refused(Int32)
}

/// The overlay's network device: a persistent TAP device with virtio headers and offloads.
///
/// Every frame that is read or written begins with the 10 bytes of `struct virtio_net_hdr` (virtio 1.2 §5.1.6),
/// little-endian, then the Ethernet header. With offloads one read gives a TCP or UDP super-packet of up to 64 kB.
package final class TapDevice {
    /// Bytes of the virtio header before each frame.
    package static let headerByteCount = 10
    /// Room that a buffer for `read` needs: virtio header, Ethernet header, the longest packet.
    package static let readByteCount = 10 + 18 + 65_536

    private let descriptor: FileDescriptor
    package let name: String
    /// What the kernel really leaves to us.
    package let offloads: TapOffloads
    /// Whether the device was there before: left by a gateway that did not stop cleanly, or prepared by the operator.
    package let wasAdopted: Bool

    /// What the poller watches.
    package var rawDescriptor: Int32 { descriptor.rawValue }

    /// Makes the device, or takes over one of that name. It stays when the process ends, belongs to the process's
    /// user and has `hardwareAddress`. It is neither brought up nor given addresses here.
    package init(
        name: String, hardwareAddress: MACAddress = .overlayDevice, offloads wanted: TapOffloads = .all
    ) throws(TapDeviceError) {
        guard Self.isInterfaceName(name) else { throw .badName(name) }
        wasAdopted = if_nametoindex(name) != 0
        descriptor = try Self.openControl()
        let number = descriptor.rawValue
        try Self.attach(number, name, exists: wasAdopted)
        do throws(SystemError) {
            try SystemCall.shim("ioctl TUNSETVNETHDRSZ", name) {
                ipop_tap_set_header_size(number, Int32(Self.headerByteCount))
            }
            offloads = try Self.setOffloads(number, wanted, name)
            try SystemCall.shim("ioctl TUNSETOWNER", name) { ipop_tap_set_owner(number, geteuid()) }
            try Self.setHardwareAddress(number, hardwareAddress, name)
            try SystemCall.shim("ioctl TUNSETPERSIST", name) { ipop_tap_set_persistent(number, 1) }
        } catch {
            throw .system(error)
        }
        self.name = name
    }

    /// Lets the device vanish together with its last descriptor: the clean exit.
    package func removePersistence() throws(SystemError) {
        try SystemCall.shim("ioctl TUNSETPERSIST", name) { ipop_tap_set_persistent(descriptor.rawValue, 0) }
    }

    /// Reads one frame with its virtio header into `buffer`, which has room for `readByteCount`; `nil` when there is
    /// none. EBADFD means that somebody deleted the device: open it again.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
        try SystemCall.attempt("read", name) { Glibc.read(descriptor.rawValue, buffer.baseAddress, buffer.count) }
    }

    /// Writes one frame with its virtio header.
    package func write(_ frame: UnsafeRawBufferPointer) -> TapWriteResult {
        while true {
            if Glibc.write(descriptor.rawValue, frame.baseAddress, frame.count) >= 0 { return .written }
            if let result = Self.judge(errno) { return result }
        }
    }

    /// Writes one frame from two places: `header` begins with the virtio header, `body` follows it.
    package func write(header: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) -> TapWriteResult {
        while true {
            let result = ipop_write_parts(
                descriptor.rawValue, header.baseAddress, header.count, body.baseAddress, body.count)
            if result >= 0 { return .written }
            if let result = Self.judge(Int32(-result)) { return result }
        }
    }

    /// Writes one frame with its virtio header.
    package func write(_ frame: RawSpan) -> TapWriteResult {
        frame.withUnsafeBytes { write($0) }
    }

    /// Writes one frame from two places: `header` begins with the virtio header, `body` follows it.
    package func write(header: RawSpan, body: RawSpan) -> TapWriteResult {
        header.withUnsafeBytes { header in body.withUnsafeBytes { write(header: header, body: $0) } }
    }

    /// What a failed write means; `nil` when it is to be made again.
    private static func judge(_ number: Int32) -> TapWriteResult? {
        switch number {
        case EINTR: return nil
        case EAGAIN: return .wouldBlock
        default:
            _ = SystemCall.failure("write", number)
            return .refused(number)
        }
    }
}

extension TapDevice {
    private static func openControl() throws(TapDeviceError) -> FileDescriptor {
        do throws(SystemError) {
            let path = "/dev/net/tun"
            return FileDescriptor(
                adopting: try SystemCall.run("open", path) { open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC) })
        } catch {
            throw .unavailable(error)
        }
    }

    private static func attach(_ number: Int32, _ name: String, exists: Bool) throws(TapDeviceError) {
        do throws(SystemError) {
            try SystemCall.shim("ioctl TUNSETIFF", name) { ipop_tap_attach(number, name) }
        } catch {
            switch error.errno {
            case EBUSY: throw .busy(name)
            case EPERM: throw .notPermitted(name)
            case EINVAL, EEXIST: throw exists ? .notTap(name) : .badName(name)
            default: throw .system(error)
            }
        }
    }

    /// The richest set that this kernel takes: as wanted, without UDP segmentation, nothing.
    private static func setOffloads(
        _ number: Int32, _ wanted: TapOffloads, _ name: String
    ) throws(SystemError) -> TapOffloads {
        for candidate in [wanted, wanted.subtracting(.udp)] {
            let result = ipop_tap_set_offloads(number, candidate.rawValue)
            if result >= 0 { return candidate }
            if result != -EINVAL { throw SystemCall.failure("ioctl TUNSETOFFLOAD", -result, name) }
        }
        try SystemCall.shim("ioctl TUNSETOFFLOAD", name) { ipop_tap_set_offloads(number, 0) }
        return []
    }

    private static func setHardwareAddress(
        _ number: Int32, _ wanted: MACAddress, _ name: String
    ) throws(SystemError) {
        let bytes = wanted.bytes
        var found = [UInt8](repeating: 0, count: 6)
        try SystemCall.shim("ioctl SIOCGIFHWADDR", name) { ipop_tap_hardware_address(number, &found) }
        if found == bytes { return }
        try SystemCall.shim("ioctl SIOCSIFHWADDR", name) { ipop_tap_set_hardware_address(number, bytes) }
    }

    /// What the kernel takes as an interface's name, without the forms that it would treat as a pattern or a path.
    private static func isInterfaceName(_ name: String) -> Bool {
        (1...15).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default:
                    false
                }
            }
    }
}
