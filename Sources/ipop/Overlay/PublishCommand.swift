import ArgumentParser
import ControlProtocol
import GatewayConfiguration
import OpenSSLLink

/// `ipop publish`: what the authority has signed goes into the grid.
struct PublishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Carry a revocation list or a grid profile into the grid",
        discussion: """
            FILE is ca.crl or grid.yaml of the authority's directory. Any gateway of the grid takes it, and every \
            gateway has it within seconds, or when it comes back; it outlives restarts. Of two the newer one counts. \
            Sites whose certificates a revocation list takes back are cut off at once: their sessions end, their \
            prefixes are no longer routed, and new handshakes are refused. Without FILE it lists what holds.

            Exit codes: 0 done, 2 the file is not this grid's, or older than what the grid has, 3 daemon not running, \
            4 no permission to ask it.
            """)

    @Argument(help: ArgumentHelp("A revocation list (PEM) or a signed grid profile.", valueName: "file"))
    var file: String?

    @Flag(help: "Print one JSON document.")
    var json = false

    @OptionGroup var runDirectory: RunDirectory

    func run() throws {
        let question = DaemonQuestion(runDirectory)
        let content = try file.map { file throws(CommandFailure) in try Self.content(of: file) }
        do throws(QuestionFailure) {
            if let content {
                let payload = try question.ask(.publish(content.kind, content.bytes))
                show(try question.read(payload, PublishResult.init(json:)))
            } else {
                show(try question.read(try question.ask(.publications), PublicationsReport.init(json:)))
            }
        } catch {
            guard case .refused(let failure) = error, failure.code == .publicationRefused, let file else {
                throw error.commandFailure
            }
            throw CommandFailure("\(file): \(failure.text)")
        }
    }

    private func show(_ result: PublishResult) {
        if json {
            Screen.write(document: result.json)
        } else {
            Screen.write("\(result.publication.words): \(result.isNews ? "published" : "was published before")\n")
        }
    }

    private func show(_ report: PublicationsReport) {
        if json {
            Screen.write(document: report.json)
        } else if report.publications.isEmpty {
            Screen.write("nothing is published\n")
        } else {
            for publication in report.publications { Screen.write("\(publication.words)\n") }
        }
    }

    /// What the file holds, in the form in which it travels.
    private static func content(of file: String) throws(CommandFailure) -> (kind: PublishedKind, bytes: [UInt8]) {
        let text = try CommandFiles.readText(file)
        let isList = text.split(whereSeparator: \.isNewline).contains("-----BEGIN \(RevocationList.pemLabel)-----")
        let content: (kind: PublishedKind, bytes: [UInt8])
        if isList {
            do throws(OpenSSLError) {
                content = (.revocationList, try RevocationList.der(ofPEM: text))
            } catch {
                throw CommandFailure("\(file): \(error)")
            }
        } else {
            let profile = try ProfileReading.profile(Array(text.utf8), file: file)
            content = (.gridProfile, Array(profile.yamlText.utf8))
        }
        guard content.bytes.count <= ControlLimits.publicationByteCount else {
            throw CommandFailure(
                "\(file): a \(content.kind.words) has at most \(ControlLimits.publicationByteCount) bytes")
        }
        return content
    }
}
