import Testing

/// The rules themselves can tell right from wrong.
@Suite struct RulesTests {
    @Test func `comments and strings are not code`() {
        let file = SourceFile(
            path: "A.swift",
            text: """
                let a = "print(\\(f("x")))" // print(
                /* print( /* nested */ print( */ let b = #"a "quoted" \\(b)"#; c()
                func `print( me`() {}
                """)
        #expect(!file.code.joined().contains("print("))
        #expect(file.code[1].hasSuffix("; c()"))
        #expect(file.code.map(\.count) == file.lines.map(\.count))
    }

    @Test func `a function reaches from its name to its brace`() {
        let file = SourceFile(
            path: "A.swift",
            text: """
                protocol P {
                    func required(_ a: Int)
                    init()
                    func other()
                }
                struct S {
                    init(
                        a: Int = { 1 }()
                    ) {
                        self.init()
                    }
                    func f() { }
                }
                """)
        #expect(
            FunctionFinder.swift(file) == [FunctionSpan(line: 7, lineCount: 5), FunctionSpan(line: 12, lineCount: 1)])
    }

    @Test func `a C function reaches from its brace to its brace`() {
        let file = SourceFile(path: "a.c", text: "struct s { int a; };\nint f(int a)\n{\n  if (a) { }\n}\n")
        #expect(FunctionFinder.c(file) == [FunctionSpan(line: 3, lineCount: 3)])
    }

    @Test func `loops over unordered collections are seen`() {
        let text = """
            var table: [String: Int] = [:]
            let set: Set<Int>
            let list: [Int] = []
            for x in table { }
            for x in table.keys.sorted() { }
            for x in list { }
            let a = set.map { $0 }
            let b = set.map { $0 }.sorted()
            let c = table.values.reduce(0, +)
            """
        let file = SourceFile(path: "A.swift", text: text)
        let found = UnorderedIteration.find(in: file, named: UnorderedIteration.names(in: file))
        #expect(found.map(\.line).sorted() == [4, 7, 9])
    }

    @Test func `declarations without a comment are seen`() {
        let text = """
            /// Documented.
            package struct A {
                package init() {}
                package func open() {}
                /// Documented.
                @inlinable
                package func shut() {}
                package static func < (a: A, b: A) -> Bool { true }
            }
            package enum B {}
            """
        #expect(DocComments.missing(in: SourceFile(path: "A.swift", text: text)).map(\.line) == [4, 10])
    }
}
