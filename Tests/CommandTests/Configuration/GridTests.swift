import Testing

@Suite struct GridTests {
    @Test func `a grid is a key for its owner alone, a certificate and a profile`() throws {
        let run = try CommandRun()
        let answer = try run.require("grid create physics --pool 10.128.0.0/9 --pool fd00:77::/32 --out ca/")

        #expect(answer.output.contains("grid physics, pool 10.128.0.0/9, fd00:77::/32"))
        #expect(try run.mode("ca") == 0o700 && run.mode("ca/ca.key") == 0o600)
        #expect(try run.mode("ca/ca.crt") == 0o644 && run.mode("ca/grid.yaml") == 0o644)
        #expect(try run.read("ca/grid.yaml").contains("  - \"fd00:77::/32\"\n"))
        let text = try run.run("/usr/bin/openssl", ["x509", "-in", "ca/ca.crt", "-noout", "-text"])
        #expect(text.exitCode == 0 && text.output.contains("sbgp-ipAddrBlock: critical"))
    }

    @Test func `a new profile is signed, later than the one before, and keeps what is not given`() throws {
        let run = try CommandRun()
        try run.require("grid create physics --pool 10.128.0.0/9 --lease-seconds 900 --out ca")
        let before = try run.read("ca/grid.yaml")
        let answer = try run.require("grid profile --ca ca --pool 10.128.0.0/9 fd00:77::/32")
        let after = try run.read("ca/grid.yaml")

        #expect(answer.output.contains("pool 10.128.0.0/9, fd00:77::/32, leases of 900 s"))
        #expect(after != before && after.contains("lease-seconds: 900") && after.contains("fd00:77::/32"))
        try run.require("cert issue ufl --ca ca --subnet 192.168.10.0/24 --out ufl.ipop")
        try run.require("grid profile --ca ca --lease-seconds 7200")
        #expect(try run.read("ca/grid.yaml").contains("lease-seconds: 7200"))
        #expect(try run.ipop("grid profile --ca ca").exitCode == 2)
        #expect(try run.ipop("grid profile --ca ca --lease-seconds 5").errors.contains("from 120 to 86400"))
    }

    @Test func `an authority is never overwritten`() throws {
        let run = try CommandRun()
        try run.require("grid create physics --pool 10.128.0.0/9 --out ca")
        let before = try run.read("ca/ca.key")
        let answer = try run.ipop("grid create chemistry --pool 10.128.0.0/9 --out ca")

        #expect(answer.exitCode == 2)
        #expect(answer.errors.hasPrefix("ipop: error: ca/ca.key exists already"))
        #expect(try run.read("ca/ca.key") == before)
    }
}
