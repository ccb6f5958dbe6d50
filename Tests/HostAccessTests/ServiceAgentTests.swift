// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import AgentServer

/// Monitors of a service, whose main process is a real one of this machine.
@Suite("Monitors of services")
struct ServiceAgentTests {
  /// A unit whose main process sleeps, as the monitor of its start has noted it; and a program that counts how often it
  /// is run.
  private final class Unit {
    let folder = FileManager.default.temporaryDirectory.appending(path: "monitor-\(UUID().uuidString)").path
    let main = Process()
    var program: String { "\(folder)/ask" }
    var asked: Int { ((try? String(contentsOfFile: "\(folder)/asked", encoding: .utf8)) ?? "").count }

    init() throws {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try says(0)
      main.executableURL = URL(filePath: "/bin/sleep")
      main.arguments = ["300"]
      try main.run()
      let number = main.processIdentifier
      let started = try #require(MainProcess.status(of: number)).startedAt
      SystemdUnit(name: "own.service", notes: folder).remember(
        ServiceState(main: MainProcess(number: number, started: started), controlGroup: "/"))
    }

    deinit {
      kill(main.processIdentifier, SIGKILL)
      try? FileManager.default.removeItem(atPath: folder)
    }

    func says(_ status: Int) throws {
      try "#!/bin/sh\nprintf x >> \(folder)/asked\nexit \(status)\n".write(
        toFile: program, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
    }

    func signal(_ signal: Int32) throws {
      kill(main.processIdentifier, signal)
      let wanted: Character = signal == SIGSTOP ? "T" : "S"
      for _ in 0..<100 where MainProcess.status(of: main.processIdentifier)?.state != wanted { usleep(10_000) }
      #expect(MainProcess.status(of: main.processIdentifier)?.state == wanted)
    }

    /// A monitor of Pacemaker, which looks ten times in 0.9 s.
    func watch(_ parameters: [String: String]) -> OCFResult {
      var environment = [
        "OCF_RESKEY_unit": "own.service", "OCF_RESKEY_CRM_meta_interval": "100",
        "OCF_RESKEY_CRM_meta_timeout": "5000",
      ]
      for (name, value) in parameters { environment["OCF_RESKEY_\(name)"] = value }
      return ServiceAgent(OCFCall(environment), notes: folder).watch()
    }
  }

  /// A port of the loopback that somebody listens at.
  private func listen() throws -> (file: Int32, port: UInt16) {
    let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listens = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(file, address, size) == 0 && Glibc.listen(file, 64) == 0 && getsockname(file, address, &size) == 0
      }
    }
    try #require(listens)
    return (file, UInt16(bigEndian: address.sin_port))
  }

  @Test("a program without a time of its own is run at each look")
  func often() throws {
    let unit = try Unit()
    #expect(unit.watch(["program": unit.program]) == .success)
    #expect(unit.asked >= 3)
  }

  @Test("an answer of a program holds for its time, in monitors to come too, and not when it is wrong")
  func seldom() throws {
    let unit = try Unit()
    for _ in 0..<2 { #expect(unit.watch(["program": unit.program, "program_every": "60000"]) == .success) }
    #expect(unit.asked == 1)

    try unit.says(1)
    #expect(unit.watch(["program": unit.program, "program_every": "1"]) == .failed)
    #expect(unit.watch(["program": unit.program, "program_every": "60000"]) == .failed, "asked again")
  }

  @Test("a process that a signal has stopped is seen while a program's answer holds, and behind an open port")
  func stopped() throws {
    let unit = try Unit()
    let listener = try listen()
    defer { close(listener.file) }
    let seldom = ["program": unit.program, "program_every": "60000"]
    let port = ["tcp_address": "127.0.0.1", "tcp_port": "\(listener.port)"]
    #expect(unit.watch(seldom) == .success && unit.watch(port) == .success)

    try unit.signal(SIGSTOP)
    #expect(unit.watch(port) == .failed, "the kernel takes the connection, and nobody will ever read from it")
    #expect(unit.watch(seldom) == .failed)
    #expect(unit.asked == 1)

    try unit.signal(SIGCONT)
    #expect(unit.watch(seldom) == .success)
  }

  @Test("a program is run before its time where connections wait at the port")
  func waiting() throws {
    let unit = try Unit()
    let listener = try listen()
    defer { close(listener.file) }
    let words = ["program": unit.program, "program_every": "60000", "program_port": "\(listener.port)"]
    #expect(unit.watch(words) == .success && unit.asked == 1)
    #expect(unit.watch(words) == .success && unit.asked == 1)

    try unit.says(1)
    let client = try #require(Connection.open("127.0.0.1", listener.port, until: .now + 1000))
    let clock = ContinuousClock()
    let taken = clock.measure { #expect(unit.watch(words) == .failed) }
    withExtendedLifetime(client) {}
    #expect(taken > .milliseconds(1900) && taken < .seconds(5), "after two seconds, and not at once")
  }
}
