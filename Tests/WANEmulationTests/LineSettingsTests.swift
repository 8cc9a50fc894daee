import Testing

@testable import WANEmulation

@Suite struct LineSettingsTests {
    @Test(arguments: [("0%", 0), ("1%", 10_000), ("0.1%", 1_000), ("12.345%", 123_450), ("100%", 1_000_000)])
    func `shares are percentages`(text: String, millionths: UInt64) throws {
        let share = try #require(Share(text))

        #expect(share.millionths == millionths && share.description == text)
    }

    @Test(arguments: ["", "1", "%", "101%", "100.1%", "-1%", "1.%", ".5%", "1.23456%", "1.2.3%", "a%"])
    func `what is no percentage is refused`(text: String) {
        #expect(Share(text) == nil)
    }

    @Test(arguments: ["1kbit", "100mbit", "10gbit", "1500kbit"])
    func `rates have units`(text: String) throws {
        #expect(try #require(BitRate(text)).description == text)
    }

    @Test(arguments: ["", "100", "mbit", "0mbit", "101gbit", "-1mbit", "99999999999gbit"])
    func `what is no rate is refused`(text: String) {
        #expect(BitRate(text) == nil)
    }

    @Test(arguments: [("20ms", 20_000), ("500us", 500), ("1s", 1_000_000), ("0ms", 0)])
    func `times have units`(text: String, microseconds: Int64) throws {
        let time = try #require(LineTime(text))

        #expect(time.duration == .microseconds(microseconds))
        #expect(LineTime(time.description) == time)
    }

    @Test(arguments: ["", "20", "ms", "11s", "-1ms", "1m", "20001ms"])
    func `what is no time is refused`(text: String) {
        #expect(LineTime(text) == nil)
    }
}
