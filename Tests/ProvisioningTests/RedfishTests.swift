// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import TestKit
import Testing
import Wings

@testable import AgentServer

/// The agent's own words to a Redfish service that somebody else has written: sushy-tools' emulator, on this machine.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct RedfishTests {
  private static let python = "/var/cache/cluster-lab/redfish/bin/python"
  private static let uuid = "5a7d2c10-93fe-4b1c-8a11-0c42a1000001"
  /// Characters that mean something to curl, to JSON or to a shell.
  private static let password = "a:b\"c\\d $e'f"

  /// The emulator, with a machine whose state is in files.
  private struct Emulator {
    var folder: URL
    var port: Int
    var process: Process

    static func with(_ body: (Emulator) async throws -> Void) async throws {
      try #require(FileManager.default.isExecutableFile(atPath: python), "\(python) is not there: run scripts/setup")
      let folder = FileManager.default.temporaryDirectory.appending(path: "redfish-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let emulator = try await start(in: folder)
      defer {
        // The test's own process may have SIGTERM blocked, and so has what it starts.
        kill(emulator.process.processIdentifier, SIGKILL)
        emulator.process.waitUntilExit()
      }
      try await body(emulator)
    }

    private static func start(in folder: URL) async throws -> Emulator {
      let machine = folder.appending(path: "machine"), (key, certificate) = ("key.pem", "certificate.pem")
      try """
      #!/bin/sh
      cd '\(folder.path)' || exit 1
      case $1 in
        get) echo "$2:$(cat "$2")" ;;
        set) [ ! -e fixed ] || { echo "it is fixed" >&2; exit 1; }; echo "$3" >"$2" ;;
      esac

      """.write(to: machine, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: machine.path)
      try "1\n".write(to: folder.appending(path: "power"), atomically: true, encoding: .utf8)
      try "none\n".write(to: folder.appending(path: "boot"), atomically: true, encoding: .utf8)
      try await Command.checked(
        "openssl",
        [
          "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=bmc", "-keyout",
          folder.appending(path: key).path, "-out", folder.appending(path: certificate).path,
        ], next: "Install openssl.")
      let port = TestPort.next()
      let settings: [String: Any] = [
        "address": "127.0.0.1", "port": port, "user": "admin", "password": password,
        "certificate": folder.appending(path: certificate).path, "key": folder.appending(path: key).path,
        "uuid": uuid, "name": "node001", "chassis": [machine.path],
      ]
      let file = folder.appending(path: "settings.json")
      try JSONSerialization.data(withJSONObject: settings).write(to: file)
      let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
      let process = Process()
      process.executableURL = URL(filePath: python)
      process.arguments = [
        root.appending(path: "Sources/Apps/Lab/Power/Redfish/Payload/emulator.py").path, file.path,
      ]
      process.standardError = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      let emulator = Emulator(folder: folder, port: port, process: process)
      for _ in 0..<300 {
        if (try? await emulator.control().status()) != nil { return emulator }
        try await Task.sleep(for: .milliseconds(100))
      }
      kill(process.processIdentifier, SIGKILL)
      throw AgentError(.unreachable, "the emulator does not answer", next: "See what it says.")
    }

    func control(
      password: String = RedfishTests.password, port: Int? = nil, system: String? = nil
    ) throws -> any MachinePower {
      let bmc = BMC(
        address: try #require(IPv4Address("127.0.0.1")), protocol: .init(rawValue: "redfish"), user: "admin",
        password: SecretRef("bmc/nodes"), port: port ?? self.port, system: system)
      return Redfish.control(of: bmc, password: password)
    }

    func state(_ name: String) throws -> String {
      try String(contentsOf: folder.appending(path: name), encoding: .utf8).trimmingCharacters(in: .newlines)
    }
  }

  private static func code(of body: () async throws -> some Sendable) async -> AgentError.Code? {
    do {
      _ = try await body()
      return nil
    } catch { return (error as? AgentError)?.code }
  }

  @Test func aMachineIsSwitchedAndBootsFromTheNetworkOnce() async throws {
    try await Emulator.with { emulator in
      let power = try emulator.control()
      #expect(try await power.status() == .on)
      try await power.order(.off)
      #expect(try await power.status() == .off)
      #expect(try emulator.state("power") == "0")
      try await power.bootFromNetworkOnce(uefi: true)
      #expect(try emulator.state("boot") == "pxe")
      try await power.bootFromNetworkOnce(uefi: false)
      try await power.order(.on)
      #expect(try await power.status() == .on)
      #expect(try emulator.state("power") == "1")
      try await power.requireSwitching()
      let (own, told) = (try #require(SystemUUID(Self.uuid)), try await power.systemUUID())
      #expect(told?.isSame(as: own) == true)
      #expect(try await emulator.control(system: Self.uuid).status() == .on)
    }
  }

  /// What a person has to do about each of these is another thing.
  @Test func refusalsAreToldApart() async throws {
    try await Emulator.with { emulator in
      let wrong = try emulator.control(password: "wrong"), silent = try emulator.control(port: 9)
      let other = try emulator.control(system: "other"), power = try emulator.control()
      #expect(await Self.code { try await wrong.status() } == .bmcAuthentication)
      #expect(await Self.code { try await silent.status() } == .bmcUnreachable)
      #expect(await Self.code { try await other.status() } == .notFound)
      try "".write(to: emulator.folder.appending(path: "fixed"), atomically: true, encoding: .utf8)
      #expect(await Self.code { try await power.order(.off) } == .bmcPrivilege)
      #expect(try await power.status() == .on)
    }
  }

  @Test func wordsForCurlCannotLeaveTheirLine() {
    #expect(RedfishService.quoted("a\"b\\c\nd") == #""a\"b\\c\nd""#)
  }
}
