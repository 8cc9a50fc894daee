import ControlProtocol
import NetworkTypes
import Testing

@Suite struct JSONTests {
    private static let allowed: [(String, JSONValue)] = [
        ("null", .null), (" true ", true), ("false", false), ("0", 0), ("-0", 0), ("-12", -12),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .unsigned(9_223_372_036_854_775_808)), ("18446744073709551615", .unsigned(.max)),
        ("0.4", 0.4), ("1e3", 1000.0), ("-1.5E-1", -0.15), ("18446744073709551616", 18_446_744_073_709_551_616.0),
        (#""""#, ""), (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"), (#""é\u00e9\ud83d\ude00😀""#, "éé😀😀"),
        ("[]", []), ("[1,[ ],{}]", [1, [], [:]]), ("{\"b\":1,\"a\":[null]}", ["b": 1, "a": [nil]]),
        ("\t{\r\n}\n", [:]),
    ]

    @Test(arguments: allowed)
    func `what the grammar allows is read`(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "tru", "True", "+1", "01", "1.", ".5", "1e", "1e+", "-", "--1", "0x10", "NaN",
        "Infinity", "1e999", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", "{\"a\"", "{\"a\":", "{\"a\":1",
        "{\"a\":1,}",
        "{a:1}", "{\"a\":1 \"b\":2}", "{\"a\":1,\"a\":2}", "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
        "\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"", "\"\u{1}\"", "1 2", "null,",
        "'a'", "// x\n1", "\u{feff}1",
    ])
    func `what the grammar does not allow is refused`(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test(arguments: [
        [0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xe2, 0x82, 0x22],
    ])
    func `a string that is not UTF-8 is refused`(bytes: [UInt8]) {
        #expect(throws: JSONError.invalidString(offset: 0)) { try JSONValue(parsing: bytes) }
    }

    @Test func `nesting is bounded`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }

        _ = try JSONValue(parsing: nested(JSONLimits.depth))
        #expect(throws: JSONError.tooDeep(offset: JSONLimits.depth)) {
            try JSONValue(parsing: nested(JSONLimits.depth + 1))
        }
        #expect(throws: JSONError.tooDeep(offset: JSONLimits.depth)) {
            try JSONValue(parsing: String(repeating: "[", count: 500_000))
        }
    }

    @Test func `length is bounded`() {
        #expect(throws: JSONError.tooLong) {
            try JSONValue(parsing: [UInt8](repeating: 0x20, count: JSONLimits.byteCount + 1))
        }
    }

    @Test func `a text cut short at any byte is refused`() throws {
        let bytes = Array(Example.report.json.compact.utf8)

        for count in 0..<bytes.count {
            #expect(throws: JSONError.self) { try JSONValue(parsing: Array(bytes[..<count])) }
        }
        _ = try JSONValue(parsing: bytes)
    }

    @Test func `changed bytes never trap, and what is still read prints as something that reads the same`() throws {
        let original = Array(Example.report.json.compact.utf8)
        var random = SeededRandom(seed: 77)
        var readable = 0

        for _ in 0..<3_000 {
            var bytes = original
            for _ in 0...random.below(3) {
                bytes[Int(random.below(UInt64(bytes.count)))] = UInt8(truncatingIfNeeded: random.nextWord())
            }
            guard let value = try? JSONValue(parsing: bytes) else { continue }
            readable += 1
            #expect(try JSONValue(parsing: value.compact) == value)
            _ = try? GatewayReport(json: value)
        }
        #expect(readable > 0)
    }

    private static let printed: [(JSONValue, String)] = [
        (.number(0.4), "0.4"), (.number(0), "0.0"), (.number(12_100), "12100.0"), (.number(.nan), "null"),
        (.number(.infinity), "null"), (.unsigned(.max), "18446744073709551615"),
        (JSONValue(Int64.min), "-9223372036854775808"),
        (.tenths(0.449), "0.4"), (.tenths(99.96), "100.0"), (.tenths(nil), "null"),
        (.string("a\"b\\c/\u{0}\u{1f}\u{7f}\u{9b}é\n"), #""a\"b\\c/\u0000\u001f\u007f\u009bé\n""#),
        (["b": 1, "a": [true, nil]], #"{"b":1,"a":[true,null]}"#),
    ]

    @Test(arguments: printed)
    func `values print in one way`(value: JSONValue, text: String) {
        #expect(value.compact == text)
    }

    @Test func `the pretty form is indented by two`() {
        let value: JSONValue = ["a": [1, [:]], "b": []]

        #expect(value.pretty == "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}")
    }

    @Test func `integers have one representation`() {
        #expect(JSONValue(UInt64(5)) == .integer(5))
        #expect(JSONValue(UInt64.max) == .unsigned(.max))
        #expect(JSONValue(Int8(-1)) == .integer(-1))
    }

    @Test func `members keep their order when they are replaced and removed`() {
        var object: JSONObject = ["a": 1, "b": 2, "c": 3]

        object["b"] = 9
        object["a"] = nil
        object["d"] = 4

        #expect(JSONValue.object(object).compact == #"{"b":9,"c":3,"d":4}"#)
    }
}
