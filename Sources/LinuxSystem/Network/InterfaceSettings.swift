package import NetworkTypes

/// The kernel's network settings under /proc/sys/net, of the calling thread's namespace.
///
/// Written for the gateway's own device only; everybody else's are read and reported.
package enum InterfaceSettings {
    /// A setting of one device, such as `read(.v4, device: "eth1", "rp_filter")`; `nil` when the device or the setting
    /// does not exist.
    package static func read(_ family: AddressFamily, device: String, _ setting: String) throws(SystemError) -> String?
    {
        try readText(path(family, device: device, setting))
    }

    /// Changes a setting of the gateway's own device.
    package static func write(
        _ family: AddressFamily, device: String, _ setting: String, _ value: String
    ) throws(SystemError) {
        try FileSystem.writeInPlace(path(family, device: device, setting), Array(value.utf8))
    }

    /// A setting by its path below /proc/sys/net, such as `ipv4/ip_forward` or `ipv6/conf/all/forwarding`; `nil` when
    /// it does not exist, as all of `ipv6` on a kernel without it.
    package static func readGlobal(_ name: String) throws(SystemError) -> String? {
        try readText("/proc/sys/net/\(name)")
    }

    /// A setting that is a number; `nil` when it does not exist or is none.
    package static func readGlobalNumber(_ name: String) throws(SystemError) -> Int? {
        try readGlobal(name).flatMap { Int($0) }
    }

    /// A setting of one device that is a number; `nil` when it does not exist or is none.
    package static func readNumber(
        _ family: AddressFamily, device: String, _ setting: String
    ) throws(SystemError) -> Int? {
        try read(family, device: device, setting).flatMap { Int($0) }
    }

    /// Whether the kernel drops what arrives by `device` when the way back would be another interface. It takes the
    /// larger of the device's value and that of all; 1 is strict (RFC 3704 §2.2).
    package static func isReversePathStrict(_ device: String) -> Bool {
        let own = (try? readNumber(.v4, device: device, "rp_filter")) ?? 0
        let all = (try? readNumber(.v4, device: "all", "rp_filter")) ?? 0
        return max(own, all) == 1
    }

    private static func path(_ family: AddressFamily, device: String, _ setting: String) -> String {
        "/proc/sys/net/\(family == .v4 ? "ipv4" : "ipv6")/conf/\(device)/\(setting)"
    }

    private static func readText(_ path: String) throws(SystemError) -> String? {
        guard let bytes = try FileSystem.readIfPresent(path, limit: 4_096) else { return nil }
        let end = bytes.lastIndex { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: " ") }
        return String(decoding: end.map { bytes[...$0] } ?? [], as: UTF8.self)
    }
}
