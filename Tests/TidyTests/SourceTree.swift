import Foundation

/// The package's own files, found from where this file was compiled.
enum SourceTree {
    /// The folder that holds Package.swift.
    static let root: URL = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let folders = ["Sources", "Tests", "Benchmarks", "FuzzTesting"]
    /// Every Swift file of the package, Package.swift included.
    static let swift: [SourceFile] =
        files(under: folders, endings: ["swift"]) + [SourceFile(path: "Package.swift")]
    /// Every C file and header.
    static let c: [SourceFile] = files(under: folders, endings: ["c", "h"])
    /// Every page that people read.
    static let pages: [SourceFile] = files(under: ["docs"], endings: ["md"]) + [SourceFile(path: "README.md")]
    /// Everything that is not Swift, C or Markdown but ships or runs: scripts, units, manual pages.
    static let rest: [SourceFile] = files(under: ["Packaging", "systemd", ".ci", "docs/man"], endings: nil)

    /// The files of one target.
    static func target(_ name: String) -> [SourceFile] {
        guard let folder = PackageManifest.own.target(name)?.folder else { return [] }
        return swift.filter { $0.path.hasPrefix("\(folder)/") }
    }

    private static func files(under folders: [String], endings: Set<String>?) -> [SourceFile] {
        var paths: Set<String> = []
        for folder in folders {
            let enumerator = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
            while let name = enumerator?.nextObject() as? String {
                var isFolder: ObjCBool = false
                let path = "\(folder)/\(name)"
                let exists = FileManager.default.fileExists(
                    atPath: root.appending(path: path).path, isDirectory: &isFolder)
                guard exists, !isFolder.boolValue else { continue }
                if let endings, !endings.contains(URL(filePath: path).pathExtension) { continue }
                paths.insert(path)
            }
        }
        return paths.sorted().map(SourceFile.init(path:))
    }
}

/// One file of the package.
struct SourceFile {
    /// From the package's root.
    let path: String
    let text: String
    /// The lines as they are.
    let lines: [String]
    /// The lines with comments, string contents and raw identifiers blanked out, so that only code is left.
    let code: [String]

    init(path: String) {
        self.init(
            path: path, text: (try? String(contentsOf: SourceTree.root.appending(path: path), encoding: .utf8)) ?? "")
    }

    /// A file that exists only in a test.
    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let isCode = ["swift", "c", "h"].contains(URL(filePath: path).pathExtension)
        code = isCode ? CodeMask.blank(text, swift: path.hasSuffix(".swift")) : lines
    }
}
