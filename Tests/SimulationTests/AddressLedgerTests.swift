import NetworkTypes
import SimulationKit
import Testing

/// Who has which address in a simulated grid, and for how long nobody had.
@Suite struct AddressLedgerTests {
    private static let address = IPAddress(10, 128, 0, 9)

    private static func at(_ seconds: UInt64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    @Test func `a wanted address is without an owner from the first wish to the lease, and while it goes on`() {
        let ledger = AddressLedger()
        ledger.want(Self.address, now: Self.at(1))
        #expect(ledger.longestGap(now: Self.at(3)) == .seconds(2))

        ledger.use(Self.address, by: 1, isHeld: true, now: Self.at(4))
        #expect(ledger.longestGap(now: Self.at(90)) == .seconds(3))

        ledger.end(1, now: Self.at(100))
        #expect(ledger.longestGap(now: Self.at(110)) == .seconds(10))
    }

    @Test func `an address that nobody wants needs no owner`() {
        let ledger = AddressLedger()
        ledger.want(Self.address, now: Self.at(1))
        ledger.use(Self.address, by: 1, isHeld: true, now: Self.at(1))
        ledger.unwant(Self.address, now: Self.at(2))
        ledger.letGo(Self.address, by: 1, now: Self.at(3))
        #expect(ledger.longestGap(now: Self.at(100)) == .zero)
    }

    @Test func `an address that is used before it is held has no owner in the grid`() {
        let ledger = AddressLedger()
        ledger.want(Self.address, now: Self.at(1))
        ledger.use(Self.address, by: 1, isHeld: false, now: Self.at(1))
        #expect(ledger.longestGap(now: Self.at(6)) == .seconds(5))
    }

    @Test func `two holders of an address are seen, and remembered if the grid was one`() {
        let ledger = AddressLedger()
        ledger.isWhole = false
        for gateway in 1...2 { ledger.use(Self.address, by: gateway, isHeld: true, now: Self.at(1)) }
        #expect(ledger.shared == [Self.address] && ledger.clashes.isEmpty)

        ledger.letGo(Self.address, by: 2, now: Self.at(2))
        ledger.isWhole = true
        #expect(ledger.shared.isEmpty && ledger.clashes.isEmpty)

        ledger.use(Self.address, by: 3, isHeld: true, now: Self.at(3))
        ledger.letGo(Self.address, by: 3, now: Self.at(4))
        #expect(ledger.shared.isEmpty && ledger.clashes == [Self.address])
    }

    @Test func `who uses an address without an answer shares it, and that is not remembered`() {
        let ledger = AddressLedger()
        ledger.use(Self.address, by: 1, isHeld: true, now: Self.at(1))
        ledger.use(Self.address, by: 2, isHeld: false, now: Self.at(2))
        #expect(ledger.shared == [Self.address])

        ledger.letGo(Self.address, by: 2, now: Self.at(3))
        #expect(ledger.shared.isEmpty && ledger.clashes.isEmpty)
    }
}
