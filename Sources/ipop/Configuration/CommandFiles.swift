import LinuxSystem

/// Files of commands, with errors that say what was tried.
enum CommandFiles {
    /// The text of a file.
    static func readText(_ path: String) throws(CommandFailure) -> String {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileSystem.read(path)
        } catch {
            throw CommandFailure("read", error)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure("\(path) is not a text file")
        }
        return text
    }

    /// The text of a file; `nil` when there is none.
    static func readTextIfPresent(_ path: String) throws(CommandFailure) -> String? {
        FileSystem.exists(path) ? try readText(path) : nil
    }

    /// Writes a file whole or not at all, with exactly this mode.
    static func write(
        _ path: String, _ text: String, mode: UInt32, owner: FileSystem.Owner? = nil
    ) throws(CommandFailure) {
        do throws(SystemError) {
            try FileSystem.write(path, Array(text.utf8), mode: mode, owner: owner)
        } catch {
            throw CommandFailure("write", error)
        }
    }

    /// Makes a directory and what is missing above it; one that exists stays as it is.
    static func makeDirectory(
        _ path: String, mode: UInt32, owner: FileSystem.Owner? = nil
    ) throws(CommandFailure) {
        do throws(SystemError) {
            try FileSystem.makeDirectory(path, mode: mode, owner: owner, parents: true)
        } catch {
            throw CommandFailure("make the directory", error)
        }
    }

    /// Refuses to overwrite a file that is not of the kind to be written, such as a key named by mistake: `kind` holds
    /// a `label` block.
    static func refuseStranger(_ path: String, kind: String, label: String) throws(CommandFailure) {
        guard let text = try readTextIfPresent(path), !text.isEmpty else { return }
        if !text.split(whereSeparator: \.isNewline).contains("-----BEGIN \(label)-----") {
            throw CommandFailure("\(path) exists and is not a \(kind); choose another name")
        }
    }

    /// The names in a directory, sorted; none when there is no such directory.
    static func list(_ path: String) throws(CommandFailure) -> [String] {
        guard FileSystem.exists(path) else { return [] }
        do throws(SystemError) {
            return try FileSystem.list(path)
        } catch {
            throw CommandFailure("list", error)
        }
    }
}
