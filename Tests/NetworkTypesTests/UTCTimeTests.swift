import NetworkTypes
import Testing

@Suite struct UTCTimeTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (951_782_399, "2000-02-28T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"), (4_107_542_400, "2100-03-01T00:00:00Z"), (1_795_446_245, "2026-11-23T15:04:05Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"), (-62_167_219_200, "0000-01-01T00:00:00Z"),
    ])
    func `a time is printed and read`(seconds: Int, text: String) throws {
        #expect(UTCTime(unixSeconds: Int64(seconds)).description == text)
        #expect(try #require(UTCTime(text)).unixSeconds == Int64(seconds))
    }

    @Test func `every day of eight centuries survives the way there and back`() {
        var previous: UTCTime?
        for day in Int64(-150_000)...150_000 {
            let time = UTCTime(unixSeconds: day * 86_400 + 1)
            #expect(time.unixSeconds == day * 86_400 + 1)
            if let previous, time.day != previous.day + 1 {
                #expect(time.day == 1 && (time.month == previous.month % 12 + 1))
            }
            previous = time
        }
    }

    @Test func `offsets and fractions are understood`() throws {
        let time = try #require(UTCTime("2026-11-23T15:04:05Z"))
        #expect(UTCTime("2026-11-23T16:04:05+01:00") == time)
        #expect(UTCTime("2026-11-23t09:34:05.999-05:30") == time)
    }

    @Test(arguments: [
        "", "2026-11-23", "2026-11-23T15:04:05", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-23T24:00:00Z",
        "2026-11-23T15:04:60Z", "2026-11-23T15:04:05.Z", "2026-11-23T15:04:05+1:00", "2026-11-23T15:04:05Zz",
        "+026-11-23T15:04:05Z", "2026-11-23T15:04:05+24:00",
    ])
    func `what is not a time is refused`(text: String) {
        #expect(UTCTime(text) == nil)
    }

    @Test func `times beyond the calendar stop at its ends`() {
        #expect(UTCTime(unixSeconds: .max).year == 9_999)
        #expect(UTCTime(unixSeconds: .min).year == 0)
    }
}
