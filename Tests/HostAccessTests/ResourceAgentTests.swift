// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import AgentServer

/// What resource agents ask, of real sockets of this machine.
@Suite("Resource agents")
struct ResourceAgentTests {
  /// A port of the loopback that somebody listens at, and nobody accepts connections from.
  private final class Listener {
    let file: Int32
    let port: UInt16

    init() throws {
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let bound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
          bind(descriptor, address, size) == 0 && listen(descriptor, 4) == 0
            && getsockname(descriptor, address, &size) == 0
        }
      }
      file = descriptor
      port = UInt16(bigEndian: address.sin_port)
      try #require(bound && port > 0)
    }

    deinit { close(file) }

    /// Answers one request.
    func answer(_ text: String) -> Thread {
      let thread = Thread { [file] in
        let connection = accept(file, nil, nil)
        var bytes = [UInt8](repeating: 0, count: 512)
        _ = read(connection, &bytes, bytes.count)
        _ = write(connection, text, text.utf8.count)
        close(connection)
      }
      thread.start()
      return thread
    }
  }

  private func ask(_ url: String, patience: Int = 3000, giveUp: (Bool) -> Bool = { _ in false }) -> String {
    switch HealthQuestion.page(url).answer(until: .now + patience, giveUp: giveUp) {
    case .right: "right"
    case .wrong(let why): why
    }
  }

  @Test func aHeadKnowsItsOwnCard() {
    #expect(LinkAgent.card(in: "eth0", on: "head1") == "eth0")
    #expect(LinkAgent.card(in: "head1=eth0 head2=eno1", on: "head2") == "eno1")
  }

  @Test func theFirstHeadIsAMemberOrNot() {
    let list = "1 head1 lost\n2 head2 member\n11 head11 member\n"
    #expect(FailbackAgent.isMember("head2", in: list) && !FailbackAgent.isMember("head1", in: list))
  }

  /// As corosync-quorumtool(8) 3.1.7 prints it.
  @Test func theVotesThatAreExpectedAreRead() {
    let text =
      "Votequorum information\n----------------------\nExpected votes:   4\nHighest expected: 4\nTotal votes:      3\n"
    #expect(LastHeadsAgent.expected(in: text) == 4 && LastHeadsAgent.expected(in: "Cannot initialize QUORUM\n") == nil)
    #expect(LastHeadsAgent.value(in: "quorum.expected_votes (u32) = 3\n") == 3)
    #expect(LastHeadsAgent.value(in: "Can't get key quorum.expected_votes. Error CS_ERR_NOT_EXIST\n") == nil)
  }

  @Test func whatAProgramSaysIsShownWhereItCanBe() {
    #expect(FailbackAgent.reason("/q", 1, "3 jobs are due\nmore\n") == "waits: 3 jobs are due")
    #expect(FailbackAgent.reason("/q", 2, "") == "waits: /q ends with status 2")
    #expect(FailbackAgent.reason("/q", 1, "\u{1b}[2J\n") == "waits: /q ends with status 1")
  }

  @Test("a page is right with a status of success, and wrong with another one, twice")
  func pages() throws {
    let listener = try Listener()
    let url = "http://127.0.0.1:\(listener.port)/boot.ipxe"
    _ = listener.answer("HTTP/1.1 200 OK\r\n\r\n")
    #expect(ask(url) == "right")
    _ = listener.answer("HTTP/1.1 503 Busy\r\n\r\n")
    _ = listener.answer("HTTP/1.1 503 Busy\r\n\r\n")
    #expect(ask(url) == "it answers HTTP/1.1 503 Busy")
  }

  @Test("who takes connections into a queue and says nothing is asked for as long as there is patience")
  func silent() throws {
    let listener = try Listener()
    let url = "http://127.0.0.1:\(listener.port)/"
    #expect(!ListeningPort(listener.port).isWaitedFor)
    let clock = ContinuousClock()
    let asked = clock.measure { #expect(ask(url) == "it does not answer") }
    #expect(asked >= .milliseconds(2900))
    #expect(ListeningPort(listener.port).isWaitedFor, "nobody has accepted the connections")
    // Seen to hang, it is given up as soon as it counts as slow.
    let hung = clock.measure { #expect(ask(url, patience: 60_000) { $0 } == "it does not answer") }
    #expect(hung < .seconds(4))
  }

  @Test("a port that nobody listens at is known at once, after a second try")
  func refused() throws {
    let port = try Listener().port
    let clock = ContinuousClock()
    let asked = clock.measure { #expect(ask("http://127.0.0.1:\(port)/") == "it takes no connection") }
    #expect(asked < .seconds(2))
  }

  @Test("a question for a name, and what counts as its answer")
  func names() {
    let question = NameQuery.message(0x1234, "head1.alps.example.org")
    #expect(question.prefix(12) == [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    #expect(question.dropFirst(12).prefix(6) == [5, 0x68, 0x65, 0x61, 0x64, 0x31])
    #expect(question.suffix(5) == [0, 0, 1, 0, 1])
    let answer: [UInt8] = [0x12, 0x34, 0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0]
    #expect(NameQuery.status(of: answer[...], to: 0x1234) == 3)
    #expect(NameQuery.status(of: answer[...], to: 0x1235) == nil)
    #expect(NameQuery.status(of: answer.prefix(8), to: 0x1234) == nil)
    #expect(NameQuery.status(of: question[...], to: 0x1234) == nil, "a question is no answer")
  }

  @Test("a unit's state is read from systemctl's lines")
  func unit() {
    let lines =
      "ActiveState=active\nLoadState=loaded\nJob=17\nMainPID=\(getpid())\nControlGroup=/system.slice/a.service\n"
    let state = ServiceState(properties: lines)
    #expect(state.active == "active" && state.hasJob && state.main.isAlive && !state.isStopped)
    #expect(ServiceState(properties: "ActiveState=failed\nJob=\nMainPID=0\n").hasJob == false)
    #expect(!MainProcess(number: getpid(), started: 1).isAlive, "another process had this number")
  }

  @Test("a call's stay and patience follow from interval and timeout")
  func timing() {
    func call(_ interval: Int, _ timeout: Int) -> OCFCall {
      OCFCall(["OCF_RESKEY_CRM_meta_interval": "\(interval)", "OCF_RESKEY_CRM_meta_timeout": "\(timeout)"])
    }
    #expect(call(3000, 19_000).stay == 9000 && call(3000, 19_000).patience == 9500)
    #expect(call(3000, 5000).stay == 0, "Pacemaker would not wait so long")
    #expect(call(0, 20_000).patience == 19_500)
  }

  @Test("a UUID is the same in each order of bytes that BMCs use, and none is none")
  func systemUUIDs() throws {
    let own = try #require(SystemUUID("00112233-4455-6677-8899-aabbccddeeff\n"))
    for text in [
      "00112233445566778899AABBCCDDEEFF", "33221100554477668899aabbccddeeff", "ffeeddccbbaa99887766554433221100",
      " 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff\n",
    ] {
      #expect(try #require(SystemUUID(text)).isSame(as: own), "\(text)")
    }
    #expect(try !#require(SystemUUID("00112233-4455-6677-8899-aabbccddeefe")).isSame(as: own))
    for text in [
      "", "00000000000000000000000000000000", "ffffffffffffffffffffffffffffffff", "0011223344", "no uuid at all",
    ] {
      #expect(SystemUUID(text) == nil, "\(text)")
    }
  }
}
