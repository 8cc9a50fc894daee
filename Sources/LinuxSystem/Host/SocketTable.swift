import Glibc

/// Who has a port, by the kernel's tables of sockets (proc_pid_net(5)), in the calling thread's network namespace.
package enum SocketTable {
    /// The transport whose ports are meant.
    package enum Transport: Sendable {
        case udp
        case tcp
    }

    /// The holder of a port.
    package struct Holder: Equatable, Sendable {
        /// `nil` when it cannot be seen: other users' descriptors are for root.
        package var program: String?
    }

    /// TCP_LISTEN of linux/tcp_states.h, as the table writes it.
    private static let listening = "0A"
    /// The tables of a busy host: 100,000 sockets of 200 bytes.
    private static let tableByteCount = 20 << 20

    /// Who has the port: bound for UDP, listening for TCP; `nil` when nobody does.
    package static func holder(of port: UInt16, _ transport: Transport) throws(SystemError) -> Holder? {
        let name = transport == .udp ? "udp" : "tcp"
        var inodes: [String] = []
        for path in ["/proc/thread-self/net/\(name)", "/proc/thread-self/net/\(name)6"] {
            guard let bytes = try FileSystem.readIfPresent(path, limit: tableByteCount) else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            inodes += text.split(separator: "\n").dropFirst().compactMap { inode(of: $0, port, transport) }
        }
        return inodes.isEmpty ? nil : Holder(program: program(holding: inodes))
    }

    /// The socket's inode of a line for that port: `sl local remote st tx:rx tr:when retransmits uid timeout inode`.
    private static func inode(of line: Substring, _ port: UInt16, _ transport: Transport) -> String? {
        let words = line.split(separator: " ")
        guard words.count > 9, let colon = words[1].lastIndex(of: ":"),
            UInt16(words[1][words[1].index(after: colon)...], radix: 16) == port,
            transport == .udp || words[3] == listening
        else { return nil }
        return String(words[9])
    }

    private static func program(holding inodes: [String]) -> String? {
        let targets = inodes.map { "socket:[\($0)]" }
        for process in (try? FileSystem.list("/proc")) ?? [] where UInt32(process) != nil {
            for descriptor in (try? FileSystem.list("/proc/\(process)/fd")) ?? [] {
                guard let target = linkTarget("/proc/\(process)/fd/\(descriptor)"), targets.contains(target) else {
                    continue
                }
                let name = (try? FileSystem.read("/proc/\(process)/comm", limit: 64)) ?? []
                return String(decoding: name.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            }
        }
        return nil
    }

    private static func linkTarget(_ path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: 128)
        let count = readlink(path, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }
}
