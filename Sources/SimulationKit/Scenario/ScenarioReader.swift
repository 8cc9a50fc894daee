import NetworkTypes

extension Scenario {
    /// Reads a scenario; `file` is what errors call it.
    package init(reading text: String, file: String) throws(ScenarioError) {
        var reader = ScenarioReader()
        var number = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            try reader.read(ScenarioLine(line, file: file, number: number))
        }
        name = file
        steps = reader.steps
    }
}

/// Understands lines.
private struct ScenarioReader {
    var steps: [Scenario.Step] = []
    private var hasBegun = false

    private static let words = [
        "members", "announcers", "bootstrap", "nat", "connectivity", "bridged", "network", "join", "churn", "kill",
        "leave", "restart", "slow", "partition", "heal", "leases", "hosts", "move", "route", "idle", "run", "expect",
    ]

    mutating func read(_ line: ScenarioLine) throws(ScenarioError) {
        var line = line
        guard !line.isAtEnd else { return }
        let start = line
        let word = try line.take(oneOf: Self.words)
        let directive = try directive(word, &line)
        try line.finish()
        if directive.isPreparation {
            guard !hasBegun else { throw start.error("an event ('\(word)' must stand before the first of them)") }
        } else if case .network = directive {
            // The network may be set up before, and change later.
        } else {
            hasBegun = true
        }
        steps.append(Scenario.Step(directive: directive, text: line.text, line: line.number))
    }

    private func directive(_ word: String, _ line: inout ScenarioLine) throws(ScenarioError) -> Directive {
        switch word {
        case "members": return .members(try line.takeCount("a count of members", in: 1...ScenarioLimits.members))
        case "announcers":
            return .announcers(try line.takeCount("a count of members", in: 0...ScenarioLimits.members))
        case "bootstrap": return .bootstrap(try line.takeCount("a count of members", in: 1...ScenarioLimits.members))
        case "nat": return try translators(&line)
        case "connectivity":
            return .connectivity(perMille: try line.takeCount("pairs in a thousand", in: 0...1_000))
        case "bridged":
            return .bridged(
                try line.take("an IPv4 subnet, /8 to /24, such as 10.128.0.0/16") { word in
                    IPPrefix(word).flatMap { $0.family == .v4 && (8...24).contains($0.length) ? $0 : nil }
                })
        case "network": return try network(&line)
        case "join":
            let share: MemberShare = line.has(word: "all") ? .perMille(1_000) : try line.takeShare("'all', or members")
            return .join(share, within: try within(&line))
        case "churn": return .churn(try line.takeShare("members"), within: try within(&line))
        case "kill": return .kill(try victims(&line))
        case "leave": return .leave(try line.takeShare("members"))
        case "restart":
            try line.take(word: "killed")
            return .restartKilled(within: line.isAtEnd ? .zero : try within(&line))
        case "slow":
            let share = try line.takeShare("members")
            try line.take(word: "by")
            return .slow(share, by: try line.takeDuration("a delay"))
        case "partition":
            return .partition(line.has(word: "half") ? .perMille(500) : try line.takeShare("'half', or members"))
        case "heal": return .heal
        case "leases": return .leases(try line.takeShare("leases", limit: 100_000))
        case "hosts": return try hosts(&line)
        case "move": return try move(&line)
        case "route": return .route(try line.takeShare("pairs", limit: 100_000))
        case "idle": return .idle(try line.takeDuration("a duration"))
        case "run": return .run(try line.takeDuration("a duration"))
        default: return .expect(try expectation(&line))
        }
    }

    private func within(_ line: inout ScenarioLine) throws(ScenarioError) -> Duration {
        try line.take(word: "within")
        return try line.takeDuration("a duration")
    }

    private func victims(_ line: inout ScenarioLine) throws(ScenarioError) -> Victims {
        if line.has(word: "bootstrap") { return .bootstrap }
        if line.has(word: "best-connected") { return .bestConnected(try line.takeShare("members")) }
        return .drawn(try line.takeShare("'bootstrap', 'best-connected', or members"))
    }

    /// `hosts 3 [lease 2m]`
    private func hosts(_ line: inout ScenarioLine) throws(ScenarioError) -> Directive {
        let count = try line.takeCount("hosts of each member", in: 1...ScenarioLimits.hosts)
        guard line.has(word: "lease") else { return .hosts(count, lifetime: ScenarioLimits.hostLifetime) }
        let lifetime = try line.take("a lease time, 60s to 24h") { word in
            ScenarioNumber.duration(word).flatMap { ScenarioLimits.hostLifetimes.contains($0) ? $0 : nil }
        }
        return .hosts(count, lifetime: lifetime)
    }

    /// `move hosts 10%` or `move hosts of killed`
    private func move(_ line: inout ScenarioLine) throws(ScenarioError) -> Directive {
        try line.take(word: "hosts")
        guard line.has(word: "of") else { return .moveHosts(.drawn(try line.takeShare("'of killed', or hosts"))) }
        try line.take(word: "killed")
        return .moveHosts(.ofKilled)
    }

    /// `nat 30% MAPPING/FILTERING [expiry 120s]`
    private func translators(_ line: inout ScenarioLine) throws(ScenarioError) -> Directive {
        typealias Dependence = TranslatorBehaviour.Dependence
        let share = try line.takeShare("members")
        let kinds = Dependence.allCases.map(\.rawValue).joined(separator: ", ")
        var behaviour = try line.take("MAPPING/FILTERING, each one of \(kinds)") { word -> TranslatorBehaviour? in
            let parts = word.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, let mapping = Dependence(rawValue: String(parts[0])),
                let filtering = Dependence(rawValue: String(parts[1]))
            else { return nil }
            return TranslatorBehaviour(mapping: mapping, filtering: filtering)
        }
        if !line.isAtEnd {
            try line.take(word: "expiry")
            behaviour.expiry = try line.takeDuration("a duration")
        }
        return .translators(share, behaviour)
    }

    /// `network delay 5..95ms jitter 10 tail 10 loss 10 duplicate 5 reorder 10 mtu 1400`, each at most once.
    private func network(_ line: inout ScenarioLine) throws(ScenarioError) -> Directive {
        var left = ["delay", "jitter", "tail", "loss", "duplicate", "reorder", "mtu"]
        var changes: [NetworkChange] = []
        repeat {
            let word = try line.take(oneOf: left)
            left.removeAll { $0 == word }
            switch word {
            case "delay": changes.append(try delay(&line))
            case "jitter": changes.append(.jitter(percent: try line.takeCount("per cent of the delay", in: 0...1_000)))
            case "tail": changes.append(.tail(perMille: try perMille(&line)))
            case "loss": changes.append(.loss(perMille: try perMille(&line)))
            case "duplicate": changes.append(.duplicate(perMille: try perMille(&line)))
            case "reorder": changes.append(.reorder(perMille: try perMille(&line)))
            default: changes.append(.mtu(try line.takeCount("bytes of an IP packet", in: 1_280...65_535)))
            }
        } while !line.isAtEnd
        return .network(changes)
    }

    private func perMille(_ line: inout ScenarioLine) throws(ScenarioError) -> Int {
        try line.takeCount("datagrams in a thousand", in: 0...1_000)
    }

    /// `5..95ms` or `20ms`.
    private func delay(_ line: inout ScenarioLine) throws(ScenarioError) -> NetworkChange {
        try line.take("a delay, such as 5..95ms or 20ms") { word -> NetworkChange? in
            let limit: Duration = .seconds(60)
            guard let dots = word.firstRange(of: "..") else {
                return ScenarioNumber.duration(word).flatMap { $0 <= limit ? .delay(least: $0, most: $0) : nil }
            }
            guard let most = ScenarioNumber.duration(word[dots.upperBound...]) else { return nil }
            let unit = word[dots.upperBound...].drop { $0.isNumber }
            let first = word[..<dots.lowerBound]
            let withUnit = first.last?.isNumber == true ? String(first) + unit : String(first)
            guard let least = ScenarioNumber.duration(withUnit), least <= most, most <= limit else { return nil }
            return .delay(least: least, most: most)
        }
    }

    private func expectation(_ line: inout ScenarioLine) throws(ScenarioError) -> Expectation {
        switch try line.take(oneOf: ["converged", "reachable", "no", "leases", "hosts", "hops", "idle"]) {
        case "converged": return .converged(within: try within(&line))
        case "reachable": return .reachable(perMille: try line.takePercent("pairs"))
        case "no":
            if try line.take(oneOf: ["conflicts", "host"]) == "conflicts" { return .noConflicts }
            try line.take(word: "conflicts")
            return .noHostConflicts
        case "leases": return .leases(perMille: try line.takePercent("leases"))
        case "hosts": return .hosts(perMille: try line.takePercent("hosts"))
        case "hops":
            guard !line.has(word: "bounded") else { return .hops(atMost: nil) }
            try line.take(word: "at")
            try line.take(word: "most")
            return .hops(atMost: try line.take("hops, such as 9 or 8.5") { ScenarioNumber.tenths($0).map { $0 * 100 } })
        default:
            try line.take(word: "at")
            try line.take(word: "most")
            return .idle(bitsPerSecondAndLink: try line.takeCount("bit/s of a link", in: 0...1_000_000))
        }
    }
}
