import Glibc

/// The inputs that are kept: real messages, and what fuzzers have found worth keeping.
package enum Corpus {
    /// FuzzTesting/Corpus, from where this file was compiled.
    package static let folder: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(2).joined(separator: "/") + "/Corpus"
    }()

    /// The paths of a target's inputs, sorted.
    package static func paths(_ target: FuzzTarget) -> [String] {
        names(in: "\(folder)/\(target.rawValue)").map { "\(folder)/\(target.rawValue)/\($0)" }
    }

    /// Names in a folder, sorted; none when it is not there.
    package static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// The whole of a file; empty when it cannot be read.
    package static func read(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "rb") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    /// Replaces a file.
    static func write(_ bytes: [UInt8], _ path: String) {
        guard let file = fopen(path, "wb") else { return }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }
}
