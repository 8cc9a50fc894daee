import NetworkTypes
import Testing

@Suite struct UsageTests {
    @Test(arguments: ["", "grid ", "grid create ", "cert ", "cert issue ", "join ", "check ", "leave ", "lab "])
    func `every command tells the version`(command: String) throws {
        let answer = try CommandRun().ipop(command + "--version")

        #expect(answer.exitCode == 0)
        #expect(answer.output == "ipop \(ProgramVersion.text)\n")
    }

    @Test(arguments: [
        "grid", "grid create", "grid profile", "cert", "cert request", "cert issue", "cert renew", "cert revoke",
        "cert show",
        "cert verify", "publish", "join", "check", "plan", "leave",
    ])
    func `every command has an overview and a discussion`(command: String) throws {
        let answer = try CommandRun().ipop(command + " --help")
        let paragraphs = answer.output.split(separator: "\n\n")

        #expect(answer.exitCode == 0)
        #expect(paragraphs.count >= 3 && paragraphs[0].hasPrefix("OVERVIEW: "))
        #expect(paragraphs.dropFirst().first?.hasPrefix("USAGE") == false)
    }

    @Test(arguments: [
        ("cehck", "unknown command 'ipop cehck'; did you mean 'check'?"),
        ("cert isue lsu", "unknown command 'ipop cert isue'; did you mean 'issue'?"),
        ("check --config-dri etc", "Unknown option '--config-dri'"),
        ("cert issue lsu", "Missing expected argument '--ca <dir>'"),
        ("grid create Physics --pool 10.128.0.0/9 --out ca", "a name has \(SiteName.rule)"),
        ("grid create physics --pool 10.128.0.1/9 --out ca", "did you mean 10.128.0.0/9?"),
        ("grid create physics --pool 127.0.0.0/8 --out ca", "--pool 127.0.0.0/8 cannot be routed between sites"),
        ("grid create p --pool 10.0.0.0/8 10.1.0.0/16 --out ca", "--pool 10.1.0.0/16 overlaps --pool 10.0.0.0/8"),
        ("grid create p --pool 10.0.0.0/8 --days 0 --out ca", "--days must be from 1 to 36525"),
        ("cert issue lsu --ca ca --bootstrap gw --out x", "it must be HOST:PORT"),
        ("join x --lan eth1 --mode bridged", "--mode bridged needs --bridged-subnet"),
        ("join x --lan eth1 --bridged-subnet 10.128.16.0/20", "--bridged-subnet is for --mode bridged"),
        ("join x --lan eth1 --mode bridged --bridged-subnet 10.128.16.1/20", "did you mean 10.128.16.0/20?"),
        ("join x --lan eth1 --mode briged", "--mode must be routed or bridged, not 'briged'"),
        ("join x --lan eth/1", "a name has 1 to 15 characters"), ("join x --lan e --listen 0", "--listen must be"),
    ])
    func `a wrong command line is code 2 and says what is wrong`(arguments: String, expected: String) throws {
        let run = try CommandRun()
        let answer = try run.ipop(arguments)

        #expect(answer.exitCode == 2)
        #expect(answer.errors.hasPrefix("ipop: error: "))
        #expect(answer.errors.contains(expected), "\(answer.errors)")
        #expect(answer.output.isEmpty)
        #expect(!run.exists("ca"))
    }
}
