import GatewayCore
import NetworkTypes

// Members come and go.
extension ScenarioRun {
    /// Numbers of the members that run.
    var living: [Int] { members.indices.filter { members[$0].host != nil } }

    func join(_ count: Int, within duration: Duration) {
        let begin = simulator.now
        for step in 0..<count {
            simulator.run(for: begin + duration * step / max(count, 1) - simulator.now)
            guard simulator.violation == nil else { return }
            start(addMember())
        }
        simulator.run(for: begin + duration - simulator.now)
    }

    /// Each time one member goes, every other time in good order, and a new one comes. Bootstrap members stay, so that
    /// newcomers have somebody to ask.
    func churn(_ count: Int, within duration: Duration) {
        isDisturbed = true
        let begin = simulator.now
        for step in 0..<count {
            let candidates = living.filter { $0 >= bootstrapCount || memberCount <= bootstrapCount }
            guard simulator.violation == nil, !candidates.isEmpty else { return }
            let victim = candidates[Int(random.below(UInt64(candidates.count)))]
            if step.isMultiple(of: 2) { kill(victim) } else { leave(victim) }
            start(addMember())
            simulator.run(for: begin + duration * (step + 1) / count - simulator.now)
        }
    }

    func kill(_ victims: Victims) {
        let numbers =
            switch victims {
            case .drawn(let share): draw(share.of(living.count))
            case .bootstrap: living.filter { $0 < bootstrapCount }
            case .bestConnected(let share): bestConnected(share.of(living.count))
            }
        for number in numbers { kill(number) }
    }

    private func bestConnected(_ count: Int) -> [Int] {
        let ranked = living.map { (number: $0, links: members[$0].host?.gateway.liveCount ?? 0) }
            .sorted { $0.links != $1.links ? $0.links > $1.links : $0.number < $1.number }
        return ranked.prefix(count).map(\.number)
    }

    private func kill(_ number: Int) {
        guard let host = members[number].host else { return }
        members[number].remembered = Array(host.gateway.rememberedEndpoints.prefix(16))
        members[number].isKilled = true
        members[number].former = hosts == nil ? nil : host
        end(number)
    }

    /// Stops a member in good order.
    func leave(_ number: Int) {
        guard let host = members[number].host else { return }
        let now = simulator.now
        simulator.input(host) { $0.stop(now: now, effects: &$1) }
        end(number)
    }

    private func end(_ number: Int) {
        guard let host = members[number].host else { return }
        isDisturbed = true
        noteJoinTime(number)
        simulator.kill(host)
        members[number].host = nil
        let stations = host.lan?.end(now: simulator.now) ?? []
        if members[number].isKilled { members[number].stations = stations }
    }

    /// Starts again whoever was killed: same identity, same place, with what it remembered.
    func restartKilled(within duration: Duration) {
        let killed = members.indices.filter { members[$0].isKilled }
        let begin = simulator.now
        isDisturbed = true
        for (step, number) in killed.enumerated() {
            simulator.run(for: begin + duration * step / killed.count - simulator.now)
            start(number)
        }
        simulator.run(for: begin + duration - simulator.now)
    }

    func slow(_ count: Int, by delay: Duration) {
        for number in draw(count) {
            guard let host = members[number].host else { continue }
            simulator.changePlace(of: host) { $0.slowness = delay.wholeNanoseconds }
        }
    }

    /// Cuts so many members off from the others, wherever they are on the ring.
    func partition(_ count: Int) {
        isDisturbed = true
        hosts?.ledger.isWhole = false
        for number in draw(count) {
            guard let host = members[number].host else { continue }
            simulator.changePlace(of: host) { $0.side = 1 }
        }
    }

    /// Makes the network whole again; the members have to find out.
    func heal() {
        isDisturbed = true
        simulator.healPartition()
    }

    /// So many living members, each once.
    func draw(_ count: Int) -> [Int] { draw(count, among: living) }

    func draw(_ count: Int, among numbers: [Int]) -> [Int] {
        var candidates = numbers
        let count = min(count, candidates.count)
        for index in 0..<count {
            let other = index + Int(random.below(UInt64(candidates.count - index)))
            candidates.swapAt(index, other)
        }
        return Array(candidates.prefix(count))
    }

    /// A new site; it does not run yet.
    private func addMember() -> Int {
        let number = members.count
        // Where all announce, newcomers do.
        let announces = announcerCount == memberCount || number < announcerCount
        let prefix = IPPrefix(containing: IPAddress(v4: AddressPlan.exports &+ UInt32(number) << 8), length: 24)
        let identity = simulator.world.add(
            site: "site\(number)", grid: "physics", prefixes: announces ? [prefix] : [], seed: random.nextWord())
        var endpoint = AddressPlan.endpoint(of: number)
        var translator: Int?
        if let behaviour = behaviour(for: number) {
            translator = simulator.addTranslator(
                behaviour, address: IPAddress(v4: AddressPlan.translators + UInt32(number)))
            endpoint = Endpoint(address: IPAddress(v4: AddressPlan.inside + UInt32(number)), port: 7_867)
        }
        members.append(Member(identity: identity, endpoint: endpoint, translator: translator))
        return number
    }

    /// Which translator a member stands behind: never a bootstrap member.
    private func behaviour(for number: Int) -> TranslatorBehaviour? {
        guard number >= bootstrapCount, !translators.isEmpty else { return nil }
        var left = random.below(1_000)
        for (share, behaviour) in translators {
            let part = UInt64(share.of(1_000))
            if left < part { return behaviour }
            left -= part
        }
        return nil
    }

    private func start(_ number: Int) {
        let member = members[number]
        // What the former life wrote down, less the time that has passed since.
        let memory = member.former?.gateway.storeMemory(now: simulator.now, unixSeconds: 0)
        let host = simulator.start(
            member.identity, endpoint: member.endpoint, bootstrap: drawBootstrap(), remembered: member.remembered,
            translator: member.translator, place: member.place, memory: GatewayMemory(store: memory))
        members[number].host = host
        members[number].place = host.place
        members[number].isKilled = false
        members[number].former = nil
        attachHosts(to: number)
    }

    /// Where some of the bootstrap members are, whether they run yet or not.
    private func drawBootstrap() -> [Endpoint] {
        let pool = min(bootstrapCount, memberCount)
        guard pool > ScenarioLimits.bootstrapGiven else { return (0..<pool).map(AddressPlan.endpoint) }
        var drawn: [Int] = []
        while drawn.count < ScenarioLimits.bootstrapGiven {
            let number = Int(random.below(UInt64(pool)))
            if !drawn.contains(number) { drawn.append(number) }
        }
        return drawn.map(AddressPlan.endpoint)
    }

    /// Members ask for leases, some of which two members want.
    func lease(_ count: Int) {
        // Replicas know by the directory who may ask.
        let announcing = living.filter { members[$0].host?.announces ?? false }
        for _ in 0..<count {
            let number = leases.count
            let askers = draw(number.isMultiple(of: ScenarioLimits.rivalryPeriod) ? 2 : 1, among: announcing)
                .compactMap { members[$0].host }
            let name = "lease-\(number)"
            leases.append((name, askers))
            for host in askers {
                let now = simulator.now
                simulator.input(host) {
                    $0.createLease(
                        name, value: [], lifetime: ScenarioLimits.leaseLifetime, token: UInt64(number), now: now,
                        effects: &$1)
                }
            }
        }
    }

    /// Remembers how long members took to join, before their hosts are gone.
    func noteJoinTimes() {
        for number in living { noteJoinTime(number) }
    }

    private func noteJoinTime(_ number: Int) {
        guard members[number].joinTime == nil, let host = members[number].host, let joined = host.joined else { return }
        members[number].joinTime = joined - host.started
    }
}

/// Where simulated members have their addresses: by number, so that none collide.
enum AddressPlan {
    /// 11.0.0.0
    static let hosts: UInt32 = 0x0b00_0000
    /// 12.0.0.0
    static let translators: UInt32 = 0x0c00_0000
    /// 10.0.0.0
    static let inside: UInt32 = 0x0a00_0000
    /// 32.0.0.0, a /24 for each.
    static let exports: UInt32 = 0x2000_0000

    /// Where a member without a translator is.
    static func endpoint(of number: Int) -> Endpoint {
        Endpoint(address: IPAddress(v4: hosts + UInt32(number)), port: 7_867)
    }
}
