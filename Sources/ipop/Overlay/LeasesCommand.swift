import ArgumentParser
import ControlProtocol

/// `ipop leases`: one row a lease.
struct LeasesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leases",
        abstract: "List the leases of addresses and prefixes that this gateway knows",
        discussion: """
            A lease is the time-limited, exclusive ownership of an address or a prefix, kept by several members of the \
            overlay. STATE is held (the holder has it), waiting (the holder wants it, and no majority of its keepers \
            has agreed yet) or lost (this site wanted it, and the holder has it). STORED is how many of the members \
            that are to keep it have it. Of a host of a bridged LAN the notes have its MAC address, `fixed` if it has \
            chosen its address itself, and its name; the others are explained in docs/codes.md. Keys that begin with \
            `prefix:` are exports, those with `block:` are addresses that this gateway keeps for DHCP clients.
            """)

    @Flag(help: "Print one JSON document; `leases` is as in `ipop status --json`.")
    var json = false

    @OptionGroup var runDirectory: RunDirectory

    func run() throws {
        let question = DaemonQuestion(runDirectory)
        do throws(QuestionFailure) {
            let report = try question.read(try question.ask(.leases), LeasesReport.init(json:))
            if json {
                Screen.write(document: report.json)
            } else if report.leases.isEmpty {
                Screen.write("no leases\n")
            } else {
                Screen.write(LeaseTable(report).table.text(colour: Screen.hasColour))
            }
        } catch {
            throw error.commandFailure
        }
    }
}
