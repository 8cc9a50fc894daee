/// What Package.swift says about targets, read from its text.
struct PackageManifest {
    /// The kinds of target that Package.swift tells apart.
    enum Kind: String {
        case pure, outside, program, tests, plain = ".target", systemLibrary = ".systemLibrary", executable =
            ".executableTarget"
    }

    struct Target {
        let name: String
        let kind: Kind
        /// Where its files stand, from the package's root.
        let folder: String
        /// Names of modules that it may import.
        let dependencies: Set<String>
    }

    let targets: [Target]

    static let own = PackageManifest(file: SourceFile(path: "Package.swift"))

    init(file: SourceFile) {
        let products = Self.products(file.text)
        // Strings are wanted here, comments are not: take a line's text where its code is not blank.
        let lines = zip(file.lines, file.code).map { line, code in
            line.trimmingPrefix(while: \.isWhitespace).hasPrefix("//") || code.allSatisfy(\.isWhitespace) ? "" : line
        }
        let text = lines.joined(separator: "\n")
        guard let start = text.firstRange(of: "targets: [\n") else {
            targets = []
            return
        }
        var rest = text[start.upperBound...]
        var found: [Target] = []
        let head = /(pure|outside|program|tests|\.target|\.systemLibrary|\.executableTarget)\(/
        while let match = rest.firstMatch(of: head), let kind = Kind(rawValue: String(match.1)) {
            let arguments = Self.balanced(rest[match.range.upperBound...])
            if let target = Self.target(kind, arguments: arguments, products: products) { found.append(target) }
            rest = rest[arguments.endIndex...]
        }
        targets = found
    }

    func target(_ name: String) -> Target? { targets.first { $0.name == name } }

    /// Targets that `name` links, itself among them.
    func closure(of name: String) -> Set<String> {
        var reached: Set<String> = []
        var open = [name]
        while let next = open.popLast() {
            guard reached.insert(next).inserted else { continue }
            open += (target(next)?.dependencies ?? []).sorted()
        }
        return reached
    }

    /// `let heap: Target.Dependency = .product(name: "HeapModule", ...)`: the variable and the module.
    private static func products(_ text: String) -> [String: String] {
        let line = /let (\w+): Target\.Dependency = \.product\(name: "(\w+)"/
        return Dictionary(uniqueKeysWithValues: text.matches(of: line).map { (String($0.1), String($0.2)) })
    }

    private static func target(_ kind: Kind, arguments: Substring, products: [String: String]) -> Target? {
        guard let name = arguments.firstMatch(of: /"([\w-]+)"/)?.1 else { return nil }
        var dependencies: Set<String> = []
        if kind != .systemLibrary, let open = arguments.firstIndex(of: "["),
            let close = arguments[open...].firstIndex(of: "]")
        {
            let list = arguments[open..<close]
            dependencies.formUnion(list.matches(of: /"(\w+)"/).map { String($0.1) })
            for word in list.split(whereSeparator: { !$0.isLetter }) {
                if let module = products[String(word)] { dependencies.insert(module) }
            }
        }
        let usual = kind == .tests ? "Tests/\(name)" : "Sources/\(name)"
        let folder = arguments.firstMatch(of: /path: "([^"]+)"/).map { String($0.1) } ?? usual
        return Target(name: String(name), kind: kind, folder: folder, dependencies: dependencies)
    }

    /// The text up to the parenthesis that closes what is open at its start.
    private static func balanced(_ text: Substring) -> Substring {
        var depth = 1
        for index in text.indices {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" { depth -= 1 }
            if depth == 0 { return text[..<index] }
        }
        return text
    }
}
