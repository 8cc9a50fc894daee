import CLinuxShims
import Glibc

/// Why the control socket cannot be opened.
package enum ControlSocketError: Error, Equatable, Sendable {
    /// Somebody answers there: another daemon runs.
    case inUse(String)
    /// Something that is not a socket has the name; it is left alone.
    case notSocket(String)
    case system(SystemError)
}

extension ControlSocketError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .inUse(let path): "\(path): another daemon answers there"
        case .notSocket(let path): "\(path): exists and is not a socket"
        case .system(let error): error.description
        }
    }
}

/// The daemon's end of the control API: a listening Unix stream socket.
package final class ControlSocket {
    private let descriptor: FileDescriptor
    package let path: String
    /// Whether the group that was asked for exists and has the socket.
    package let belongsToGroup: Bool
    /// Which file it is, so that another daemon's socket of the same name is not removed.
    private let fileNumber: UInt64?

    /// What the poller watches for `.readable`.
    package var rawDescriptor: Int32 { descriptor.rawValue }

    /// Listens at `path`. A socket that a dead daemon left is replaced; one that answers is not.
    ///
    /// The file is open to its owner only until `group`, if there is one of that name, has it; then it has `mode`.
    package init(path: String, mode: UInt32 = 0o660, group: String? = nil) throws(ControlSocketError) {
        self.path = path
        descriptor = try Self.listen(path)
        do throws(SystemError) {
            if let group, let identifier = try UserDatabase.groupID(group) {
                let none = uid_t.max  // "Leave as it is", chown(2).
                try SystemCall.run("chown", path) { chown(path, none, identifier) }
                belongsToGroup = true
            } else {
                belongsToGroup = false
            }
            try FileSystem.changeMode(path, mode)
        } catch {
            _ = unlink(path)
            throw .system(error)
        }
        fileNumber = Self.fileNumber(path)
    }

    /// Removes the file; connections that were accepted live on.
    deinit {
        if fileNumber != nil, Self.fileNumber(path) == fileNumber { _ = unlink(path) }
    }

    private static func fileNumber(_ path: String) -> UInt64? {
        var found = stat()
        return lstat(path, &found) == 0 ? UInt64(found.st_ino) : nil
    }

    /// The next waiting connection; `nil` when there is none.
    package func accept() throws(SystemError) -> ControlConnection? {
        while true {
            let number = ipop_local_accept(descriptor.rawValue)
            if number >= 0 { return try ControlConnection(FileDescriptor(adopting: number)) }
            switch -number {
            case EAGAIN: return nil
            // The client gave up in between.
            case EINTR, ECONNABORTED: continue
            default: throw SystemCall.failure("accept4", -number, path)
            }
        }
    }

    private static func listen(_ path: String) throws(ControlSocketError) -> FileDescriptor {
        do throws(SystemError) {
            return FileDescriptor(adopting: try SystemCall.shim("bind", path) { ipop_local_listen(path, 0o600) })
        } catch {
            guard error.errno == EADDRINUSE else { throw .system(error) }
        }
        let found: FileSystem.Status?
        do throws(SystemError) { found = try FileSystem.status(path) } catch { throw .system(error) }
        if let found, found.kind != .socket { throw .notSocket(path) }
        return try replaceStale(path)
    }

    private static func replaceStale(_ path: String) throws(ControlSocketError) -> FileDescriptor {
        let number = ipop_local_connect(path, 1_000)
        if number >= 0 {
            _ = FileDescriptor(adopting: number)
            throw .inUse(path)
        }
        // Only a refusal proves that nobody listens: a full queue, for one, is a sign of life.
        guard number == -ECONNREFUSED || number == -ENOENT else { throw .inUse(path) }
        do throws(SystemError) {
            try FileSystem.remove(path)
            return FileDescriptor(adopting: try SystemCall.shim("bind", path) { ipop_local_listen(path, 0o600) })
        } catch {
            throw .system(error)
        }
    }
}
