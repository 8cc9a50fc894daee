import NetworkTypes
import RoutePlanning
import Testing

/// When vanished things are put back.
@Suite struct RestoreScheduleTests {
    /// A kernel of the mind that loses things, a schedule, and a clock.
    private struct World {
        var schedule = RestoreSchedule()
        var wanted: WantedHostNetwork
        var state = Scenery.found
        var now = Instant(nanoseconds: 5_000_000_000)

        init(_ wanted: WantedHostNetwork = Scenery.wanted([Scenery.route("10.9.0.0/16"), Scenery.route("fd10::/64")])) {
            self.wanted = wanted
        }

        /// Plans, and applies what is due; returns what was.
        @discardableResult
        mutating func review() -> [HostNetworkStep] {
            let due = schedule.review(HostNetworkPlanner.plan(wanted: wanted, found: state), now: now)
            for step in due {
                state = state.after(step)
                schedule.applied(step, now: now)
            }
            return due
        }

        mutating func lose(_ prefix: String) {
            state = HostNetworkState(
                links: state.links, addresses: state.addresses,
                routes: state.routes.filter { $0.prefix != IPPrefix(prefix) || $0.origin != .ipop },
                neighbours: state.neighbours, rules: state.rules)
        }

        /// Lets the route vanish as soon as it is back, and waits as long as the schedule wants; returns the delays.
        mutating func fight(_ prefix: String, rounds: Int) -> [Int64] {
            (0..<rounds).map { _ in
                lose(prefix)
                let vanished = now
                while review().isEmpty {
                    guard let deadline = schedule.nextDeadline, deadline > now else { return -1 }
                    now = deadline
                }
                return (now - vanished).wholeNanoseconds / 1_000_000_000
            }
        }
    }

    private let item = HostNetworkItem.route(Scenery.ours("10.9.0.0/16").key)

    @Test func `everything that is new is due at once, in the plan's order`() {
        var world = World()

        let due = world.review()

        #expect(due == HostNetworkPlanner.plan(wanted: world.wanted, found: Scenery.found).steps)
        #expect(world.schedule.nextDeadline == nil)
        #expect(world.schedule.history(of: item)?.vanishCount == 0)
        #expect(world.review() == [])
    }

    @Test func `a route that keeps vanishing is restored at once, then after 1, 2, 4 and so on up to 60 seconds`() {
        var world = World()
        world.review()

        let delays = world.fight("10.9.0.0/16", rounds: 10)

        #expect(delays == [0, 1, 2, 4, 8, 16, 32, 60, 60, 60])
        #expect(world.schedule.history(of: item)?.vanishCount == 10)
    }

    @Test func `what stood for a minute is restored at once again`() {
        var world = World()
        world.review()
        _ = world.fight("10.9.0.0/16", rounds: 5)

        world.now = world.now + .seconds(59)
        world.review()
        let early = world.fight("10.9.0.0/16", rounds: 1)
        world.now = world.now + .seconds(60)
        let late = world.fight("10.9.0.0/16", rounds: 2)

        #expect(early == [16])
        #expect(late == [0, 1])
    }

    @Test func `while one route waits the others are restored at once`() {
        var world = World()
        world.review()
        _ = world.fight("10.9.0.0/16", rounds: 3)
        world.lose("10.9.0.0/16")
        world.lose("fd10::/64")

        let due = world.review()

        #expect(due.map(\.item) == [.route(Scenery.ours("fd10::/64").key)])
        #expect(world.schedule.nextDeadline == world.now + .seconds(4))
        #expect(world.schedule.history(of: item)?.nextAttempt == world.now + .seconds(4))
    }

    @Test func `reviews before the deadline neither restore nor lengthen the wait`() {
        var world = World()
        world.review()
        _ = world.fight("10.9.0.0/16", rounds: 2)
        world.lose("10.9.0.0/16")
        world.review()
        let deadline = world.schedule.nextDeadline

        world.now = world.now + .seconds(1)
        let again = world.review()

        #expect(again == [])
        #expect(world.schedule.nextDeadline == deadline)
        #expect(world.schedule.history(of: item)?.vanishCount == 3)
    }

    @Test func `adopted routes are noticed when they vanish`() {
        var world = World()
        world.state = world.state.after(HostNetworkPlanner.plan(wanted: world.wanted, found: world.state))
        world.review()
        world.lose("10.9.0.0/16")
        world.schedule.noteRemoval(of: item, by: "networkd", now: world.now)

        let due = world.review()

        let history = world.schedule.history(of: item)
        #expect(due.count == 1)
        #expect(history?.vanishCount == 1)
        #expect(history?.lastRemover == "networkd")
        #expect(history?.lastVanished == world.now && history?.lastRestored == world.now)
    }

    @Test func `a change of what is wanted is not another program's doing`() {
        var world = World()
        world.review()
        world.wanted.routes[0].mtu = 1300

        let due = world.review()

        #expect(due.count == 1)
        #expect(world.schedule.history(of: item)?.vanishCount == 0)
    }

    @Test func `what is no longer wanted is forgotten, and back later it is new`() {
        var world = World()
        world.review()
        _ = world.fight("10.9.0.0/16", rounds: 4)
        let routes = world.wanted.routes
        world.wanted.routes.removeFirst()
        let removed = world.review()
        let forgotten = world.schedule.history(of: item)
        world.wanted.routes = routes

        let due = world.review()

        #expect(removed.map(\.isRemoval) == [true])
        #expect(forgotten == nil)
        #expect(due.count == 1)
        #expect(world.schedule.history(of: item)?.vanishCount == 0)
    }

    @Test func `a site that leaves, comes back and leaves again within a minute took nothing away`() {
        var world = World()
        let both = world.wanted, one = Scenery.wanted([Scenery.route("fd10::/64")])
        world.review()

        for wanted in [one, both, one, both, one] {
            world.wanted = wanted
            world.now = world.now + .seconds(5)
            let plan = HostNetworkPlanner.plan(wanted: wanted, found: world.state)

            let due = world.review()

            #expect(due == plan.steps && !due.isEmpty)
            #expect(due.allSatisfy { world.schedule.history(of: $0.item)?.vanishCount == 0 })
            #expect(world.schedule.nextDeadline == nil)
        }
    }

    @Test func `a refused step waits a second, then longer, and its reason is told`() {
        var world = World()
        let plan = HostNetworkPlanner.plan(wanted: world.wanted, found: world.state)
        func fail() {
            for step in world.schedule.review(plan, now: world.now) {
                world.schedule.failed(step, because: "Network is down (errno 100)", now: world.now)
            }
        }

        fail()
        let first = world.schedule.nextDeadline
        let nothing = world.schedule.review(plan, now: world.now)
        world.now = world.now + .seconds(1)
        fail()
        let second = world.schedule.nextDeadline
        let verdict = world.schedule.enrich(plan.verdicts[0], key: Scenery.ours("10.9.0.0/16").key)

        #expect(first == Instant(nanoseconds: 6_000_000_000))
        #expect(nothing == [])
        #expect(second == world.now + .seconds(1))
        #expect(verdict.reason == .kernelRefused("Network is down (errno 100)"))
    }

    @Test func `a missing route's verdict says who removed it`() {
        var world = World()
        world.review()
        world.schedule.noteRemoval(of: item, by: "dhcpcd", now: world.now)
        _ = world.fight("10.9.0.0/16", rounds: 2)
        world.lose("10.9.0.0/16")
        world.review()
        let plan = HostNetworkPlanner.plan(wanted: world.wanted, found: world.state)

        let verdicts = plan.verdicts.map { world.schedule.enrich($0, key: Scenery.ours("10.9.0.0/16").key) }

        #expect(verdicts[0].state == .missing)
        #expect(verdicts[0].reason?.code == "removed-by-another-program")
        #expect(verdicts[1] == plan.verdicts[1])
    }

    @Test func `an unwanted address that another program keeps adding is removed ever more rarely`() {
        var world = World(Scenery.wanted())
        world.review()
        let stray = Scenery.held("10.66.0.1", 24, on: Scenery.device.index)
        let delays = (0..<4).map { _ in
            world.state = HostNetworkState(
                links: world.state.links, addresses: world.state.addresses + [stray], routes: world.state.routes,
                neighbours: world.state.neighbours)
            let start = world.now
            while world.review().isEmpty { world.now = world.schedule.nextDeadline! }
            return (world.now - start).wholeNanoseconds / 1_000_000_000
        }

        #expect(delays == [0, 0, 1, 2])
    }

    @Test func `pins are restored within a second every time, and a route that needs one waits for it`() {
        var world = World(Scenery.wanted([Scenery.route("198.51.0.0/16")], underlay: ["198.51.100.7"]))
        world.review()

        let delays = world.fight("198.51.100.7/32", rounds: 8)
        world.lose("198.51.100.7/32")
        world.lose("198.51.0.0/16")
        let early = world.review()
        world.now = world.schedule.nextDeadline!
        let late = world.review()

        #expect(delays == [0, 1, 1, 1, 1, 1, 1, 1])
        #expect(early == [])
        #expect(late.map(\.item) == [.pin(Scenery.pin("198.51.100.7").key), .route(Scenery.ours("198.51.0.0/16").key)])
    }

    @Test func `after a pin failed the routes that it stands in front of are held back`() {
        var schedule = RestoreSchedule()
        let wanted = Scenery.wanted(
            [Scenery.route("198.51.0.0/16"), Scenery.route("10.9.0.0/16")], underlay: ["198.51.100.7"])
        let plan = HostNetworkPlanner.plan(wanted: wanted, found: Scenery.found)
        let due = schedule.review(plan, now: Instant(nanoseconds: 0))
        let pin = due.first { if case .pin = $0.item { true } else { false } }!

        schedule.failed(pin, because: "no", now: Instant(nanoseconds: 0))
        let held = due.filter { !schedule.mayApply($0) }

        #expect(held.map(\.item) == [.route(Scenery.ours("198.51.0.0/16").key)])
    }
}
