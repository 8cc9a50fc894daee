import Glibc

/// The few things that a lab does with files, by the C library: Foundation would be 45 MB in a static `ipop`.
enum Files {
    /// The largest file that is read whole: logs and records.
    static let readLimit = 64_000_000

    /// The whole of a file as text; nil when it cannot be read.
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < readLimit {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 { return nil }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Replaces a file in one step, so that another process never reads half of it.
    static func replace(_ path: String, with text: String) throws(LabError) {
        let draft = "\(path).new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .file(path: draft, reason: systemErrorText(errno)) }
        let bytes = Array(text.utf8)
        let written = write(descriptor, bytes, bytes.count)
        guard close(descriptor) == 0, written == bytes.count, rename(draft, path) == 0 else {
            throw .file(path: path, reason: systemErrorText(errno))
        }
    }

    /// Makes a directory; that it is there already is an error only where it must be new.
    static func makeDirectory(_ path: String, mustBeNew: Bool) throws(LabError) {
        if mkdir(path, 0o755) == 0 || (errno == EEXIST && !mustBeNew) { return }
        throw .file(path: path, reason: systemErrorText(errno))
    }

    /// Whether there is anything at a path.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether this process may run what is at a path.
    static func isProgram(_ path: String) -> Bool {
        var found = stat()
        return stat(path, &found) == 0 && found.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }

    /// The path of the program that this process runs.
    static var ownProgram: String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes {
            readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }

    /// The directory that a path stands in.
    static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// A lock on a directory that one process at a time holds; the kernel gives it back when its holder ends.
struct FileLock {
    private let descriptor: Int32

    /// Waits until the lock is free. Who holds it only writes a file.
    init(_ directory: String) throws(LabError) {
        descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(path: directory, reason: systemErrorText(errno)) }
        while flock(descriptor, LOCK_EX) != 0 {
            let code = errno
            if code == EINTR { continue }
            close(descriptor)
            throw .file(path: directory, reason: systemErrorText(code))
        }
    }

    func release() { close(descriptor) }
}

/// The words that this process was started with: `NAME` to value.
enum Environment {
    /// As it was when the process started.
    static let own: [String: String] = {
        let text = Files.read("/proc/self/environ") ?? ""
        let pairs = text.split(separator: "\0").compactMap { entry -> (String, String)? in
            guard let equals = entry.firstIndex(of: "=") else { return nil }
            return (String(entry[..<equals]), String(entry[entry.index(after: equals)...]))
        }
        return Dictionary(pairs) { first, _ in first }
    }()
}

/// A limit on how long something may take, and how long it has taken.
struct Stopwatch {
    private let start = ContinuousClock.now

    /// Seconds since this was made.
    var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }
}
