import GatewayConfiguration
import NetworkTypes
import Testing
import YAMLReader

@Suite struct GridProfileTests {
    private let profile = GridProfile(
        grid: "physics", pools: [IPPrefix("fd00::/16")!, IPPrefix("10.128.0.0/9")!], created: 1_763_900_000,
        authorityFingerprint: [UInt8](repeating: 0xa5, count: 32), signature: [1, 2, 255])

    private func read(_ text: String) -> (profile: GridProfile?, problems: [ConfigurationProblem]) {
        switch YAMLReader.node(from: Array(text.utf8), file: "grid.yaml") {
        case .success(let root): ConfigurationReader.gridProfile(from: root, file: "grid.yaml")
        case .failure(let problem): (nil, [problem])
        }
    }

    @Test func `what is written is read back to the same`() {
        let reading = read(profile.yamlText)

        #expect(reading.problems.isEmpty)
        #expect(reading.profile == profile)
        #expect(reading.profile?.signedBytes == profile.signedBytes)
    }

    @Test func `the signed bytes are fixed for all time and leave the signature out`() {
        let expected = """
            ipop-grid-profile=1
            grid=physics
            pool=10.128.0.0/9
            pool=fd00::/16
            created=1763900000
            authority=sha256:\(String(repeating: "a5", count: 32))

            """
        var unsigned = profile
        unsigned.signature = []

        #expect(String(decoding: profile.signedBytes, as: UTF8.self) == expected)
        #expect(unsigned.signedBytes == profile.signedBytes)
    }

    @Test func `every field matters to the signed bytes`() {
        var others = [GridProfile](repeating: profile, count: 4)
        others[0].grid = "chemistry"
        others[1].pools.removeLast()
        others[2].created += 1
        others[3].authorityFingerprint[31] ^= 1

        #expect(others.allSatisfy { $0.signedBytes != profile.signedBytes })
    }

    @Test(arguments: [
        ("created: 1763900000", "created: soon", ConfigurationCode.wrongType),
        ("grid: physics", "grid: Physics!", .invalidValue), ("grid: physics", "grdi: physics", .unknownKey),
        ("10.128.0.0/9", "10.128.0.1/9", .invalidValue), ("fd00::/16", "10.129.0.0/16", .overlap),
        ("sha256:a5", "sha256:5", .invalidValue), ("sha256:", "md5:", .invalidValue),
        ("0102ff", "0102f", .invalidValue), ("0102ff", "", .invalidValue),
    ])
    func `a damaged profile is refused`(original: String, damaged: String, code: ConfigurationCode) {
        let parts = profile.yamlText.split(separator: original, maxSplits: 1, omittingEmptySubsequences: false)
        let reading = read(parts.joined(separator: damaged))

        #expect(reading.profile == nil)
        #expect(reading.problems.contains { $0.code == code })
    }
}
