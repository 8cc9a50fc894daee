import Glibc
import LinuxSystem
package import RoutePlanning

/// Which program of this host looks after an interface, by what it leaves under /run.
package enum InterfaceManagers {
    /// Those that would give the interface its addresses again, beyond what the kernel's state tells.
    package static func of(_ interface: String, in found: HostNetworkState) -> [InterfaceManager] {
        guard let index = found.link(named: interface)?.index, isFirstNamespace else { return [] }
        var managers: [InterfaceManager] = []
        if let bytes = try? FileSystem.readIfPresent("/run/NetworkManager/devices/\(index)", limit: 65_536) {
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            if lines.contains("managed=true") { managers.append(.networkManager) }
        }
        if FileSystem.exists("/run/systemd/netif/leases/\(index)") { managers.append(.networkdLease) }
        return managers
    }

    /// Whether those programs speak of the interfaces that this process sees: numbers mean others in other network
    /// namespaces. Without leave to know, as for a service's user, it is theirs.
    private static var isFirstNamespace: Bool {
        guard let own = namespace(of: "self"), let first = namespace(of: "1") else { return true }
        return own == first
    }

    private static func namespace(of process: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 64)
        let count = readlink("/proc/\(process)/ns/net", &buffer, buffer.count - 1)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }
}
