// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing
import Wings

extension Contract {
  private static let loaders = ["boot.efi", "boot.pxe"]
  private static let grub = ["grub-common", "grub-efi-amd64-bin", "grub-pc-bin"]

  private static func goal(_ scripts: [String: String], _ key: SecretRef, images: [String] = []) -> BootSignaturesGoal {
    BootSignaturesGoal(
      key: key, loaders: [.init(name: "boot", configuration: "echo hello\n")],
      scripts: scripts.mapValues { SHA256.hex($0) }, images: images)
  }

  private static func write(_ scripts: [String: String], on host: ContractHost) async throws {
    try await host.perform(
      EnsureTree(TreeGoal(root: WellKnown.signedScripts, files: scripts.mapValues { .init(.text($0)) })))
  }

  private static func tidy(_ host: ContractHost) async throws {
    try await host.perform(EnsureTreeAbsent(root: WellKnown.signedScripts))
    try await host.perform(EnsurePackagesAbsent(grub))
  }

  static let signatures = [
    Contract(name: "boot scripts are signed with their loaders, compared, and removed") { (host) async throws in
      let scripts = ["01.cfg": "set image=a\n", "02.cfg": "set image=b\n"]
      let goal = goal(scripts, ContractHost.secret)
      let probe = BootSignaturesProbe(ContractHost.secret)
      try await host.perform(EnsurePackages(grub))
      try await write(scripts, on: host)
      #expect(try await host.ask(probe) == nil)

      try await host.perform(EnsureBootSigned(goal))

      let state = BootSignaturesState(goal: goal.digest, isOfKey: true, isOfLoader: true, isIntact: true)
      #expect(try await host.ask(probe) == state)
      let files = try await host.tree(WellKnown.signedBoot).files
      #expect(Set(files.keys).isSuperset(of: loaders + ["01.cfg.sig", "02.cfg.sig"]))
      #expect(try await host.file("\(WellKnown.signedBoot)/01.cfg.sig")?.mode == 0o644)
      #expect(try await host.file(WellKnown.bootSignaturesNote)?.mode == 0o600)
      #expect(try await host.ask(BootSignaturesProbe(ContractHost.other))?.isOfKey == false)

      try await host.perform(EnsureBootSignedAbsent())
      #expect(try await host.ask(probe) == nil)
      for path in [WellKnown.signedBoot, WellKnown.bootSignaturesNote] {
        #expect(try await host.ask(FileProbe(path)) == .absent)
      }
      try await tidy(host)
    },
    Contract(name: "only what was described is signed, and signatures come back after a change by hand") {
      (host) async throws in
      let probe = BootSignaturesProbe(ContractHost.secret)
      let goal = goal(["01.cfg": "set image=a\n"], ContractHost.secret)
      try await host.perform(EnsurePackages(grub))
      try await write(["01.cfg": "set image=by-hand\n"], on: host)
      #expect(await host.failure(of: EnsureBootSigned(goal)) == .conflict)
      #expect(try await host.ask(probe) == nil)

      try await write(["01.cfg": "set image=a\n"], on: host)
      let missing = Self.goal(["01.cfg": "set image=a\n"], ContractHost.secret, images: ["none/0123456789abcdef"])
      #expect(await host.failure(of: EnsureBootSigned(missing)) == .notFound)
      try await host.perform(EnsureBootSigned(goal))

      let path = "\(WellKnown.signedBoot)/01.cfg.sig"
      try await host.perform(EnsureFile(FileGoal(path: path, contents: .text("by hand"))))
      #expect(try await host.ask(probe)?.isIntact == false)
      try await host.perform(EnsureBootSigned(goal))
      #expect(try await host.ask(probe)?.isIntact == true)
      try await host.perform(EnsureFileAbsent(path: path))
      try await host.perform(EnsureBootSigned(goal))

      // Another key signs all of it anew.
      try await host.perform(EnsureBootSigned(Self.goal(["01.cfg": "set image=a\n"], ContractHost.other)))
      #expect(try await host.ask(probe)?.isOfKey == false)
      try await host.perform(EnsureBootSignedAbsent())
      try await tidy(host)
    },
  ]
}
