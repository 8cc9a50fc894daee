import NATTraversal
import NetworkTypes
import Testing

/// A STUN server's answers, with the messages that RFC 5769 gives as examples.
@Suite struct BindingTests {
    @Test func `a bare request is answered by the endpoint it came from`() throws {
        let request = Messages.request()

        let answer = try #require(Messages.answer(to: request, from: Endpoint("192.0.2.1:32853")!))

        // The transaction and the mapped endpoint are those of RFC 5769 §2.2.
        #expect(
            answer == [0x01, 0x01, 0x00, 0x0c] + request[4...]
                + [0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43])
    }

    @Test func `a v6 endpoint is masked by cookie and transaction`() throws {
        let request = Messages.request()
        let client = Endpoint("[2001:db8:1234:5678:11:2233:4455:6677]:32853")!

        let answer = try #require(Messages.answer(to: request, from: client))

        // RFC 5769 §2.3.
        #expect(
            answer.suffix(24) == [
                0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc,
                0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9,
            ])
        #expect(answer.count == 44)
    }

    @Test func `a client from before the cookie gets the endpoint as it is`() throws {
        // As Debian's stun-client asks: CHANGE-REQUEST for no change.
        let request = Messages.request(cookie: 0x0102_0304, [0, 3, 0, 4, 0, 0, 0, 0])

        let answer = try #require(Messages.answer(to: request, from: Endpoint("192.0.2.1:32853")!))

        #expect(
            answer == [0x01, 0x01, 0x00, 0x0c] + request[4..<20]
                + [0x00, 0x01, 0x00, 0x08, 0x00, 0x01, 0x80, 0x55, 192, 0, 2, 1])
    }

    @Test func `who asks for an answer from another address gets none from this one`() throws {
        let change: [UInt8] = [0, 3, 0, 4, 0, 0, 0, 6]

        #expect(Messages.answer(to: Messages.request(cookie: 0x0102_0304, change)) == nil)
        let answer = try #require(Messages.answer(to: Messages.request(change)))

        #expect(answer[0..<2] == [0x01, 0x11])
        #expect(answer.suffix(16) == [0, 9, 0, 4, 0, 0, 4, 20, 0, 10, 0, 2, 0, 3, 0, 0])
    }

    @Test func `RFC 5769's request is refused for its one unknown attribute, with a fingerprint`() throws {
        let answer = try #require(Messages.answer(to: Messages.sample))

        #expect(answer[0..<4] == [0x01, 0x11, 0x00, 0x18])
        #expect(answer[20..<36] == [0, 9, 0, 4, 0, 0, 4, 20, 0, 10, 0, 2, 0, 0x24, 0, 0])
        #expect(answer[36..<40] == [0x80, 0x28, 0, 4])
        // Its own fingerprint is right: as part of a request it is taken.
        var asRequest = answer
        asRequest.replaceSubrange(0..<2, with: [0, 1])
        #expect(Messages.answer(to: asRequest) == nil, "the type is under the checksum")
    }

    @Test func `a wrong fingerprint, or one that is not the end, is not answered`() {
        var wrong = Messages.sample
        wrong[wrong.count - 1] ^= 1
        let early = Messages.request([0x80, 0x28, 0, 4, 0, 0, 0, 0, 0x80, 0x22, 0, 0])

        #expect(Messages.answer(to: wrong) == nil)
        #expect(Messages.answer(to: early) == nil)
    }

    @Test func `credentials are passed over, and what stands behind them too`() throws {
        let integrity: [UInt8] = [0, 8, 0, 20] + Array(repeating: 7, count: 20)
        let user: [UInt8] = [0, 6, 0, 3, 0x61, 0x62, 0x63, 0]

        let answer = try #require(Messages.answer(to: Messages.request(user + integrity + [0, 0x24, 0, 0])))

        #expect(answer[0..<2] == [0x01, 0x01])
    }

    @Test func `what is no Binding request is not answered`() {
        let request = Messages.request()
        for kind: [UInt8] in [[0x00, 0x11], [0x01, 0x01], [0x01, 0x11], [0x00, 0x03], [0x40, 0x01]] {
            #expect(Messages.answer(to: kind + request[2...]) == nil, "type \(kind)")
        }
        #expect(Messages.answer(to: request + [0, 0, 0, 0]) == nil, "longer than it says")
        #expect(Messages.answer(to: Messages.request(Array(repeating: 0, count: 532))) == nil, "too long")
        #expect(Messages.answer(to: Messages.request([0x80, 0x22, 0, 8, 1, 2, 3, 4])) == nil, "cut attribute")
        for count in 0..<request.count { #expect(Messages.answer(to: Array(request[..<count])) == nil) }
    }

    @Test func `no answer is much larger than its question`() throws {
        for count in 0...20 {
            let unknown = (0..<count).flatMap { [0x7f, UInt8($0), 0, 0] as [UInt8] }
            for fingerprint in [false, true] {
                let request = Messages.request(unknown, fingerprint: fingerprint)
                let v4 = try #require(Messages.answer(to: request))
                let v6 = try #require(Messages.answer(to: request, from: Endpoint("[2001:db8::1]:9")!))

                #expect(Double(v4.count) <= 1.6 * Double(request.count), "\(count) unknown attributes")
                #expect(v6.count <= request.count + 24)
                #expect(v4.count <= BindingAnswer.byteCountLimit && v6.count <= BindingAnswer.byteCountLimit)
            }
        }
    }
}
