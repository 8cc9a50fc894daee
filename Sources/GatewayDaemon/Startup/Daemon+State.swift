import GatewayCore
import LANServices
import LinuxSystem
import Logging
import NetworkTypes
import OverlayStore

// What the state directory has of the last run, and gets for the next.
extension Daemon {
    /// What the last run has kept. A file that cannot be used is left out: the grid knows what it said, or will.
    var memory: GatewayMemory {
        let leases = kept { () throws(StateFiles.Damage) in try state.rememberedLeases(of: gateway.node) }
        savedClock = leases?.clock ?? 0
        let publications = kept { () throws(StateFiles.Damage) in try state.rememberedPublications() }
        return GatewayMemory(store: leases, publications: publications)
    }

    /// What the last run has kept of the LAN's hosts.
    var lanMemory: LANMemory? {
        kept { () throws(StateFiles.Damage) in try state.rememberedHosts() }
    }

    func saveHosts() {
        guard let lan else { return }
        lan.isDirty = false
        let memory = lan.services.memory(now: now, unixSeconds: WallClock.unixSeconds())
        save("hosts") { () throws(SystemError) in try state.remember(memory) }
    }

    private func kept<Memory>(_ read: () throws(StateFiles.Damage) -> Memory?) -> Memory? {
        do throws(StateFiles.Damage) {
            return try read()
        } catch {
            logger.warning("state not read", metadata: ["file": "\(error.file)", "reason": "\(error.reason)"])
            return nil
        }
    }

    func saveMembers() {
        membersDirty = false
        save("members") { () throws(SystemError) in try state.remember(gateway.rememberedEndpoints) }
    }

    func saveLeases() {
        leasesDirty = false
        let memory = gateway.storeMemory(now: now, unixSeconds: WallClock.unixSeconds())
        savedClock = memory.clock
        save("leases") { () throws(SystemError) in try state.remember(memory) }
    }

    func savePublications() {
        save("publications") { () throws(SystemError) in try state.remember(gateway.publicationMemory) }
    }

    private func save(_ what: String, _ write: () throws(SystemError) -> Void) {
        do throws(SystemError) {
            try write()
            stateError = nil
        } catch {
            if stateError == nil { logger.error("cannot save the \(what)", metadata: ["error": "\(error)"]) }
            stateError = "\(error)"
        }
    }
}
