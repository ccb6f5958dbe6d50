// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing
import Wings

@testable import AgentServer

@Suite struct BootLogTests {
  static func line(
    _ at: String, _ ip: String, _ uri: String, _ args: String = "", status: Int = 200, port: Int = 700
  ) -> String {
    #"{"at":\#(at),"ip":"\#(ip)","port":\#(port),"method":"GET","uri":"\#(uri)","args":"\#(args)","#
      + #""status":\#(status),"bytes":110}"# + "\n"
  }

  static let mac = MACAddress(bits: 0x5254_0011_0001)
  static let address = IPv4Address("10.1.1.1")
  static let known = Reservations(
    text: "52:54:00:11:00:01,node1,10.1.1.1,15m\n52:54:00:11:00:02,node2,10.1.1.2,15m\n")

  private func reports(_ lines: String..., now: Int) -> [NodeReport] {
    BootLog.reports(in: lines.joined()[...], Self.known, now: now)
  }

  /// The head's clock was nine hours ahead when it heard the node, and is right again.
  @Test func aReportOfATimeToComeIsNotNewForHours() throws {
    let line = Self.line(
      "1700032400.000", "10.1.1.1", "/report", "mac=52:54:00:11:00:01&event=ready&every=60&uptime=9", status: 204)

    let report = try #require(reports(line, now: 1_700_000_000).first)

    #expect(report.age > report.silentAfter)
    // It may be at work all the same.
    #expect(report.wasReadyLately)
    #expect(try #require(reports(line, now: 1_700_032_430).first).age == 30)
  }

  @Test func followsABootFromScriptToReady() {
    let script = Self.line("1700000000.123", "10.1.1.1", "/ipxe/52-54-00-11-00-01.ipxe")
    let image = Self.line("1700000002.000", "10.1.1.1", "/images/compute/abc/root.squashfs")
    let ready = Self.line(
      "1700000012.500", "10.1.1.1", "/report",
      "mac=52%3a54%3a00%3a11%3a00%3a01&event=ready&image=compute%2fabc&verified=yes&uptime=9&detail=failed%3A+a+b",
      status: 204)

    let afterScript = BootLog.reports(in: script[...], Self.known, now: 1_700_000_100)
    let afterImage = BootLog.reports(in: (script + image)[...], Self.known, now: 1_700_000_100)
    let afterReady = BootLog.reports(in: (script + image + ready)[...], Self.known, now: 1_700_000_100)

    #expect(
      afterScript == [
        NodeReport(
          mac: Self.mac, stage: .script, image: nil, verified: false, age: 100, uptime: nil, address: Self.address)
      ])
    #expect(afterImage.map(\.stage) == [.image])
    #expect(afterImage.first?.image == "compute/abc")
    #expect(
      afterReady == [
        NodeReport(
          mac: Self.mac, stage: .ready, image: "compute/abc", verified: true, age: 88, uptime: 9,
          detail: "failed: a b", address: Self.address)
      ])
  }

  /// Root of a node can say anything of it: what it said before is not lost by it.
  @Test func whenItWasReadyIsKeptBesideWhatIsSaidLater() {
    func said(_ at: Int, _ event: String, image: String = "a/1") -> String {
      Self.line("\(at).0", "10.1.1.1", "/report", "mac=52:54:00:11:00:01&event=\(event)&image=\(image)&verified=yes")
    }
    let powered = BootLog.powerLine(Self.mac, at: 70) + "\n"

    let failed = reports(said(60, "ready"), said(80, "failed"), now: 100).first
    #expect(failed?.stage == .failed && failed?.readyAge == 40 && failed?.wasReadyLately == true)
    let booted = reports(said(60, "ready"), powered, said(80, "failed"), now: 100).first
    #expect(booted?.readyAge == 40 && booted?.poweredAge == 30 && booted?.wasReadyLately == false)
    let back = reports(said(60, "ready"), powered, said(80, "ready"), said(85, "failed"), now: 100).first
    #expect(back?.readyAge == 20 && back?.poweredAge == 30 && back?.wasReadyLately == true)
    // Which image it ran is not forgotten over the name of another one, as that image would be removed.
    let lying = reports(said(60, "ready"), said(80, "failed", image: "b/2"), said(85, "failed", image: "c/3"), now: 100)
    #expect(lying.map(\.images) == [["a/1", "c/3"]])
    let told = BootLog.powerLine(Self.mac, server: IPv4Address(bits: 0x0a01_000a), at: 70) + "\n"
    #expect(reports(told, now: 100).first?.speaks(toAnotherThan: IPv4Address(bits: 0x0a01_0001)) == true)
    #expect(reports(powered, now: 100).first?.server == nil)
    // Only the head itself says that it has switched a node's power.
    let posed = reports(said(60, "ready"), said(80, "powered"), now: 100).first
    #expect(posed?.stage == .ready && posed?.age == 40 && posed?.poweredAge == nil)
  }

  /// Finding 1: one line of anybody's had a node power-cycled.
  @Test(arguments: [
    ("10.1.9.9", 700, "failed"), ("10.1.9.9", 40000, "ready"), ("10.1.1.1", 1024, "failed"), ("10.1.1.1", 0, "failed"),
    ("10.1.1.2", 700, "failed"), ("10.1.1.1", 65535, "ready"), ("-", 700, "failed"),
  ])
  func whatOthersSayForANodeDoesNotCount(ip: String, port: Int, event: String) {
    func said(_ at: Int, _ event: String, _ ip: String, _ port: Int) -> String {
      Self.line("\(at).0", ip, "/report", "mac=52:54:00:11:00:01&event=\(event)&image=b/2", port: port)
    }

    let own = reports(said(60, "ready", "10.1.1.1", 700), said(99, event, ip, port), now: 100).first
    let alone = reports(said(99, event, ip, port), now: 100)

    #expect(own?.stage == .ready && own?.age == 40 && own?.readyAge == nil)
    #expect(alone.map(\.stage) == (ip == "-" ? [] : [.elsewhere]))
    if ip != "-" {
      let told = NodeReport.Elsewhere(
        address: IPv4Address(ip) ?? IPv4Address(bits: 0), isPrivileged: (1..<1024).contains(port), age: 1)
      #expect(own?.elsewhere == told && alone.first?.elsewhere == told)
    }
  }

  /// Nobody's machine is on its way because somebody fetched a file.
  @Test func whatIsFetchedShowsABootOnlyOfANodeThatIsNotReady() {
    let ready = Self.line("60.0", "10.1.1.1", "/report", "mac=52:54:00:11:00:01&event=ready&image=a/1&every=60")
    func script(_ at: Int, from ip: String) -> String {
      Self.line("\(at).0", ip, "/ipxe/52-54-00-11-00-01.ipxe", port: 40000)
    }
    let root = Self.line("92.0", "10.1.1.1", "/images/a/1/root.squashfs", port: 40000)

    #expect(reports(ready, script(90, from: "10.1.1.1"), root, now: 100).map(\.stage) == [.ready])
    #expect(reports(ready, script(90, from: "10.1.1.1"), root, now: 60 + 196).map(\.stage) == [.image])
    #expect(reports(ready, script(90, from: "10.1.9.9"), now: 400).map(\.stage) == [.ready])
    let switched = reports(
      ready, BootLog.powerLine(Self.mac, at: 70) + "\n", script(90, from: "10.1.1.1"), now: 100)
    #expect(switched.map(\.stage) == [.script] && switched.first?.poweredAge == 30)
    #expect(reports(script(90, from: "10.1.9.9"), now: 100).map(\.stage) == [.elsewhere])
  }

  /// Finding 19: a closed type each. What is not of it is not there.
  @Test(
    arguments: [
      ("image=a/1%0aforged", nil), ("image=../../etc", nil), ("image=a%2f0123abcdef", "a/0123abcdef"),
      ("image=a/1/2", nil),
      ("image=A/1", nil), ("image=%1b[2J/1", nil), ("image=a/zz", nil),
    ] as [(String, String?)])
  func anImageIsANameAndADigest(_ pair: String, _ image: String?) {
    let line = Self.line("1.0", "10.1.1.1", "/report", "mac=52:54:00:11:00:01&event=ready&verified=yes&\(pair)")

    #expect(reports(line, now: 10).map(\.image) == [image])
  }

  @Test func wordsOfANodeAreShortAndPlain() {
    let long = String(repeating: "x", count: 5000)
    let line = Self.line("1.0", "10.1.1.1", "/report", "mac=52:54:00:11:00:01&event=failed&detail=%1b[2J%0a\(long)")

    let detail = reports(line, now: 10).first?.detail ?? ""

    #expect(detail.hasPrefix("\\u001b[2J\\u000ax") && detail.count <= 2 * NodeReport.longestDetail)
  }

  @Test(arguments: ["-9223372036854775808", "9223372036854775807", "99999999999999999999", "-1", "", "1e3"])
  func numbersThatNoNodeHasAreNotBelieved(_ number: String) {
    let line = Self.line(
      "1.0", "10.1.1.1", "/report", "mac=52:54:00:11:00:01&event=ready&uptime=\(number)&every=\(number)")

    #expect(reports(line, now: 10).map(\.uptime) == [nil] && reports(line, now: 10).map(\.every) == [nil])
    #expect(reports(line, now: 10).map(\.silentAfter) == [45])
  }

  /// Whichever of the head's addresses it was, and also of what is fetched before the node is up.
  @Test func theAddressThatWasSpokenToIsKept() {
    let requests = [
      ("1.0", "10.1.0.1", "/ipxe/52-54-00-11-00-01.ipxe", ""),
      ("2.0", "10.1.0.10", "/images/compute/abc/root.squashfs", ""),
      ("3.0", "10.1.0.10", "/report", "mac=52:54:00:11:00:01&event=ready&image=a/1&verified=yes"),
    ]
    let lines = requests.map { at, server, uri, args in
      Self.line(at, "10.1.1.1", uri, args).replacing(#""ip":"#, with: #""server":"\#(server)","ip":"#)
    }

    let servers = (1...3).map { BootLog.reports(in: lines.prefix($0).joined()[...], Self.known, now: 10).map(\.server) }

    #expect(servers == [["10.1.0.1"], ["10.1.0.10"], ["10.1.0.10"]].map { $0.map { IPv4Address($0) } })
  }

  /// Lines of earlier versions do not tell: that is unknown, and no reason to do anything.
  @Test func aLineWithoutTheAddressIsReadAsBefore() {
    let line = Self.line("1.0", "10.1.1.1", "/report", "mac=52:54:00:11:00:01&event=ready&image=a/1&verified=yes")

    let reports = BootLog.reports(in: line[...], Self.known, now: 10)

    #expect(reports.map(\.stage) == [.ready] && reports.map(\.server) == [nil])
    #expect(reports.first?.speaks(toAnotherThan: IPv4Address("10.1.0.1")) == false)
  }

  /// What it said before is over, however short ago it was.
  @Test func aMachineWhosePowerWasSwitchedIsNotReadyAnyMore() {
    let ready = Self.line("1.0", "10.1.1.1", "/report", "mac=52:54:00:11:00:01&event=ready&image=a/1&verified=yes")
    let power = BootLog.powerLine(Self.mac, at: 3) + "\n"

    let away = BootLog.reports(in: (ready + power)[...], Self.known, now: 10)
    let back = BootLog.reports(in: (power + ready)[...], Self.known, now: 10)

    #expect(
      away == [
        NodeReport(
          mac: Self.mac, stage: .powered, image: nil, verified: false, age: 7, uptime: nil, readyAge: 9,
          readyImage: "a/1")
      ])
    #expect(away.allSatisfy { !$0.wasReadyLately })
    #expect(back.map(\.stage) == [.ready])
  }

  @Test func newestOfEachMachineWins() {
    let log = [
      Self.line("1.0", "10.1.1.1", "/report", "mac=52:54:00:11:00:01&event=ready&image=a/1&verified=yes"),
      Self.line("2.0", "10.1.1.2", "/report", "mac=52:54:00:11:00:02&event=failed&image=a/1&detail=sha"),
      Self.line("3.0", "10.1.1.1", "/report", "mac=52:54:00:11:00:01&event=failed&image=a/1"),
    ].joined()

    let reports = BootLog.reports(in: log[...], Self.known, now: 10)

    #expect(reports.map(\.stage) == [.failed, .failed])
    #expect(reports.map(\.age) == [7, 8])
  }

  @Test(arguments: [
    "", "\n", "half a line\":1}\n", #"{"at":1.0,"ip":"10.1.1.1","#, #"{"at":1.0}"#, "{}", "[]",
    #"{"at":1.0,"ip":"10.1.1.1","uri":"/report","args":"event=ready","status":204}"#,
    #"{"at":1.0,"ip":"10.1.1.9","uri":"/images/compute/abc/root.squashfs","args":"","status":200}"#,
    #"{"at":1.0,"ip":"10.1.1.1","port":7,"uri":"/report","args":"mac=52:54:00:99:00:01&event=ready","status":204}"#,
    #"{"at":1.0,"ip":"10.1.1.1","uri":"/report","args":"mac=zz&event=ready","status":204}"#,
    #"{"at":1.0,"ip":"10.1.1.1","uri":"/ipxe/52-54-00-11-00-01.ipxe","args":"","status":404}"#,
    #"{"at":1.0,"ip":"10.1.1.1","uri":"/report","args":"mac=52:54:00:11:00:01&event=installing","status":204}"#,
  ])
  func whatTellsNothingIsNoReport(_ text: String) {
    #expect(BootLog.reports(in: text[...], Self.known, now: 10).isEmpty)
  }

  @Test func readsEscapes() {
    let fields = FlatJSON.fields(#"{"a":"x\"\\\u0041\n","b": -1.5e3 , "c":""}"#)

    #expect(fields == ["a": "x\"\\A\n", "b": "-1.5e3", "c": ""])
  }
}
