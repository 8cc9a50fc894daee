import ControlProtocol
import Foundation
import NetworkTypes
import OpenSSLLink
import Testing

@Suite struct CertificateCommandTests {
    @Test func `a bundle shows and verifies, and openssl reads its blocks`() throws {
        let run = try CommandRun.withBundle(subnets: "198.51.100.0/25 198.51.100.128/25 2001:db8:20::/48")
        let shown = try run.require("cert show lsu.ipop --json").json()
        let verified = try run.require("cert verify lsu.ipop --ca ca")
        let text = try run.run("/usr/bin/openssl", ["x509", "-in", "lsu.ipop", "-noout", "-text"])

        #expect(try run.mode("lsu.ipop") == 0o600)
        #expect(shown["schema"] == 1 && shown["hasPrivateKey"] == true)
        #expect(shown["certificate"]?["site"] == "lsu" && shown["certificate"]?["grid"] == "physics")
        #expect(shown["certificate"]?["daysLeft"] == 365 || shown["certificate"]?["daysLeft"] == 364)
        #expect(shown["certificate"]?["subnets"] == ["198.51.100.0/24", "2001:db8:20::/48"])
        #expect(shown["exports"] == ["198.51.100.0/25", "198.51.100.128/25", "2001:db8:20::/48"])
        #expect(shown["bootstrap"] == ["gw.example:7867"] && shown["request"] == .null)
        #expect(shown["authority"]?["isAuthority"] == true && shown["profile"]?["pools"] == ["10.128.0.0/9"])
        #expect(verified.output.contains("good; site lsu of grid physics"))
        #expect(text.output.contains("sbgp-ipAddrBlock: critical"))
        #expect(text.output.contains("198.51.100.0/24") && text.output.contains("URI:ipop://physics/lsu"))
    }

    @Test func `no key is ever shown`() throws {
        let run = try CommandRun.withBundle()
        let text = try run.require("cert show lsu.ipop").output + run.require("cert show lsu.ipop --json").output

        #expect(text.contains("private key  in the file"))
        #expect(!text.contains("BEGIN"))
    }

    @Test func `with a request the key stays at the site`() throws {
        let run = try CommandRun.withBundle()
        try run.require("cert request cern --grid physics --out cern.csr --key cern.key")
        let request = try run.require("cert show cern.csr --json").json()
        try run.require("cert issue cern --ca ca --subnet 203.0.113.0/24 --csr cern.csr --out cern.ipop")
        let bundle = try run.require("cert show cern.ipop --json").json()

        #expect(try run.mode("cern.key") == 0o600)
        #expect(request["request"]?["site"] == "cern" && request["request"]?["grid"] == "physics")
        #expect(bundle["hasPrivateKey"] == false)
        #expect(bundle["certificate"]?["node"] == request["request"]?["node"])
        #expect(try !run.read("cern.ipop").contains("PRIVATE KEY"))
        let missing = try run.ipop("join cern.ipop --lan lo --config-dir etc")
        #expect(missing.exitCode == 2 && missing.errors.contains("holds no key"))
        try run.require("join cern.ipop --lan lo --config-dir etc --key cern.key")
        #expect(try run.read("etc/tls/site.key") == run.read("cern.key"))
    }

    @Test func `a request of another site or grid is refused`() throws {
        let run = try CommandRun.withBundle()
        try run.require("cert request cern --grid chemistry --out cern.csr --key cern.key")
        let site = try run.ipop("cert issue lsu --ca ca --csr cern.csr --out x.ipop")
        let grid = try run.ipop("cert issue cern --ca ca --csr cern.csr --out x.ipop")

        #expect(site.exitCode == 2 && site.errors.contains("is the request of site 'cern', not of 'lsu'"))
        #expect(grid.exitCode == 2 && grid.errors.contains("is a request to grid 'chemistry'"))
        #expect(!run.exists("x.ipop"))
    }

    @Test func `asking again with the same key keeps the node address`() throws {
        let run = try CommandRun()
        try run.require("cert request cern --out one.csr --key cern.key")
        try run.require("cert request cern --out two.csr --key cern.key")
        let one = try run.require("cert show one.csr --json").json()
        let two = try run.require("cert show two.csr --json").json()

        #expect(one["request"]?["node"] == two["request"]?["node"])
    }

    @Test func `renewal keeps the key, and joining it keeps the settings`() throws {
        let run = try CommandRun.joined()
        let before = try run.require("cert show etc/tls/site.crt --json").json()
        try run.edit("etc/ipop.yaml", "metric: 50", "metric: 60")
        try run.edit("etc/subnets.map", "lsu ", "ufl * deny\nlsu ")
        try run.require("cert renew lsu --ca ca --days 700 --out renewed.ipop")
        let answer = try run.require("join renewed.ipop --config-dir etc")
        let after = try run.require("cert show etc/tls/site.crt --json").json()

        #expect(answer.output.contains("wrote etc/tls/site.crt") && answer.output.contains("kept  etc/ipop.yaml"))
        #expect(before["certificate"]?["node"] == after["certificate"]?["node"])
        #expect(before["certificate"]?["serial"] != after["certificate"]?["serial"])
        #expect(after["certificate"]?["subnets"] == ["198.51.100.0/24"])
        #expect(try run.read("etc/ipop.yaml").contains("metric: 60"))
        #expect(try run.read("etc/subnets.map").contains("ufl * deny"))
    }

    @Test func `several sites are renewed into a directory`() throws {
        let run = try CommandRun.withBundle()
        try run.require("cert issue ufl --ca ca --subnet 192.0.2.0/24 --out ufl.ipop")
        try run.require("cert issue ufl --ca ca --subnet 192.0.2.0/24 --out ufl2.ipop")
        try run.require("cert renew lsu ufl --ca ca --out new")

        let names = try FileManager.default.contentsOfDirectory(atPath: run.path("new")).sorted()
        #expect(names.count == 3 && names[0] == "lsu.ipop")
        #expect(names.dropFirst().allSatisfy { $0.hasPrefix("ufl-") })
    }

    @Test func `a revoked certificate is refused, and not renewed`() throws {
        let run = try CommandRun.withBundle()
        let answer = try run.require("cert revoke lsu --ca ca")
        let verified = try run.ipop("cert verify lsu.ipop --ca ca")
        let renewed = try run.ipop("cert renew lsu --ca ca --out new.ipop")
        let again = try run.require("cert revoke lsu --ca ca")
        let list = try run.run(
            "/usr/bin/openssl", ["verify", "-CAfile", "ca/ca.crt", "-crl_check", "-CRLfile", "ca/ca.crl", "lsu.ipop"])

        #expect(answer.output.contains("ipop publish ca/ca.crl"))
        #expect(verified.exitCode == 2 && verified.errors.contains("was revoked"))
        #expect(renewed.exitCode == 2 && renewed.errors.contains("every certificate of site 'lsu' is revoked"))
        #expect(again.output.contains("was revoked before"))
        #expect(list.exitCode != 0 && list.errors.contains("certificate revoked"))
    }

    @Test func `a list of revocations that was touched is not taken`() throws {
        let run = try CommandRun.withBundle()
        try run.require("cert revoke lsu --ca ca")
        try run.require("grid create physics --pool 10.128.0.0/9 --out other")
        try run.write("other/ca.crl", try run.read("ca/ca.crl"))
        try run.require("cert issue lsu --ca other --out other.ipop")
        let answer = try run.ipop("cert verify other.ipop --ca other")

        #expect(answer.exitCode == 2)
        #expect(answer.errors.contains("other/ca.crl: the revocation list is not signed by this authority"))
    }

    @Test func `verification tells another authority, an end that is near, and damage`() throws {
        let run = try CommandRun.withBundle()
        try run.require("grid create physics --pool 10.128.0.0/9 --out other")
        try run.require("cert issue cern --ca ca --days 10 --out cern.ipop")
        let foreign = try run.ipop("cert verify lsu.ipop --ca other/ca.crt")
        let soon = try run.ipop("cert verify cern.ipop --ca ca/ca.crt")
        try run.edit("lsu.ipop", "-----END PRIVATE KEY-----", "-----END KEY-----")
        let damaged = try run.ipop("cert verify lsu.ipop --ca ca")

        #expect(foreign.exitCode == 2 && foreign.errors.contains("not signed by this grid's authority"))
        #expect(soon.exitCode == 1 && soon.errors.contains("ends in"))
        #expect(damaged.exitCode == 2 && damaged.errors.contains("is not a bundle"))
    }

    @Test func `an output that is not a bundle is not overwritten`() throws {
        let run = try CommandRun.withBundle()
        let key = try run.read("ca/ca.key")
        let answer = try run.ipop("cert issue ufl --ca ca --out ca/ca.key")

        #expect(answer.exitCode == 2 && answer.errors.contains("ca/ca.key exists and is not a bundle"))
        #expect(try run.read("ca/ca.key") == key)
        try run.require("cert issue lsu --ca ca --out lsu.ipop")
    }

    @Test func `a profile that was changed stops the authority`() throws {
        let run = try CommandRun.withBundle()
        try run.edit("ca/grid.yaml", "10.128.0.0/9", "10.0.0.0/8")
        let answer = try run.ipop("cert issue ufl --ca ca --out ufl.ipop")

        #expect(answer.exitCode == 2 && answer.errors.contains("signature is not the authority's"))
    }
}
