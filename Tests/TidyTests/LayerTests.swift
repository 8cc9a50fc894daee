import Testing

/// Who may import and call what.
@Suite struct LayerTests {
    /// Modules that no target lists but anybody outside the pure ones may have.
    private static let system: Set<String> = ["Glibc", "Synchronization", "Dispatch"]
    private static let foundation: Set<String> = ["Foundation", "FoundationEssentials", "FoundationNetworking"]

    @Test func `the manifest is understood`() throws {
        let manifest = PackageManifest.own
        #expect(manifest.targets.filter { $0.kind == .pure }.count >= 9)
        #expect(try #require(manifest.target("GatewayCore")).dependencies.contains("OrderedCollections"))
        #expect(manifest.closure(of: "ipopd").contains("CNetlink"))
    }

    @Test func `imports follow the arrows of the manifest`() {
        let found = PackageManifest.own.targets.flatMap { target in
            SourceTree.target(target.name).flatMap { file in
                imports(of: file).filter { !allowed(target).contains($0.module) }
                    .map {
                        Violation(file: file.path, line: $0.line, what: "\(target.name) may not import \($0.module)")
                    }
            }
        }
        expectNone(found)
    }

    @Test func `every file belongs to a target of the manifest`() {
        let folders = PackageManifest.own.targets.map { $0.folder + "/" }
        let found = SourceTree.swift.filter { file in
            file.path != "Package.swift" && !folders.contains { file.path.hasPrefix($0) }
        }
        #expect(found.isEmpty, "\(found.map(\.path))")
    }

    @Test func `nothing that the daemon links imports Foundation`() {
        let found = PackageManifest.own.closure(of: "ipopd").sorted().flatMap { name in
            SourceTree.target(name).flatMap { file in
                imports(of: file).filter { Self.foundation.contains($0.module) }
                    .map { Violation(file: file.path, line: $0.line, what: "Foundation is linked into ipopd") }
            }
        }
        expectNone(found)
    }

    /// Static Foundation carries ICU, 45 MB of it; the package has 20 MB for everything.
    @Test func `nothing that the Debian package ships imports Foundation`() {
        let found = PackageManifest.own.closure(of: "ipop").sorted().flatMap { name in
            SourceTree.target(name).flatMap { file in
                imports(of: file).filter { Self.foundation.contains($0.module) }
                    .map { Violation(file: file.path, line: $0.line, what: "Foundation would be linked statically") }
            }
        }
        expectNone(found)
    }

    @Test(arguments: [
        ("ContinuousClock", "take `now: Instant`"), ("SuspendingClock", "take `now: Instant`"),
        ("Date(", "take `now: Instant`"),
        (".random(", "take `inout SeededRandom`"), (".shuffled(", "take `inout SeededRandom`"),
        (".randomElement(", "take `inout SeededRandom`"), ("SystemRandomNumberGenerator", "take `inout SeededRandom`"),
        ("print(", "emit an effect"), ("Task {", "no threads"), ("Task.", "no threads"), (" async ", "no threads"),
        ("await ", "no threads"), ("Thread", "no threads"), ("CommandLine.", "take a parameter"),
    ])
    func `pure code is a function of its inputs`(call: String, instead: String) {
        let found = pureFiles.flatMap { file in
            file.code.enumerated().filter { contains($0.element, call: call) }
                .map { Violation(file: file.path, line: $0.offset + 1, what: "\(call) in pure code: \(instead)") }
        }
        expectNone(found)
    }

    /// The order of a Dictionary or Set differs from run to run, and with it everything that is done in that order.
    @Test func `pure code iterates no Dictionary and no Set`() {
        let found = pureFiles.flatMap { file in
            UnorderedIteration.find(in: file, named: UnorderedIteration.names(in: file))
        }
        expectNone(found)
    }

    private var pureFiles: [SourceFile] {
        PackageManifest.own.targets.filter { $0.kind == .pure }.flatMap { SourceTree.target($0.name) }
    }

    private func allowed(_ target: PackageManifest.Target) -> Set<String> {
        switch target.kind {
        case .pure: target.dependencies
        case .outside, .program, .plain, .executable, .systemLibrary:
            target.dependencies.union(Self.system).union(Self.foundation)
        case .tests: target.dependencies.union(Self.system).union(Self.foundation).union(["Testing"])
        }
    }

    private func imports(of file: SourceFile) -> [(line: Int, module: String)] {
        let form =
            #/
            ^\s*(?:@\w+(?:\(\w+\))?\s+)*
            (?:(?:public|package|internal|fileprivate|private)\s+)?import\s+
            (?:(?:struct|class|enum|func|protocol|typealias|var|let)\s+)?(\w+)
            /#
        return file.code.enumerated().compactMap { index, line in
            line.firstMatch(of: form).map { (index + 1, String($0.1)) }
        }
    }

    private func contains(_ line: String, call: String) -> Bool {
        line.ranges(of: call).contains { range in
            guard call.first?.isLetter == true, range.lowerBound > line.startIndex else { return true }
            let before = line[line.index(before: range.lowerBound)]
            return !before.isLetter && !before.isNumber && before != "_" && before != "."
        }
    }
}
