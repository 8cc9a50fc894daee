import FuzzTargets
import Testing

/// Every input that is kept, through the same functions that the fuzzers call.
@Suite struct FuzzReplayTests {
    /// Beyond this an input is not something that a person can look at.
    private static let byteCountLimit = 64 * 1_024
    /// Cuts of one input: each is a run, and a handshake takes milliseconds.
    private static let cutCount = 16

    @Test(arguments: FuzzTarget.allCases) func `every kept input is dealt with, whole and cut short`(
        target: FuzzTarget
    ) {
        let paths = Corpus.paths(target)
        #expect(paths.count >= 3, "the corpus of \(target.rawValue) is missing")
        for path in paths {
            let input = Corpus.read(path)
            #expect(input.count <= Self.byteCountLimit, "\(path)")
            let cuts = Set((0...Self.cutCount).map { input.count * $0 / Self.cutCount }).sorted()
            for count in cuts {
                #expect(throws: Never.self, "the first \(count) bytes of \(path)") {
                    try target.run(Array(input.prefix(count)))
                }
            }
        }
    }

    @Test func `every folder of the corpus has a target`() {
        let known = Set(FuzzTarget.allCases.map(\.rawValue) + ["authority.pem"])
        #expect(Set(Corpus.names(in: Corpus.folder)) == known)
    }

    /// The seeds get behind the first checks: what nobody can reach is not tested by what follows.
    @Test(arguments: ["ufl", "lsu", "cern"]) func `the seeds are genuine`(site: String) throws {
        let certificate = "\(Corpus.folder)/\(FuzzTarget.certificate.rawValue)/seed-\(site)"
        #expect(try CertificateSeedCheck.site(of: Corpus.read(certificate)) == site)
    }
}
