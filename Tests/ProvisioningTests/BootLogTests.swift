// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing
import Wings

@testable import AgentServer

@Suite struct BootLogTests {
  private static func line(_ at: String, _ ip: String, _ uri: String, _ args: String = "", status: Int = 200) -> String
  {
    #"{"at":\#(at),"ip":"\#(ip)","method":"GET","uri":"\#(uri)","args":"\#(args)","status":\#(status),"bytes":110}"#
      + "\n"
  }

  private static let mac = MACAddress(bits: 0x5254_0011_0001)

  @Test func followsABootFromScriptToReady() {
    let script = Self.line("1700000000.123", "10.1.1.1", "/ipxe/52-54-00-11-00-01.ipxe")
    let image = Self.line("1700000002.000", "10.1.1.1", "/images/compute/abc/root.squashfs")
    let ready = Self.line(
      "1700000012.500", "10.1.1.1", "/report",
      "mac=52%3a54%3a00%3a11%3a00%3a01&event=ready&image=compute%2fabc&verified=yes&uptime=9&detail=failed%3A+a+b",
      status: 204)

    let afterScript = BootLog.reports(in: script[...], now: 1_700_000_100)
    let afterImage = BootLog.reports(in: (script + image)[...], now: 1_700_000_100)
    let afterReady = BootLog.reports(in: (script + image + ready)[...], now: 1_700_000_100)

    #expect(
      afterScript == [
        NodeReport(mac: Self.mac, stage: .script, image: nil, verified: false, age: 100, uptime: nil)
      ])
    #expect(afterImage.map(\.stage) == [.image])
    #expect(afterImage.first?.image == "compute/abc")
    #expect(
      afterReady == [
        NodeReport(
          mac: Self.mac, stage: .ready, image: "compute/abc", verified: true, age: 88, uptime: 9,
          detail: "failed: a b")
      ])
  }

  /// Anybody can send a line for any node: what a node said before is not lost by it.
  @Test func whenItWasReadyIsKeptBesideWhatIsSaidLater() {
    func said(_ at: Int, _ event: String, from ip: String = "10.1.1.1") -> String {
      Self.line("\(at).0", ip, "/report", "mac=52:54:00:11:00:01&event=\(event)&image=a/1&verified=yes")
    }
    func newest(_ lines: String...) -> NodeReport? { BootLog.reports(in: lines.joined()[...], now: 100).first }
    let script = Self.line("90.0", "10.1.9.9", "/ipxe/52-54-00-11-00-01.ipxe")
    let powered = BootLog.powerLine(Self.mac, at: 70) + "\n"

    let forged = newest(said(60, "ready"), said(80, "failed", from: "10.1.9.9"), script)
    #expect(forged?.stage == .script && forged?.readyAge == 40 && forged?.wasReadyLately == true)
    let booted = newest(said(60, "ready"), powered, said(80, "failed"))
    #expect(booted?.readyAge == 40 && booted?.poweredAge == 30 && booted?.wasReadyLately == false)
    let back = newest(said(60, "ready"), powered, said(80, "ready"), said(85, "failed"))
    #expect(back?.readyAge == 20 && back?.poweredAge == 30 && back?.wasReadyLately == true)
    // Only the head itself says that it has switched a node's power.
    let posed = newest(said(60, "ready"), said(80, "powered", from: "10.1.9.9"))
    #expect(posed?.stage == .ready && posed?.age == 40 && posed?.poweredAge == nil)
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

    let servers = (1...3).map { BootLog.reports(in: lines.prefix($0).joined()[...], now: 10).map(\.server) }

    #expect(servers == [["10.1.0.1"], ["10.1.0.10"], ["10.1.0.10"]].map { $0.map { IPv4Address($0) } })
  }

  /// Lines of earlier versions do not tell: that is unknown, and no reason to do anything.
  @Test func aLineWithoutTheAddressIsReadAsBefore() {
    let line = Self.line("1.0", "10.1.1.1", "/report", "mac=52:54:00:11:00:01&event=ready&image=a/1&verified=yes")

    let reports = BootLog.reports(in: line[...], now: 10)

    #expect(reports.map(\.stage) == [.ready] && reports.map(\.server) == [nil])
    #expect(reports.first?.speaks(toAnotherThan: IPv4Address("10.1.0.1")) == false)
  }

  /// What it said before is over, however short ago it was.
  @Test func aMachineWhosePowerWasSwitchedIsNotReadyAnyMore() {
    let ready = Self.line("1.0", "10.1.1.1", "/report", "mac=52:54:00:11:00:01&event=ready&image=a/1&verified=yes")
    let power = BootLog.powerLine(Self.mac, at: 3) + "\n"

    let away = BootLog.reports(in: (ready + power)[...], now: 10)
    let back = BootLog.reports(in: (power + ready)[...], now: 10)

    #expect(
      away == [
        NodeReport(mac: Self.mac, stage: .powered, image: nil, verified: false, age: 7, uptime: nil, readyAge: 9)
      ])
    #expect(away.allSatisfy { !$0.wasReadyLately })
    #expect(back.map(\.stage) == [.ready])
  }

  @Test func newestOfEachMachineWins() {
    let log = [
      Self.line("1.0", "10.1.1.1", "/report", "mac=52:54:00:11:00:01&event=ready&image=a/1&verified=yes"),
      Self.line("2.0", "10.1.1.2", "/report", "mac=52:54:00:11:00:02&event=failed&image=a/1&detail=sha"),
      Self.line("3.0", "10.1.1.1", "/ipxe/52-54-00-11-00-01.ipxe"),
    ].joined()

    let reports = BootLog.reports(in: log[...], now: 10)

    #expect(reports.map(\.stage) == [.script, .failed])
    #expect(reports.map(\.age) == [7, 8])
  }

  @Test(arguments: [
    "", "\n", "half a line\":1}\n", #"{"at":1.0,"ip":"10.1.1.1","#, #"{"at":1.0}"#, "{}", "[]",
    #"{"at":1.0,"ip":"10.1.1.1","uri":"/report","args":"event=ready","status":204}"#,
    #"{"at":1.0,"ip":"10.1.1.1","uri":"/report","args":"mac=zz&event=ready","status":204}"#,
    #"{"at":1.0,"ip":"10.1.1.1","uri":"/ipxe/52-54-00-11-00-01.ipxe","args":"","status":404}"#,
    #"{"at":1.0,"ip":"10.1.1.1","uri":"/images/compute/abc/root.squashfs","args":"","status":200}"#,
    #"{"at":1.0,"ip":"10.1.1.1","uri":"/report","args":"mac=52:54:00:11:00:01&event=installing","status":204}"#,
  ])
  func whatTellsNothingIsNoReport(_ text: String) {
    #expect(BootLog.reports(in: text[...], now: 10).isEmpty)
  }

  @Test func readsEscapes() {
    let fields = FlatJSON.fields(#"{"a":"x\"\\\u0041\n","b": -1.5e3 , "c":""}"#)

    #expect(fields == ["a": "x\"\\A\n", "b": "-1.5e3", "c": ""])
  }
}
