import CLinuxShims
import Glibc

/// Files as the gateway needs them: read whole with a limit, written whole or not at all.
package enum FileSystem {
    /// Who a file belongs to.
    package struct Owner: Equatable, Sendable {
        package let user: UInt32
        package let group: UInt32

        package init(user: UInt32, group: UInt32) {
            self.user = user
            self.group = group
        }
    }

    /// What a name stands for.
    package enum Kind: Equatable, Sendable {
        case file
        case directory
        case socket
        case other
    }

    /// What the kernel knows about a file.
    package struct Status: Equatable, Sendable {
        package let kind: Kind
        /// Permission bits, 0o7777 at most.
        package let mode: UInt32
        package let owner: Owner
        package let byteCount: Int64
        /// Last change of the content, seconds since 1970.
        package let modified: Int64
    }

    /// The content of a file of at most `limit` bytes; a longer one gives EFBIG.
    package static func read(_ path: String, limit: Int = 1 << 20) throws(SystemError) -> [UInt8] {
        let file = FileDescriptor(adopting: try SystemCall.run("open", path) { open(path, O_RDONLY | O_CLOEXEC) })
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(limit + 1, 65_536))
        while true {
            let count = try SystemCall.run("read", path) { Glibc.read(file.rawValue, &chunk, chunk.count) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            if bytes.count > limit { throw SystemError(call: "read", errno: EFBIG, subject: path) }
        }
    }

    /// Like `read`; `nil` when there is no such file.
    package static func readIfPresent(_ path: String, limit: Int = 1 << 20) throws(SystemError) -> [UInt8]? {
        do throws(SystemError) {
            return try read(path, limit: limit)
        } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
    }

    /// Replaces a file's content: after a crash or a power loss it is the old one or the new one, whole.
    ///
    /// The new content stands in a temporary file of the same directory, is on the disk, and has its mode and owner
    /// before it takes the name. On an error the old file is untouched and the temporary one is gone. A symbolic link
    /// is replaced, not followed.
    package static func write(
        _ path: String, _ bytes: [UInt8], mode: UInt32, owner: Owner? = nil
    ) throws(SystemError) {
        let (directory, name) = split(path)
        var template = Array("\(directory)/.\(name).XXXXXX".utf8CString)
        let file = FileDescriptor(
            adopting: try SystemCall.shim("mkostemp", path) { ipop_temporary_file(&template) })
        let temporary = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        do throws(SystemError) {
            try writeAll(file.rawValue, bytes, path)
            if let owner {
                try SystemCall.run("fchown", path) { fchown(file.rawValue, owner.user, owner.group) }
            }
            try SystemCall.run("fchmod", path) { fchmod(file.rawValue, mode) }
            try SystemCall.run("fsync", path) { fsync(file.rawValue) }
            try SystemCall.run("rename", path) { rename(temporary, path) }
        } catch {
            _ = unlink(temporary)
            throw error
        }
        try synchronize(directory: directory)
    }

    /// Writes into an existing file as it is, for /proc and /sys.
    static func writeInPlace(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
        let file = FileDescriptor(adopting: try SystemCall.run("open", path) { open(path, O_WRONLY | O_CLOEXEC) })
        try writeAll(file.rawValue, bytes, path)
    }

    /// Makes a directory with exactly this mode; one that exists is left as it is. With `parents`, missing ones above
    /// are made too, with mode 0755.
    package static func makeDirectory(
        _ path: String, mode: UInt32, owner: Owner? = nil, parents: Bool = false
    ) throws(SystemError) {
        if parents {
            let above = split(path).directory
            if above != "/", above != ".", !exists(above) {
                try makeDirectory(above, mode: 0o755, parents: true)
            }
        }
        do throws(SystemError) {
            try SystemCall.run("mkdir", path) { mkdir(path, mode & 0o700) }
        } catch {
            if error.errno == EEXIST, try status(path)?.kind == .directory { return }
            throw error
        }
        if let owner { try changeOwner(path, owner) }
        // Last, and apart from mkdir(2): the umask does not count, and nobody looks in before the owner is right.
        try SystemCall.run("chmod", path) { chmod(path, mode) }
    }

    /// Removes a file, a socket or an empty directory; returns whether there was one.
    @discardableResult
    package static func remove(_ path: String) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try SystemCall.run("remove", path) { Glibc.remove(path) }
            return true
        } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { return false }
            throw error
        }
    }

    /// Whether the name exists and can be looked at; symbolic links are followed.
    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Opens an existing file for reading and writing and closes it at once: whether this process could use it.
    package static func tryOpening(_ path: String) throws(SystemError) {
        _ = FileDescriptor(adopting: try SystemCall.run("open", path) { open(path, O_RDWR | O_CLOEXEC) })
    }

    /// The names in a directory, sorted, without `.` and `..`.
    package static func list(_ path: String) throws(SystemError) -> [String] {
        guard let directory = opendir(path) else { throw SystemCall.failure("opendir", errno, path) }
        defer { closedir(directory) }
        var names: [String] = []
        while true {
            // A null result means the end as well as an error; only errno tells them apart.
            errno = 0
            guard let entry = readdir(directory) else {
                if errno != 0 { throw SystemCall.failure("readdir", errno, path) }
                return names.sorted()
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }

    /// What stands under a name, the link itself if it is one; `nil` when nothing does.
    package static func status(_ path: String) throws(SystemError) -> Status? {
        var found = stat()
        do throws(SystemError) {
            try SystemCall.run("lstat", path) { lstat(path, &found) }
        } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { return nil }
            throw error
        }
        let kind: Kind =
            switch found.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFSOCK: .socket
            default: .other
            }
        return Status(
            kind: kind, mode: found.st_mode & 0o7777, owner: Owner(user: found.st_uid, group: found.st_gid),
            byteCount: Int64(found.st_size), modified: Int64(found.st_mtim.tv_sec))
    }

    /// Changes who a file belongs to; a symbolic link is not followed.
    package static func changeOwner(_ path: String, _ owner: Owner) throws(SystemError) {
        try SystemCall.run("lchown", path) { lchown(path, owner.user, owner.group) }
    }

    /// Changes a file's permission bits.
    package static func changeMode(_ path: String, _ mode: UInt32) throws(SystemError) {
        try SystemCall.run("chmod", path) { chmod(path, mode) }
    }
}

extension FileSystem {
    private static func writeAll(_ number: Int32, _ bytes: [UInt8], _ path: String) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            done += try SystemCall.run("write", path) {
                bytes.withUnsafeBytes { Glibc.write(number, $0.baseAddress! + done, bytes.count - done) }
            }
        }
    }

    /// A new name is only safe when the directory that holds it is on the disk.
    private static func synchronize(directory: String) throws(SystemError) {
        let handle = FileDescriptor(
            adopting: try SystemCall.run("open", directory) { open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
        try SystemCall.run("fsync", directory) { fsync(handle.rawValue) }
    }

    /// The directory that holds a name (`.` when none is given) and the last part of the name.
    private static func split(_ path: String) -> (directory: String, name: String) {
        var trimmed = path[...]
        while trimmed.utf8.count > 1, trimmed.utf8.last == UInt8(ascii: "/") { trimmed = trimmed.dropLast() }
        guard let slash = trimmed.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", String(trimmed)) }
        let directory = trimmed[..<slash]
        return (directory.isEmpty ? "/" : String(directory), String(trimmed[trimmed.index(after: slash)...]))
    }
}
