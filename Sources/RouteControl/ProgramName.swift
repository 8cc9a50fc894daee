import Glibc

/// Guesses which program holds a netlink port.
enum ProgramName {
    /// The name of the process that the port's number points to; `nil` when there is none, or no number.
    ///
    /// The kernel gives a process's first socket the process id, libnl puts a counter above its lower 22 bits, and the
    /// kernel numbers all other sockets in the upper half at random.
    static func holding(port: UInt32) -> String? {
        guard port < 1 << 31 else { return nil }
        let process = port & (1 << 22 - 1)
        guard process > 0 else { return nil }
        let file = open("/proc/\(process)/comm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return nil }
        let name = bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }
        // A process names itself: nothing but plain characters goes into logs and screens.
        guard !name.isEmpty, name.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
        return String(decoding: name, as: UTF8.self)
    }
}
