import GatewayConfiguration
import LinuxSystem
import Logging
import NetworkTypes
import RouteControl
import RoutePlanning

/// Makes the LAN's bridge, or finds the one that is there, and keeps the record of what was done.
///
///     none --make--> making --all steps--> made --ipop lan release--> none
///                      \--a step is refused, or the mode is another--> undone
///
/// The bridge stays when the daemon stops: only `ipop lan release` undoes it.
final class BridgeKeeper {
    /// How the LAN is attached now.
    enum Standing: Equatable {
        /// As an interface of its own.
        case routed
        /// By a bridge of this name, which the overlay device is a port of. `isOwn`: it was made here.
        case bridged(String, isOwn: Bool)
        /// It should be bridged, and is not.
        case refused(BridgeRefusal)
        /// It is routed by the settings, and the bridge of before is still there.
        case left(String)

        /// The bridge to be a port of.
        var bridge: String? {
            if case .bridged(let name, _) = self { name } else { nil }
        }
    }

    private(set) var standing = Standing.routed
    private(set) var record: BridgeRecord?
    private let file: BridgeFile
    private let logger: Logger
    /// How often the bridge was mended in a row, and when it may be again.
    private var attempts = 0
    private var notBefore = Instant(nanoseconds: 0)
    private var isBroken = false

    init(stateDirectory: String, logger: Logger) {
        file = BridgeFile(directory: stateDirectory)
        self.logger = logger
    }

    /// The bridge to be a port of; `nil` where there is none.
    var bridge: String? { standing.bridge }

    /// When `mend` wants to be called although nothing happened.
    var nextDeadline: Instant? { isBroken ? notBefore : nil }

    /// Brings the LAN into the state that `wish` asks for, `nil` being a routed one. At the start, and when the
    /// settings have changed: what was refused is tried again.
    func settle(_ wish: BridgeWish?, _ network: HostNetworkKeeper, now: Instant) {
        isBroken = false
        do throws(BridgeRefusal) {
            record = try file.read()
            if let record, BridgePlanner.isOfFormerBoot(record, found: network.found) { try forget() }
            standing = if let wish { try attach(wish, network) } else { try detach(network) }
        } catch {
            standing = .refused(error)
            logger.error("the LAN is not bridged", metadata: ["reason": "\(error.text)"])
        }
    }

    /// What `settle(wish)` would come to, without doing it.
    func foresee(_ wish: BridgeWish?, found: HostNetworkState) -> BridgeOutlook {
        guard let wish else {
            guard let record else { return BridgeOutlook(standing: .routed, steps: [], found: found) }
            guard record.phase == .making else {
                return BridgeOutlook(standing: .left(record.bridge), steps: [], found: found)
            }
            return BridgeOutlook(
                standing: .routed, steps: BridgePlanner.undoing(record, found: found), found: found)
        }
        switch judge(wish, found: found) {
        case .existing(let bridge):
            return BridgeOutlook(standing: .bridged(bridge.name, isOwn: false), steps: [], found: found)
        case .own(let record), .make(let record):
            let isThere = record.phase == .made && found.link(named: record.bridge) != nil
            let forecast = BridgeForecast(making: record, found: found)
            return BridgeOutlook(
                standing: .bridged(record.bridge, isOwn: true),
                steps: isThere ? BridgePlanner.mending(record, found: found) : forecast.steps, found: forecast.found)
        case .refused(let refusal):
            return BridgeOutlook(standing: .refused(refusal), steps: [], found: found)
        }
    }

    /// Somebody may have changed the bridge: mends what was made here, in a pace that fights nobody.
    func mend(_ network: HostNetworkKeeper, now: Instant) {
        isBroken = false
        guard case .bridged(let name, isOwn: true) = standing, let record,
            !BridgePlanner.mending(record, found: network.found).isEmpty
        else { return }
        isBroken = true
        guard notBefore <= now else { return }
        if now - notBefore >= RestoreLimits.steadyTime { attempts = 0 }
        notBefore = now + min(RestoreLimits.firstDelay * (1 << min(attempts, 6)), RestoreLimits.longestDelay)
        attempts += 1
        logger.warning("mending the bridge", metadata: ["bridge": "\(name)", "times": "\(attempts)"])
        do throws(BridgeRefusal) {
            if network.found.link(named: record.bridge) == nil {
                try complete(record, network)
            } else {
                try network.carryOut { BridgePlanner.mending(record, found: $0) }
            }
            isBroken = false
        } catch {
            logger.error("the bridge is not mended", metadata: ["reason": "\(error.text)"])
            guard self.record == nil else { return }
            // It was undone instead: the interface has its addresses again.
            standing = .refused(error)
            isBroken = false
        }
    }

    private func attach(_ wish: BridgeWish, _ network: HostNetworkKeeper) throws(BridgeRefusal) -> Standing {
        switch judge(wish, found: network.found) {
        case .existing(let bridge):
            logger.info("the LAN's bridge is there", metadata: ["bridge": "\(bridge.name)"])
            return .bridged(bridge.name, isOwn: false)
        case .own(let record):
            if record.phase == .making || network.found.link(named: record.bridge) == nil {
                try complete(record, network)
            } else {
                try network.carryOut { BridgePlanner.mending(record, found: $0) }
            }
            return .bridged(record.bridge, isOwn: true)
        case .make(let record):
            try complete(record, network)
            logger.notice(
                "bridge made", metadata: ["bridge": "\(record.bridge)", "port": "\(record.port)"])
            return .bridged(record.bridge, isOwn: true)
        case .refused(let refusal):
            throw refusal
        }
    }

    private func judge(_ wish: BridgeWish, found: HostNetworkState) -> BridgeVerdict {
        BridgePlanner.judge(
            interface: wish.interface, name: wish.bridge, record: record,
            managers: InterfaceManagers.of(wish.interface, in: found), found: found)
    }

    /// Takes the steps that are left, or all of them back. The record stands on the disk before the first one.
    private func complete(_ record: BridgeRecord, _ network: HostNetworkKeeper) throws(BridgeRefusal) {
        var record = record
        record.phase = .making
        try write(record)
        do throws(BridgeRefusal) {
            try network.carryOut { BridgePlanner.making(record, found: $0) }
        } catch {
            try undo(record, network)
            throw error
        }
        record.phase = .made
        try write(record)
    }

    private func forget() throws(BridgeRefusal) {
        try file.remove()
        record = nil
    }

    private func undo(_ record: BridgeRecord, _ network: HostNetworkKeeper) throws(BridgeRefusal) {
        try network.carryOut { BridgePlanner.undoing(record, found: $0) }
        try forget()
        logger.notice("bridge undone", metadata: ["bridge": "\(record.bridge)", "port": "\(record.port)"])
    }

    /// The LAN is routed: what was begun is undone, what was made stays until it is released.
    private func detach(_ network: HostNetworkKeeper) throws(BridgeRefusal) -> Standing {
        guard let record else { return .routed }
        guard record.phase == .making else { return .left(record.bridge) }
        try undo(record, network)
        return .routed
    }

    private func write(_ new: BridgeRecord) throws(BridgeRefusal) {
        try file.write(new)
        record = new
    }
}

/// How the LAN is to be bridged, by the settings.
struct BridgeWish: Equatable {
    var interface: String
    var bridge: String?
}

extension BridgeWish {
    /// As the settings say; `nil` for a routed LAN.
    init?(_ lan: GatewaySettings.LAN) {
        guard lan.mode == .bridged else { return nil }
        self.init(interface: lan.interface, bridge: lan.bridge)
    }
}

/// What is to come of the LAN's bridge.
struct BridgeOutlook {
    let standing: BridgeKeeper.Standing
    let steps: [HostNetworkStep]
    /// The host's network then, as far as the overlay's device and routes depend on it.
    let found: HostNetworkState
}
