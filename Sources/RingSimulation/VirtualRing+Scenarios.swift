import NetworkTypes

// What happens to rings.
extension VirtualRing {
    /// Adds members one after the other, `spacing` apart; each knows one of the first `contacts` members.
    package mutating func grow(by count: Int, spacing: Duration, contacts: Int = 8) {
        for _ in 0..<count {
            let handle = add()
            if bootstrap.count < contacts, bootstrap.last != handle { bootstrap.append(handle) }
            run(for: spacing)
        }
    }

    /// Ends `count` living members drawn by chance, all in one instant, without a word. Returns their handles.
    @discardableResult
    package mutating func kill(count: Int, seed: UInt64) -> [Int] {
        let victims = draw(count, seed: seed)
        for victim in victims { kill(victim) }
        return victims
    }

    /// Each step one member goes, every other time in good order, and a new one comes.
    package mutating func churn(count: Int, spacing: Duration, seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for step in 0..<count {
            let alive = living
            let victim = alive[Int(random.below(UInt64(alive.count)))]
            if step.isMultiple(of: 2) { kill(victim) } else { leave(victim) }
            add()
            run(for: spacing)
        }
    }

    /// Cuts the ring in two by chance: half of the members on each side, wherever they are on the ring.
    package mutating func partition(seed: UInt64) {
        setSides(1, of: draw(living.count / 2, seed: seed))
    }

    /// Makes the network whole again; the members have to find out.
    package mutating func heal() {
        setSides(0, of: living.filter { side(of: $0) != 0 })
    }

    /// So many living members, each once.
    private func draw(_ count: Int, seed: UInt64) -> [Int] {
        var random = SeededRandom(seed: seed)
        var alive = living
        var drawn: [Int] = []
        while drawn.count < count, !alive.isEmpty {
            drawn.append(alive.remove(at: Int(random.below(UInt64(alive.count)))))
        }
        return drawn
    }
}
