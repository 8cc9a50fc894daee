import ControlProtocol
import Glibc
import LinuxSystem
import NetworkTypes
import WANEmulation

/// The process that stands between all sites of a lab and the WAN's bridge, in the WAN's namespace.
///
/// One thread, woken by frames, by the time at which the next packet leaves a line, and by its control socket.
package final class WANEmulator {
    private let poller: Poller
    private let timer: TimerDescriptor
    private let signals: SignalDescriptor
    private let control: ControlSocket
    private let sites: [LabSite]
    private var ports: [EmulatedPort] = []
    /// Those who are asking something; one at a time is usual.
    private var questions: [Int32: Question] = [:]
    private var isAskedToEnd = false

    private struct Question {
        let connection: ControlConnection
        var bytes: [UInt8] = []
    }

    /// How often at most a port is read again before an order: several times what its buffer holds.
    private static let catchUpLimit = 256
    /// How many may ask at once, and how long a question may be.
    private static let questionLimit = 8, questionByteCount = 65_536

    private enum Token {
        static let timer: UInt64 = 1 << 32, signals: UInt64 = 2 << 32, control: UInt64 = 3 << 32
        /// A port's number in the lower half; a question's descriptor.
        static let site: UInt64 = 4 << 32, question: UInt64 = 5 << 32
        static let kind: UInt64 = UInt64(UInt32.max) << 32
    }

    /// Opens everything; the calling thread must be in the WAN's namespace.
    package init(_ lab: Lab) throws(LabError) {
        sites = lab.sitesWithPorts
        do {
            signals = try SignalDescriptor()
            poller = try Poller()
            timer = try TimerDescriptor()
            for site in sites {
                ports.append(
                    try EmulatedPort(site, mtu: lab.plan.wanMTU, settings: LineSettings(), seed: Lab.usualSeed))
            }
            control = try ControlSocket(path: lab.emulatorSocket, mode: 0o600)
            try poller.add(timer.rawDescriptor, interest: .readable, token: Token.timer)
            try poller.add(signals.rawDescriptor, interest: .readable, token: Token.signals)
            try poller.add(control.rawDescriptor, interest: .readable, token: Token.control)
            for (index, port) in ports.enumerated() {
                let token = Token.site | UInt64(index)
                try poller.add(port.siteSocket.rawDescriptor, interest: .readable, token: token)
            }
        } catch {
            throw .emulator("\(error)")
        }
    }

    /// Carries frames until the process is asked to end.
    package func run() throws(LabError) {
        do throws(SystemError) {
            while !isAskedToEnd {
                try poller.wait(timeout: nil) { (token, _) throws(SystemError) in try take(token) }
                try sendDue()
            }
        } catch {
            throw .emulator("\(error)")
        }
    }

    private func take(_ token: UInt64) throws(SystemError) {
        let number = Int(token & ~Token.kind)
        switch token & Token.kind {
        case Token.site: try ports[number].receiveFromSite()
        case Token.timer: timer.acknowledge()
        case Token.signals: while let signal = try signals.next() { isAskedToEnd = isAskedToEnd || signal != .hangUp }
        case Token.control: try acceptQuestions()
        default: try readQuestion(Int32(number))
        }
    }

    /// Sends all that has come to the end of its line and sleeps until the next does.
    private func sendDue() throws(SystemError) {
        let now = MonotonicClock.now()
        var next: Instant?
        for port in ports {
            port.sendDue(now)
            if let departure = port.line.nextDeparture { next = min(next ?? departure, departure) }
        }
        try timer.set(next)
    }

    // MARK: - Control

    private func acceptQuestions() throws(SystemError) {
        while let connection = try control.accept() {
            // Closed without an answer: the other end tells its user.
            guard questions.count < Self.questionLimit else { continue }
            let number = connection.rawDescriptor
            questions[number] = Question(connection: connection)
            try poller.add(number, interest: .readable, token: Token.question | UInt64(number))
        }
    }

    private func readQuestion(_ number: Int32) throws(SystemError) {
        guard var question = questions[number] else { return }
        switch try question.connection.read() {
        case .wouldBlock:
            return
        case .closed:
            return try end(number)
        case .bytes(let bytes):
            question.bytes += bytes
        }
        questions[number] = question
        guard question.bytes.last == UInt8(ascii: "\n") || question.bytes.count > Self.questionByteCount else { return }
        let answer = try answer(question.bytes)
        // It fits a socket's buffer; a client that has gone misses nothing.
        _ = try? question.connection.write(Array((answer.compact + "\n").utf8))
        try end(number)
    }

    private func end(_ number: Int32) throws(SystemError) {
        try poller.remove(number)
        questions[number] = nil
    }

    private func answer(_ bytes: [UInt8]) throws(SystemError) -> JSONValue {
        let order: EmulatorOrder
        do throws(JSONShapeError) {
            guard let value = try? JSONValue(parsing: String(decoding: bytes, as: UTF8.self)) else { return .null }
            order = try EmulatorOrder(json: value)
        } catch {
            return .null
        }
        // An order holds for what is sent after it, and its answer counts what was sent before.
        for port in ports {
            var rounds = 0
            while try port.receiveFromSite(), rounds < Self.catchUpLimit { rounds += 1 }
        }
        for (name, settings) in order.lines {
            guard let index = sites.firstIndex(where: { $0.name == name }) else { continue }
            ports[index].line.change(settings, seed: order.seed.map { EmulatedPort.seed($0, sites[index]) })
        }
        var reports: [JSONValue] = []
        for port in ports { reports.append(try port.report().json) }
        return ["lines": .array(reports)]
    }
}
