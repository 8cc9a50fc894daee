import ControlProtocol
import NetworkTypes
import Testing

@Suite struct OverlayTextTests {
    @Test func `the ring is a place, its neighbours and a table of links`() {
        let text = RingText(Example.ring).text(colour: false)

        #expect(
            text == """
                node 2000..0001   site lsu   in the ring   about 5 members   consistent
                left   ufl (1000..0001), (f000..0001)
                right  cern (3000..0001), ornl (4000..0001)

                SITE   NODE        FOR            THEY FOR  PATH           RTT    AGE  NOTE
                ufl    1000..0001  near,shortcut  near      direct udp  12.1ms  1h 6m
                cern   3000..0001  near           near,far  overlay     98.0ms    12s  no-answer
                -      f000..0001  -              -         direct udp       -      -

                """)
    }

    @Test func `a gateway without links says so`() {
        var ring = Example.ring
        ring.isRoutable = false
        ring.isConsistent = nil
        ring.estimatedMembers = 1
        (ring.left, ring.right, ring.links) = ([], [], [])

        #expect(
            RingText(ring).text(colour: false) == """
                node 2000..0001   site lsu   joining the ring   about 1 member   consistency unknown
                left   nobody
                right  nobody
                no links

                """)
    }

    @Test func `a crawl lists who sees whom, and who is silent`() {
        var answers = Example.crawl
        answers[1].right = answers[3].member.node
        answers[4].hasAnswered = false
        answers[0].left = answers[3].member.node
        answers[3].right = answers[0].member.node

        #expect(
            CrawlText(CrawlReport(answers)).text(colour: false) == """
                4 of 5 members answered, the ring is NOT consistent

                SITE   NODE        SIDE   SHOULD SEE         SEES
                lsu    2000..0001  right  cern (3000..0001)  ornl (4000..0001)

                silent: (f000..0001)

                """)
        #expect(
            CrawlText(CrawlReport(Example.crawl)).text(colour: false)
                == "5 of 5 members answered, the ring is consistent\n")
    }

    @Test func `a trace is one row a hop`() {
        #expect(
            TraceText(Example.trace).text(colour: false) == """
                to ornl (4000..0001): over the overlay, 3 hops, 48.0ms
                HOP  SITE   NODE        PATH        ENDPOINT             LINK     RTT  NOTE
                  1  cern   3000..0001  direct udp  198.51.100.9:7867  11.9ms  12.1ms
                  2  -      3800..0001  -           -                       -       -
                  3  ornl   4000..0001  -           -                       -  48.0ms

                """)
    }

    @Test func `a lease is one row`() {
        #expect(
            LeaseTable(Example.leases).table.text(colour: false) == """
                KEY                   HOLDER  STATE    EXPIRES  STORED  NOTE
                10.128.3.17           lsu     held         30m       -  02:00:00:00:00:01 web1
                prefix:10.128.7.0/24  lsu     waiting        -     2/5  no-majority
                prefix:10.128.9.0/24  ufl     lost           -       -  other-holder

                """)
    }

    @Test func `the tables fit 80 columns, with purposes and notes of usual length`() {
        let texts = [
            RingText(Example.ring).text(colour: false), TraceText(Example.trace).text(colour: false),
            CrawlText(CrawlReport(Example.crawl)).text(colour: false),
            LeaseTable(Example.leases).table.text(colour: false),
        ]

        for line in texts.flatMap({ $0.split(separator: "\n") }) { #expect(line.count <= 80, "\(line)") }
    }

    @Test func `colour changes nothing but colour, and a peer's name drives no terminal`() {
        var ring = Example.ring
        ring.left[0].site = "\u{1b}[2Jx"
        ring.links[0].member.site = "\u{9b}31m"
        var trace = Example.trace
        trace.hops[0].member.site = "a\nb"
        var answers = Example.crawl
        answers[0].member.site = "\u{7f}"
        answers[0].hasAnswered = false
        let crawl = CrawlReport(answers)

        let plain = [
            RingText(ring).text(colour: false), TraceText(trace).text(colour: false),
            CrawlText(crawl).text(colour: false),
        ]
        let painted = [
            RingText(ring).text(colour: true), TraceText(trace).text(colour: true), CrawlText(crawl).text(colour: true),
        ]

        #expect(plain.allSatisfy { !$0.contains("\u{1b}") && !$0.contains("\u{9b}") && !$0.contains("\u{7f}") })
        #expect(plain == painted.map { $0.replacing(/\u{1b}\[[0-9]*m/, with: "") })
        #expect(painted[0].contains("\u{1b}[32mconsistent"))
    }
}
