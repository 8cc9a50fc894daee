import GatewayConfiguration
import Glibc
import LinuxSystem
import Testing

@testable import ipop

@Suite struct ExitStatusTests {
    @Test(arguments: [(EACCES, ipop.ExitStatus.permission), (EPERM, .permission), (ENOSPC, .usage), (EROFS, .usage)])
    func `only a lack of permission is code 4`(number: Int32, expected: ipop.ExitStatus) {
        let failure = CommandFailure("write", SystemError(call: "open", errno: number, subject: "/etc/ipop/ipop.yaml"))

        #expect(failure.status == expected)
        #expect(failure.text.hasPrefix("cannot write /etc/ipop/ipop.yaml: "))
        #expect(failure.text.hasSuffix("run this as root (sudo)") == (expected == .permission))
    }

    @Test func `a check that could not read a file is code 4, unless there are errors beside it`() {
        let unreadable = ConfigurationProblem(file: "site.key", .unreadableFile, "permission denied")
        let mistake = ConfigurationProblem(file: "ipop.yaml", .unknownKey, "unknown key")
        let warning = ConfigurationProblem(file: "", .warning, .forwardingOff, "off")
        func status(_ problems: [ConfigurationProblem], lacksPermission: Bool) -> ipop.ExitStatus {
            CheckReport(problems: problems, lacksPermission: lacksPermission, summary: "").status
        }

        #expect(status([], lacksPermission: false) == .done)
        #expect(status([warning], lacksPermission: false) == .done)
        #expect(status([unreadable, warning], lacksPermission: true) == .permission)
        #expect(status([unreadable, mistake], lacksPermission: true) == .usage)
        #expect(status([unreadable], lacksPermission: false) == .usage)
    }
}
