// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing
import Wings

extension Contract {
  static let files = [
    Contract(name: "files that ifupdown reads are found by source and source-directory") { (host) async throws in
      let (first, more) = ("/etc/network/interfaces", "/etc/network/contract.d")
      let files = [
        "\(more)/one": "iface eth7 inet dhcp\n", "\(more)/two.cfg": "iface eth8 inet dhcp\n",
        "/etc/network/contract-three": "source-directory \(more)\n",
      ]
      for (path, text) in files { try await host.perform(EnsureFile(FileGoal(path: path, contents: .text(text)))) }
      try await host.perform(
        EnsureFile(FileGoal(path: first, contents: .text("auto lo\nsource contract-three\nsource /nowhere/*\n"))))
      let found = try #require(try await host.ask(IfupdownProbe()))
      #expect(found[first]?.hasPrefix("auto lo\n") == true)
      #expect(found["\(more)/one"] == "iface eth7 inet dhcp\n")
      #expect(found["\(more)/two.cfg"] == nil, "a folder's files with other names are not read")

      try await host.perform(
        EnsureFile(FileGoal(path: first, contents: .text("source \(more)/*\n"))))
      #expect(try await host.ask(IfupdownProbe())?["\(more)/two.cfg"] == "iface eth8 inet dhcp\n")
      for path in files.keys + [first] { try await host.perform(EnsureFileAbsent(path: path)) }
    },
    Contract(name: "file systems are those that the kernel knows") { (host) async throws in
      #expect(try await host.ask(KernelFileSystemProbe("proc")))
      #expect(try await !host.ask(KernelFileSystemProbe("contract")))
    },
    Contract(name: "stored things are listed and removed by name, and nothing else is") { (host) async throws in
      let (old, foreign) = ("/usr/lib/cluster/agent-0123456789abcdef", "/usr/lib/cluster/agent-of-somebody")
      for path in [old, foreign] { try await host.perform(EnsureFile(FileGoal(path: path, contents: .text("old\n")))) }
      let id = Stored.Name(.agent, "0123456789abcdef")
      let stored = try await host.ask(StoredProbe())
      #expect(stored.first { $0.id == id }?.bytes == 4)
      #expect(!stored.contains { $0.id.name == "of-somebody" })
      #expect(stored.first { $0.id == id }?.isRunning == false)

      try await host.perform(EnsureLeftoversAbsent([.init(id, bytes: 4)]))

      #expect(try await host.ask(FileProbe(old)) == .absent)
      #expect(try await host.ask(StoredProbe()).map(\.id) == stored.map(\.id).filter { $0 != id })
      #expect(
        await host.failure(of: EnsureLeftoversAbsent([.init(.init(.agent, "of-somebody"), bytes: 4)])) == .invalid)
      #expect(
        await host.failure(of: EnsureLeftoversAbsent([.init(.init(.image, "../../etc"), bytes: 4)])) == .invalid)
      for path in [old, foreign] { try await host.perform(EnsureFileAbsent(path: path)) }
    },
    Contract(name: "a file is written with its mode and owner, and found done the second time") { (host) async throws in
      let path = "/etc/cluster-contract/plain"

      try await host.perform(EnsureFile(FileGoal(path: path, contents: .text("one\n"), mode: 0o640)))

      let facts = try #require(try await host.file(path))
      #expect(facts.contents == "one\n")
      #expect(facts.digest == SHA256.hex("one\n"))
      #expect(facts.mode == 0o640)
      #expect("\(facts.owner):\(facts.group)" == "root:root")
      #expect(facts.managed)
      try await host.perform(EnsureFileAbsent(path: path))
      #expect(try await host.ask(FileProbe(path)) == .absent)
    },
    Contract(name: "other contents keep the mode that a file has") { (host) async throws in
      let path = "/etc/cluster-contract/kept-mode"
      try await host.perform(EnsureFile(FileGoal(path: path, contents: .text("one\n"), mode: 0o600)))

      try await host.perform(EnsureFile(FileGoal(path: path, contents: .text("two\n"))))

      #expect(try await host.file(path)?.mode == 0o600)
      #expect(try await host.file(path)?.contents == "two\n")
      try await host.perform(EnsureFileAbsent(path: path))
    },
    Contract(name: "a file that was there before us comes back when ours is removed") { (host) async throws in
      let path = "/etc/issue.net"
      let before = try #require(try await host.file(path), "the machine has \(path)")
      #expect(!before.managed)

      try await host.perform(EnsureFile(FileGoal(path: path, contents: .text("ours\n"))))
      try await host.perform(EnsureFile(FileGoal(path: path, contents: .text("ours again\n"))))
      #expect(try await host.file(path)?.contents == "ours again\n")
      try await host.perform(EnsureFileAbsent(path: path))

      #expect(try await host.file(path) == before)
    },
    Contract(name: "a link gives way to a file, and comes back as a link") { (host) async throws in
      let path = "/etc/os-release"
      let before = try await host.ask(FileProbe(path))
      guard case .link = before else { throw ContractFailure.otherAnswer }

      try await host.perform(EnsureFile(FileGoal(path: path, contents: .text("ours\n"))))
      #expect(try await host.file(path)?.contents == "ours\n")
      try await host.perform(EnsureFileAbsent(path: path))

      #expect(try await host.ask(FileProbe(path)) == before)
    },
    Contract(name: "a link is made once, follows a change, and goes") { (host) async throws in
      let path = "/etc/cluster-contract/zone"
      try await host.perform(EnsureSymbolicLink(path: path, destination: "/etc/issue"))
      #expect(try await host.ask(FileProbe(path)) == .link(target: "/etc/issue"))

      try await host.perform(EnsureSymbolicLink(path: path, destination: "/etc/issue.net"))
      #expect(try await host.ask(FileProbe(path)) == .link(target: "/etc/issue.net"))

      try await host.perform(EnsureFileAbsent(path: path))
      #expect(try await host.ask(FileProbe(path)) == .absent)
      #expect(try await host.file("/etc/issue.net") != nil, "what it led to stays")
    },
    Contract(name: "files and links give way to a link, and come back") { (host) async throws in
      for path in ["/etc/issue.net", "/etc/os-release"] {
        let before = try await host.ask(FileProbe(path))
        try await host.perform(EnsureSymbolicLink(path: path, destination: "/etc/issue"))
        #expect(try await host.ask(FileProbe(path)) == .link(target: "/etc/issue"))
        try await host.perform(EnsureFileAbsent(path: path))
        #expect(try await host.ask(FileProbe(path)) == before)
      }
    },
    Contract(name: "a link to no file, in the place of a folder, or by a way that leads elsewhere is refused") {
      (host) async throws in
      let path = "/etc/cluster-contract/nowhere"
      let inside = FileGoal(path: "/etc/cluster-contract/inside", contents: .text("x"))
      try await host.perform(EnsureFile(inside))

      #expect(await host.failure(of: EnsureSymbolicLink(path: path, destination: "/etc/no-such-file")) == .notFound)
      #expect(await host.failure(of: EnsureSymbolicLink(path: path, destination: "/etc/cluster-contract")) == .notFound)
      #expect(await host.failure(of: EnsureSymbolicLink(path: path, destination: "issue")) == .invalid)
      #expect(await host.failure(of: EnsureSymbolicLink(path: path, destination: "/etc/../etc/issue")) == .invalid)
      #expect(
        await host.failure(of: EnsureSymbolicLink(path: "/etc/cluster-contract", destination: "/etc/issue"))
          == .conflict)

      #expect(try await host.ask(FileProbe(path)) == .absent)
      try await host.perform(EnsureFileAbsent(path: inside.path))
    },
    Contract(name: "what is not ours is not removed") { (host) async throws in
      let before = try await host.file("/etc/issue")

      let outcome = try await host.once(EnsureFileAbsent(path: "/etc/issue"))

      #expect(!outcome.changed)
      #expect(try await host.file("/etc/issue") == before)
    },
    Contract(name: "bytes that are not text have a digest and no contents") { (host) async throws in
      let path = "/etc/cluster-contract/bytes"
      let bytes: [UInt8] = [0xff, 0xfe, 0, 1]

      try await host.perform(EnsureFile(FileGoal(path: path, contents: .bytes(bytes))))

      #expect(try await host.file(path)?.contents == nil)
      #expect(try await host.file(path)?.digest == SHA256.hex(bytes))
      try await host.perform(EnsureFileAbsent(path: path))
    },
    Contract(name: "a folder in the way is refused, and paths that lead elsewhere are") { (host) async throws in
      let folder = FileGoal(path: "/etc/cluster-contract", contents: .text("x"))
      let inside = FileGoal(path: "/etc/cluster-contract/inside", contents: .text("x"))
      try await host.perform(EnsureFile(inside))

      #expect(await host.failure(of: EnsureFile(folder)) == .conflict)
      let escape = FileGoal(path: "/etc/cluster-contract/../passwd", contents: .text("x"))
      #expect(await host.failure(of: EnsureFile(escape)) == .invalid)
      #expect(await host.failure(of: EnsureFile(FileGoal(path: "relative", contents: .text("x")))) == .invalid)
      try await host.perform(EnsureFileAbsent(path: inside.path))
    },
  ]

  static let trees = [
    Contract(name: "a tree holds exactly its files") { (host) async throws in
      let root = "/srv/cluster-contract/tree"
      let first: [String: TreeGoal.Entry] = [
        "a": .init(.text("a\n")), "deep/b": .init(.text("b\n"), executable: true), "c": .init(.text("c\n")),
      ]
      try await host.perform(EnsureTree(TreeGoal(root: root, files: first)))
      #expect(try await host.tree(root).files == first.mapValues { $0.contents.digest })
      #expect(try await host.file("\(root)/deep/b")?.mode == 0o755)

      let second: [String: TreeGoal.Entry] = ["a": .init(.text("A\n")), "d": .init(.text("d\n"))]
      try await host.perform(EnsureTree(TreeGoal(root: root, files: second)))

      #expect(try await host.tree(root).files == second.mapValues { $0.contents.digest })
      try await host.perform(EnsureTreeAbsent(root: root))
      #expect(try await host.tree(root) == TreeState(exists: false, files: [:]))
    },
    Contract(name: "an empty tree is a folder") { (host) async throws in
      let root = "/srv/cluster-contract/empty"

      try await host.perform(EnsureTree(TreeGoal(root: root, files: [:])))

      #expect(try await host.tree(root) == TreeState(exists: true, files: [:]))
      try await host.perform(EnsureTreeAbsent(root: root))
    },
    Contract(name: "a tree's files cannot lie outside of it") { (host) async throws in
      let goal = TreeGoal(root: "/srv/cluster-contract/tree", files: ["../escaped": .init(.text("x"))])

      #expect(await host.failure(of: EnsureTree(goal)) == .invalid)
      #expect(try await host.file("/srv/cluster-contract/escaped") == nil)
    },
  ]

  static let secrets = [
    Contract(name: "a secret is written, compared and removed without being shown") { (host) async throws in
      let path = "/etc/cluster-contract-secrets/password"
      let probe = SecretFileProbe(path, ContractHost.secret)
      #expect(try await host.ask(probe) == .absent)

      try await host.perform(EnsureSecretFile(SecretFileGoal(path: path, secret: ContractHost.secret)))

      #expect(try await host.ask(probe) == .matches)
      #expect(try await host.file(path)?.mode == 0o600)
      let elsewhere = SecretFileGoal(path: path, secret: SecretRef("contract/unknown"))
      #expect(await host.failure(of: EnsureSecretFile(elsewhere)) == .notFound)
      try await host.perform(EnsureFile(FileGoal(path: path, contents: .text("something else"))))
      #expect(try await host.ask(probe) == .differs)
      try await host.perform(EnsureFileAbsent(path: path))
    },
    Contract(name: "what was where a secret is written is not kept, whoever wrote it") { (host) async throws in
      let root = "/srv/cluster-contract/secrets"
      let path = "\(root)/password"
      let backup = "/var/lib/cluster/backups\(path).cluster-backup"
      let before = ["password": TreeGoal.Entry(.text("the password of before"))]
      try await host.perform(EnsureTree(TreeGoal(root: root, files: before)))

      try await host.perform(EnsureSecretFile(SecretFileGoal(path: path, secret: ContractHost.secret)))

      #expect(try await host.ask(FileProbe(backup)) == .absent)
      try await host.perform(EnsureFileAbsent(path: path))
      #expect(try await host.ask(FileProbe(path)) == .absent)
      try await host.perform(EnsureTreeAbsent(root: root))
    },
  ]
}
