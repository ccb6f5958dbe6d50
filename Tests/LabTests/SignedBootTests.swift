// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import AgentServer
@testable import Lab
@testable import Wings

/// `boot: signed` with the real dnsmasq and nginx and the real GRUB, as the agent makes it, in emulated machines: GRUB
/// boots what is signed, and nothing else.
@Suite(.serialized, .timeLimit(.minutes(60)), .enabled(if: geteuid() == 0, "network namespaces need root"))
struct SignedBootTests {
  private static let spec = BootServices.spec(nodes: 2).replacing(
    "cluster: storm\n", with: "cluster: storm\nboot: signed\n")

  /// The services, with an image that can boot, signed, and its folder.
  private static func with(_ body: (BootServices, String) async throws -> Void) async throws {
    try await BootServices.with(spec) { services in
      let image = try #require(services.signatures?.images.first)
      let folder = "\(services.folder)/images/\(image)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try await SignedMachine.makeSystem(in: folder)
      try LabFiles.write(SignedBoot.imageScript(image, squashfs: "abcd"), to: "\(folder)/boot.cfg")
      try await ImageSignatures(folder: folder).sign(with: SigningKey(secret: Array("the key of the site".utf8)))
      try await body(services, folder)
    }
  }

  private static func change(_ path: String) throws {
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    try file.seek(toOffset: try file.seekToEnd() / 2)
    try file.write(contentsOf: Data("changed".utf8))
    try file.close()
  }

  private static let second = "(2 of 24)"

  @Test(arguments: [false, true]) func aMachineBootsWhatIsSigned(_ isUEFI: Bool) async throws {
    try await Self.with { services, _ in
      let machine = SignedMachine(services: services, isUEFI: isUEFI)
      let said = try await machine.boot(until: "reboot: Power down", Self.second)

      #expect(
        said.contains("cluster.sha256=abcd") && said.contains("systemd.hostname=node00001"), "\(said.suffix(2000))")
      #expect(said.contains("cluster.ip=10.1.16.1/16") && said.contains("signed: BOOT_IMAGE="))
      let log = try String(contentsOfFile: "\(services.folder)/boot.log", encoding: .utf8)
      let events = log.split(separator: "\n").compactMap { BootEvent(line: $0)?.what }
      #expect(events == [.script(try #require(MACAddress(SignedMachine.mac)))])
    }
  }

  @Test(arguments: [(false, "script"), (true, "script"), (false, "vmlinuz"), (true, "initrd")])
  func aMachineRefusesWhatWasChanged(_ isUEFI: Bool, _ what: String) async throws {
    try await Self.with { services, folder in
      try Self.change(what == "script" ? "\(services.folder)/http/signed/01.cfg" : "\(folder)/\(what)")

      let said = try await SignedMachine(services: services, isUEFI: isUEFI).boot(until: "signed: ", Self.second)

      #expect(said.contains(Self.second) && !said.contains("Linux version"), "\(said.suffix(2000))")
      #expect(!said.contains("grub>") && !said.contains("grub rescue>"))
    }
  }

  /// Another site's key, or somebody who has made one.
  @Test func aMachineRefusesWhatAnotherKeyHasSigned() async throws {
    try await Self.with { services, folder in
      let other = try await SigningKey(secret: Array("another".utf8))
      let script = "\(services.folder)/http/signed/01.cfg"
      try FileSystem.write(
        try await other.sign(try FileSystem.read(script)), to: "\(services.folder)/signed/01.cfg.sig")

      let said = try await SignedMachine(services: services, isUEFI: true).boot(until: "signed: ", Self.second)

      #expect(said.contains(Self.second) && !said.contains("Linux version"), "\(said.suffix(2000))")
    }
  }

  /// The image that is built in can be read, and has the configuration of this site.
  @Test func theEmulatedFirmwareReadsTheSameLoader() async throws {
    try await BootServices.with(Self.spec) { services in
      let image = try #require(try await GRUBImage(try FileSystem.read("\(services.folder)/signed/boot.efi")))

      #expect(image.configuration == SignedBoot.configuration(server: BootServices.server))
      let key = try await SigningKey(secret: Array("the key of the site".utf8))
      #expect(image.verifier.packet == key.verifier.packet)
      #expect(try await GRUBImage(try FileSystem.read("\(services.folder)/signed/boot.pxe")) == nil)
    }
  }
}
