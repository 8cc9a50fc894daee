import Glibc

/// A place in a lab where commands run.
package enum LabNode: Hashable, Sendable {
    /// The site's gateway. Commands find this site's files in /etc/ipop, /var/lib/ipop and /run/ipop.
    case gateway(LabSite)
    /// The site's LAN host, which has nothing of ours.
    case host(LabSite)
    /// The second LAN host of a bridged site.
    case secondHost(LabSite)
    /// The switch of a bridged site's LAN.
    case lanSwitch(LabSite)
    /// A NAT of the site: stage 1 is beside the gateway, stage 2 the outer one of two.
    case nat(LabSite, stage: Int)
    /// The WAN's own namespace: an outsider that reaches every gateway's WAN address.
    case wan
}

extension Lab {
    /// The node that goes by a name on the command line: `ufl`, `ufl-host`, `h1` for the first site's host, `ufl-host2`
    /// and `ufl-switch` where its LAN is bridged, `ufl-nat` and `ufl-nat2` for its NATs, or `wan`.
    package func node(named name: String) throws(LabError) -> LabNode {
        if name == "wan" { return .wan }
        for site in sites {
            if name == site.name { return .gateway(site) }
            if name == site.hostName || name == "h\(site.number)" { return .host(site) }
            if plan.bridgedSites.contains(site.name) {
                if name == site.secondHostName { return .secondHost(site) }
                if name == "\(site.name)-switch" { return .lanSwitch(site) }
            }
            if let index = natNames(site).firstIndex(of: name) { return .nat(site, stage: index + 1) }
        }
        throw .nodeUnknown(name: name, known: sites.flatMap { [$0.name, $0.hostName] + natNames($0) } + ["wan"])
    }

    /// The site of that name.
    package func site(named name: String) throws(LabError) -> LabSite {
        guard let site = sites.first(where: { $0.name == name }) else {
            throw .nodeUnknown(name: name, known: sites.map(\.name))
        }
        return site
    }

    /// The network namespace of a node.
    package func namespace(_ node: LabNode) -> String {
        switch node {
        case .gateway(let site): site.gateway
        case .host(let site): site.host
        case .secondHost(let site): site.secondHost
        case .lanSwitch(let site): site.lanSwitch
        case .nat(let site, let stage): site.natNamespaces(stages: stage)[stage - 1]
        case .wan: Topology(plan: plan).wan
        }
    }

    /// Runs a command at a node to its end.
    package func run(_ command: [String], at node: LabNode, timeLimit: Double = 30) throws(LabError) -> ProgramResult {
        try ProgramRun.run([try call(command, at: node, timeLimit: timeLimit)])[0]
    }

    /// A command at a node as a program to run, for those that run side by side.
    package func call(_ command: [String], at node: LabNode, timeLimit: Double = 30) throws(LabError) -> ProgramCall {
        ProgramCall(arguments: try wrapped(command, at: node), environment: environment, timeLimit: timeLimit)
    }

    /// Runs a command at a node and throws unless it ends with 0. Returns its output.
    @discardableResult
    package func require(_ command: [String], at node: LabNode, timeLimit: Double = 30) throws(LabError) -> String {
        let result = try run(command, at: node, timeLimit: timeLimit)
        guard result.succeeded else {
            let place = namespace(node)
            throw .commandFailed(
                command: "[\(place)] " + command.joined(separator: " "), status: result.status,
                output: result.everything)
        }
        return result.output
    }

    /// Runs commands side by side, each at its node, to the end of all. Throws unless each ends with 0; returns their
    /// outputs in the order given.
    @discardableResult
    package func require(
        _ commands: [(command: [String], node: LabNode)], timeLimit: Double = 30
    ) throws(LabError) -> [String] {
        var calls: [ProgramCall] = []
        for (command, node) in commands {
            calls.append(try call(command, at: node, timeLimit: timeLimit))
        }
        return try ProgramRun.require(calls)
    }

    /// Starts a command at a node that runs until it ends by itself, is stopped, or the lab is taken down. Its output
    /// goes to a new file in the lab's directory, which is the second value.
    package func start(
        _ command: [String], at node: LabNode, role: String
    ) throws(LabError) -> (process: RecordedProcess, log: String) {
        let log = "\(directory)/\(role.map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined()).log"
        unlink(log)
        let process = try RecordedProcess.start(
            try wrapped(command, at: node), role: role, environment: environment, log: log)
        try note(process)
        return (process, log)
    }

    /// Replaces this process by a command at a node.
    package func become(_ command: [String], at node: LabNode) throws(LabError) -> Never {
        try Spawning.become(try wrapped(command, at: node), environment: environment)
    }

    /// The names in commands of the NATs that a site has of its own.
    private func natNames(_ site: LabSite) -> [String] {
        guard case .own(let kind) = plan.nat(site.name) else { return [] }
        let prefix = Topology.prefix(lab: plan.name).count
        return site.natNamespaces(stages: kind.stages).map { String($0.dropFirst(prefix)) }
    }

    /// The directory of the lab's own `ipop` comes first, so that it is the one that commands find.
    private var environment: [String: String] {
        let path = Environment.own["PATH"] ?? "/usr/bin:/bin"
        return ["PATH": ((programs?.directories ?? []) + [path, "/usr/sbin", "/sbin"]).joined(separator: ":")]
    }

    /// The command as it is run from outside.
    ///
    /// `ip netns exec` gives it a mount namespace of its own; at a gateway the site's directories are mounted in it
    /// on the usual places, so that commands without options mean this site.
    private func wrapped(_ command: [String], at node: LabNode) throws(LabError) -> [String] {
        let inside = ["ip", "netns", "exec", namespace(node)]
        guard case .gateway(let site) = node else { return inside + command }
        let mounts = directories(site).mounts
        for mount in mounts where mkdir(mount.place, 0o755) == 0 { try noteMountPoint(mount.place) }
        let script = """
            for mount in \(mounts.map { _ in "mount" }.joined(separator: " ")); do
                mount --bind "$1" "$2" || exit 126
                shift 2
            done
            exec "$@"
            """
        return inside + ["sh", "-c", script, "sh"] + mounts.flatMap { [$0.source, $0.place] } + command
    }
}
