import ControlProtocol
import Testing

@Suite struct TextUnitTests {
    @Test(
        arguments: [
            (0, "0"), (1, "1 B"), (999, "999 B"), (1_000, "1 kB"), (30_000, "30 kB"), (999_499, "999 kB"),
            (999_500, "1.0 MB"), (1_200_000, "1.2 MB"), (9_949_999, "9.9 MB"), (9_950_000, "10 MB"),
            (800_000_000, "800 MB"), (1_200_000_000, "1.2 GB"), (UInt64.max, "18 EB"),
        ] as [(UInt64, String)])
    func `bytes are short`(count: UInt64, text: String) {
        #expect(HumanUnits.bytes(count) == text)
    }

    @Test(
        arguments: [
            (0, "0us"), (999, "999us"), (1_000, "1.0ms"), (12_100, "12.1ms"), (98_000, "98.0ms"), (999_949, "999.9ms"),
            (999_950, "1.00s"), (1_250_000, "1.25s"),
        ] as [(UInt64, String)])
    func `round trips are short`(microseconds: UInt64, text: String) {
        #expect(HumanUnits.roundTrip(microseconds: microseconds) == text)
    }

    @Test(
        arguments: [
            (0, "0s"), (59, "59s"), (60, "1m"), (310, "5m 10s"), (3_600, "1h"), (273_659, "3d 4h"),
            (86_400 * 400, "400d"),
        ] as [(UInt64, String)])
    func `durations show the two largest units`(seconds: UInt64, text: String) {
        #expect(HumanUnits.duration(seconds: seconds) == text)
    }

    @Test(arguments: [
        (0.0, "0%"), (0.04, "0%"), (0.44, "0.4%"), (5, "5%"), (9.96, "10%"), (12.5, "13%"), (100, "100%"),
    ])
    func `percentages are short`(value: Double, text: String) {
        #expect(HumanUnits.percent(value) == text)
    }

    @Test(arguments: [(0, 0), (1, 0), (86_400, 1), (-1, -1), (-86_400, -1), (-86_401, -2)] as [(Int64, Int)])
    func `days left are whole days, and negative once it is over`(seconds: Int64, days: Int) {
        #expect(CertificateReport(notAfter: 1_000 + seconds, now: 1_000, subnets: []).daysLeft == days)
    }

    @Test func `days left do not overflow`() {
        #expect(CertificateReport(notAfter: .max, now: .min, subnets: []).daysLeft > 0)
        #expect(CertificateReport(notAfter: .min, now: .max, subnets: []).daysLeft < 0)
    }

    @Test func `a table's columns are as wide as their widest cell`() {
        var table = TextTable([.init("A", minimumWidth: 3), .init("NUMBER", isRight: true), .init("C")])
        table.rows = [["x", "1", "c"], ["long one", "", "d"], ["y", "22"], [.init("e\u{1b}[2J\u{9b}"), "", "f\n"]]

        #expect(
            table.text(colour: false) == """
                A         NUMBER  C
                x              1  c
                long one          d
                y             22
                e?[2J?            f?

                """)
    }

    @Test func `colours take no room`() {
        var table = TextTable([.init("A"), .init("B")])
        table.rows = [[.init("good", .good), .init("b", .bad)]]

        #expect(
            table.lines(colour: true).map(\.text) == [
                "\u{1b}[1mA\u{1b}[0m     \u{1b}[1mB\u{1b}[0m", "\u{1b}[32mgood\u{1b}[0m  \u{1b}[31mb\u{1b}[0m",
            ])
        #expect(table.lines(colour: true).map(\.width) == [7, 7])
    }

    @Test func `long lines break at blanks`() {
        #expect("  one two three four".wrapped(width: 11, indentation: 4) == ["  one two", "    three", "    four"])
        #expect("aaaaaaaaaaaa bb".wrapped(width: 5, indentation: 1) == ["aaaaaaaaaaaa", " bb"])
        #expect("short".wrapped(width: nil, indentation: 1) == ["short"])
    }
}
