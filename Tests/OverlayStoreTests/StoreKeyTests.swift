import Testing

@testable import OverlayStore

@Suite struct StoreKeyTests {
    @Test func `a name has 1 to 64 printable characters`() {
        #expect(StoreKey(.exclusive, "prefix:10.0.0.0/24") != nil)
        #expect(StoreKey(.exclusive, "") == nil)
        #expect(StoreKey(.exclusive, "a b") == nil)
        #expect(StoreKey(.exclusive, String(repeating: "a", count: 65)) == nil)
    }
}
