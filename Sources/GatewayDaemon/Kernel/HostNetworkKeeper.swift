import ControlProtocol
import LinuxSystem
import Logging
import NetworkTypes
import RouteControl
import RoutePlanning

/// Keeps the kernel's device, addresses, routes and neighbours as the gateway wants them.
///
/// Every change that somebody else makes is seen by the observer and answered by a new comparison; what the comparison
/// asks for is applied in the pace of `RestoreSchedule`.
final class HostNetworkKeeper {
    private(set) var found: HostNetworkState
    private(set) var plan = HostNetworkPlan()
    private(set) var schedule = RestoreSchedule()
    /// Steps that the kernel refused at the last try, in words.
    private(set) var failures: [(step: HostNetworkStep, text: String)] = []
    private var observer: HostNetworkObserver
    private let reader: HostNetworkReader
    private let writer: HostNetworkWriter
    private let device: String
    private let logger: Logger
    private var isStale = false
    /// Device, then addresses, then routes, then nothing.
    private static let rounds = 4

    init(device: String, logger: Logger) throws(NetlinkError) {
        self.device = device
        self.logger = logger
        // The observer first: nothing that happens while the state is read may be missed.
        observer = try HostNetworkObserver(device: device)
        reader = try HostNetworkReader()
        writer = try HostNetworkWriter()
        found = try reader.read(device: device)
    }

    /// Readable when `drainEvents` has something to do.
    var eventDescriptor: Int32 { observer.fileDescriptor }

    /// When `reconcile` wants to be called although nothing happened.
    var nextDeadline: Instant? { schedule.nextDeadline }

    /// Takes what the observer has; returns whether the found state is out of date.
    func drainEvents(now: Instant) -> Bool {
        do throws(NetlinkError) {
            for event in try observer.drain(ignoring: writer.portID) {
                isStale = true
                guard let item = event.removedItem else { continue }
                schedule.noteRemoval(of: item, by: event.sender?.program, now: now)
            }
        } catch {
            logger.warning("kernel events lost, reading everything again", metadata: ["error": "\(error)"])
            isStale = true
        }
        return isStale
    }

    /// Reads the kernel again if something has changed. Returns whether it differs from before.
    func refresh() -> Bool {
        guard isStale else { return false }
        do throws(NetlinkError) {
            let new = try reader.read(device: device)
            isStale = false
            defer { found = new }
            return new != found
        } catch {
            logger.error("cannot read the kernel's network state", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// The overlay device's counters now; `nil` when they cannot be read.
    var deviceCounters: DeviceCounters? {
        guard let found = try? reader.statistics(of: device) else { return nil }
        return DeviceCounters(
            rxBytes: found.rxBytes, txBytes: found.txBytes, rxPackets: found.rxPackets, txPackets: found.txPackets,
            rxDropped: found.rxDropped, txDropped: found.txDropped)
    }

    /// Compares and applies what is due. `remakeDevice` opens the overlay device anew, which no netlink request can.
    func reconcile(_ wanted: WantedHostNetwork, now: Instant, remakeDevice: () throws(TapDeviceError) -> Void) {
        // A new device needs its address before its routes can be planned: each round may make room for the next.
        for _ in 0..<Self.rounds {
            plan = HostNetworkPlanner.plan(wanted: wanted, found: found)
            let due = schedule.review(plan, now: now)
            failures.removeAll { failure in !plan.steps.contains(failure.step) }
            var applied: [HostNetworkStep] = []
            for step in due where schedule.mayApply(step) && apply(step, now: now, remakeDevice: remakeDevice) {
                applied.append(step)
            }
            guard !applied.isEmpty else { return }
            // A table of ten thousand routes is not read again for one more.
            if let after = found.after(routeSteps: applied) {
                found = after
                continue
            }
            isStale = true
            guard refresh() else { return }
        }
        plan = HostNetworkPlanner.plan(wanted: wanted, found: found)
    }

    private func apply(
        _ step: HostNetworkStep, now: Instant, remakeDevice: () throws(TapDeviceError) -> Void
    ) -> Bool {
        do {
            if case .makeDevice = step { try remakeDevice() } else { try writer.apply(step) }
        } catch {
            schedule.failed(step, because: "\(error)", now: now)
            if !failures.contains(where: { $0.step == step }) {
                failures.append((step, "\(error)"))
                logger.error("the kernel refused a change", metadata: ["change": "\(step)", "error": "\(error)"])
            }
            return false
        }
        schedule.applied(step, now: now)
        failures.removeAll { $0.step == step }
        note(step)
        return true
    }

    /// Applies what `plan` asks for until it asks for nothing more; what has been applied stays, also on an error.
    func carryOut(_ plan: (HostNetworkState) -> [HostNetworkStep]) throws(BridgeRefusal) {
        defer {
            isStale = true
            _ = refresh()
        }
        do throws(NetlinkError) {
            try writer.carryOut(device: device, reader: reader, plan)
        } catch {
            throw .kernelRefused("\(error)")
        }
    }

    /// Removes everything of ours: a clean exit.
    func withdraw() {
        isStale = true
        _ = refresh()
        for step in HostNetworkPlanner.farewell(found: found) {
            do throws(NetlinkError) {
                try writer.apply(step)
            } catch {
                logger.warning("cannot undo", metadata: ["change": "\(step)", "error": "\(error)"])
            }
        }
    }

    private func note(_ step: HostNetworkStep) {
        guard let history = schedule.history(of: step.item), history.vanishCount > 0 else {
            logger.debug("kernel changed", metadata: ["change": "\(step)"])
            return
        }
        logger.warning(
            "restored what another program removed",
            metadata: [
                "item": "\(step)", "by": "\(history.lastRemover ?? "unknown")", "times": "\(history.vanishCount)",
            ])
    }
}
