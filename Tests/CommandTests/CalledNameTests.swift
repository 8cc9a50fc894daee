import NetworkTypes
import Testing

/// The package carries one program for both names.
@Suite struct CalledNameTests {
    @Test func `ipop called ipopd is the gateway`() throws {
        #expect(try run(as: "ipopd", "--version").output == "\(ProgramVersion.text)\n")
        #expect(try run(as: "ipopd", "--help").output.hasPrefix("USAGE: ipopd "))
        let mistake = try run(as: "ipopd", "--typo")

        #expect(mistake.status == 2)
        #expect(mistake.errors == "ipopd: error: unknown argument '--typo'; see 'ipopd --help'\n")
    }

    @Test func `called anything else it is ipop`() throws {
        for name in ["ipop", "ipopd-old", "gateway"] {
            #expect(try run(as: name, "--version").output == "ipop \(ProgramVersion.text)\n")
        }
    }

    /// Runs the built `ipop` by a link of this name.
    private func run(as name: String, _ argument: String) throws -> IpopRun {
        let script = #"""
            directory=$(mktemp -d)
            trap 'rm -r "$directory"' EXIT
            ln -s "$0" "$directory/$1"
            "$directory/$1" "$2"
            """#
        return try IpopRun.run(name, argument, wrapper: ["sh", "-c", script])
    }
}
