import Glibc
import LinuxSystem
import Testing

@Suite struct FileSystemTests {
    @Test func `a file is written with its mode and read back`() throws {
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/key"
            try FileSystem.write(path, [1, 2, 3], mode: 0o600)
            let status = try #require(try FileSystem.status(path))

            #expect(try FileSystem.read(path) == [1, 2, 3])
            #expect(status.kind == .file && status.mode == 0o600 && status.byteCount == 3)
            #expect(status.owner.user == UserDatabase.currentUserID)
            try FileSystem.write(path, [], mode: 0o644)
            #expect(try FileSystem.read(path) == [])
            #expect(try FileSystem.status(path)?.mode == 0o644)
            #expect(try FileSystem.list(directory) == ["key"])
        }
    }

    @Test func `a file beyond the limit is refused`() throws {
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/long"
            try FileSystem.write(path, [UInt8](repeating: 7, count: 200_000), mode: 0o600)
            #expect(try FileSystem.read(path, limit: 200_000).count == 200_000)
            #expect(throws: SystemError(call: "read", errno: EFBIG, subject: path)) {
                try FileSystem.read(path, limit: 199_999)
            }
        }
    }

    @Test func `what is missing is told by name, or is nothing`() throws {
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/missing"
            #expect { try FileSystem.read(path) } throws: { "\($0)" == "open \(path): No such file or directory" }
            let (content, status) = (try FileSystem.readIfPresent(path), try FileSystem.status(path))
            let wasRemoved = try FileSystem.remove(path)
            #expect(content == nil && status == nil && !wasRemoved)
            #expect(!FileSystem.exists(path))
            #expect(throws: SystemError.self) { try FileSystem.list(path) }
        }
    }

    @Test func `a failed replacement leaves no trace`() throws {
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/taken"
            try FileSystem.makeDirectory(path, mode: 0o755)
            #expect(throws: SystemError(call: "rename", errno: EISDIR, subject: path)) {
                try FileSystem.write(path, [1], mode: 0o600)
            }
            #expect(try FileSystem.list(directory) == ["taken"])
        }
    }

    @Test(.enabled(if: Laboratory.canRun, Laboratory.need))
    func `a full disk leaves the old content`() throws {
        try #require(Laboratory.isPrivileged, "this test needs root")
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/disk/state"
            try FileSystem.makeDirectory("\(directory)/disk", mode: 0o755)
            try Laboratory.run("mount", "-t", "tmpfs", "-o", "size=64k", "none", "\(directory)/disk")
            defer { _ = try? Laboratory.run("umount", "-l", "\(directory)/disk") }
            try FileSystem.write(path, [1, 2, 3], mode: 0o600)

            #expect(throws: SystemError(call: "write", errno: ENOSPC, subject: path)) {
                try FileSystem.write(path, [UInt8](repeating: 9, count: 100_000), mode: 0o600)
            }

            #expect(try FileSystem.read(path) == [1, 2, 3])
            #expect(try FileSystem.list("\(directory)/disk") == ["state"])
            try FileSystem.remove(path)
        }
    }

    @Test func `directories are made with their mode whatever the umask, once`() throws {
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/run"
            try FileSystem.makeDirectory(path, mode: 0o1777)
            try FileSystem.makeDirectory(path, mode: 0o700)
            #expect(try FileSystem.status(path)?.mode == 0o1777)
            #expect(try FileSystem.status(path)?.kind == .directory)
            try FileSystem.makeDirectory("\(path)/a/b/", mode: 0o700, parents: true)
            #expect(try FileSystem.list("\(path)/a") == ["b"])
            #expect(throws: SystemError.self) { try FileSystem.makeDirectory("\(directory)/x/y", mode: 0o700) }
            for name in ["\(path)/a/b", "\(path)/a"] { #expect(try FileSystem.remove(name)) }
            try FileSystem.write("\(directory)/file", [], mode: 0o600)
            #expect(throws: SystemError.self) { try FileSystem.makeDirectory("\(directory)/file", mode: 0o700) }
        }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func `a file is given to its owner before it has its name`() throws {
        try Laboratory.withDirectory { directory in
            let path = "\(directory)/owned"
            let owner = FileSystem.Owner(user: 12_345, group: 54_321)
            try FileSystem.write(path, [1], mode: 0o640, owner: owner)
            #expect(try FileSystem.status(path)?.owner == owner)
            #expect(try FileSystem.status(path)?.mode == 0o640)
            try FileSystem.changeOwner(path, FileSystem.Owner(user: 0, group: 0))
            #expect(try FileSystem.status(path)?.owner == FileSystem.Owner(user: 0, group: 0))
        }
    }

    @Test func `users and groups are found by name`() throws {
        #expect(try UserDatabase.userID("root") == 0)
        #expect(try UserDatabase.groupID("root") == 0)
        #expect(try UserDatabase.primaryGroupID(ofUser: "root") == 0)
        #expect(try UserDatabase.userID("no-such-user-here") == nil)
        #expect(try UserDatabase.groupID("no-such-group-here") == nil)
    }
}
