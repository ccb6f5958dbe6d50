// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// The folder of signatures and boot loaders on this head, with what it is made from.
struct BootSigning {
  static let place = WellKnown.signedBoot
  /// Boot loaders for machines that boot unsigned, as dnsmasq names them: TFTP has one folder.
  private static let others = ["ipxe.efi", "undionly.kpxe"]

  let goal: BootSignaturesGoal
  let key: SigningKey
  var root = Self.place
  var scripts = WellKnown.signedScripts

  /// The digest of what tells one GRUB from another: each module has to be of the same.
  static func loaderVersion() throws(AgentError) -> String {
    var text = ""
    for platform in ["i386-pc", "x86_64-efi"] {
      let file = "/usr/lib/grub/\(platform)/modinfo.sh"
      text += SHA256.hex(try FileSystem.contents(file) ?? [])
    }
    return SHA256.hex(text)
  }

  /// The digest of all that is in the folder, whoever wrote it.
  static func contents() throws(AgentError) -> String {
    let root = place
    guard try FileSystem.entry(root)?.kind == .folder else { return "" }
    var files: [(name: String, digest: String)] = []
    for name in try FileSystem.names(in: root) {
      let path = "\(root)/\(name)"
      guard let entry = try FileSystem.entry(path) else { continue }
      switch entry.kind {
      case .file: files.append((name, SHA256.hex(try FileSystem.read(path))))
      case .link: files.append((name, "-> \(try FileSystem.linkTarget(path))"))
      default: files.append((name, "\(entry.kind)"))
      }
    }
    return BootSignaturesNote.contents(files)
  }

  /// Signs each script as it was described, and no other: what stands in its place may be somebody else's.
  func signScripts() async throws(AgentError) {
    for (name, digest) in goal.scripts.sorted(by: { $0.key < $1.key }) {
      if Task.isCancelled { throw .stopped }
      let path = "\(scripts)/\(name)"
      let bytes = try FileSystem.contents(path) ?? []
      guard SHA256.hex(bytes) == digest else {
        throw AgentError(
          .conflict, "\(path) is not the script that is to be signed",
          next: "Run `cluster apply` again: it restores the script before it signs.")
      }
      let target = "\(root)/\(name).sig"
      if let made = try FileSystem.contents(target), try await key.verifier.accepts(made, of: bytes) { continue }
      try FileSystem.write(try await key.sign(bytes), to: target, syncingFolder: false)
    }
  }

  /// An image was signed when it was built or fetched. Where the key has changed since, it is signed anew.
  func signImages() async throws(AgentError) {
    for image in goal.images {
      let parts = image.split(separator: "/").map(String.init)
      guard parts.count == 2, try ImageStore.manifest(parts[0], parts[1]) != nil else {
        throw AgentError(
          .notFound, "Image \(image) is not on this head",
          next: "Run `cluster apply` again: it fetches the image first.")
      }
      let signatures = ImageSignatures(folder: ImageStore.folder(parts[0], parts[1]))
      let keyID = key.verifier.keyID
      let other = try await signatures.first { (signature, _) throws(AgentError) in
        OpenPGP.read(signature)?.keyID != keyID
      }
      if other != nil { try await signatures.sign(with: key) }
    }
  }

  func makeLoaders() async throws(AgentError) {
    for name in Self.others { try FileSystem.writeLink("\(root)/\(name)", to: "/usr/lib/ipxe/\(name)") }
    let work = "\(root)/.work"
    try FileSystem.removeAll(work)
    try FileSystem.makeFolder(work, mode: 0o700)
    for loader in goal.loaders {
      var files = Archive()
      let configuration = Array(loader.configuration.utf8)
      files.add("grub.cfg", configuration, owner: "root:root", mode: 0o644)
      files.add("grub.cfg.sig", try await key.sign(configuration), owner: "root:root", mode: 0o644)
      try FileSystem.write(files.closed, to: "\(work)/files.tar")
      try FileSystem.write(key.verifier.packet, to: "\(work)/key.gpg")
      for kind in SignedBoot.Loader.allCases {
        let made = "\(work)/\(loader.name).\(kind.rawValue)"
        try await Command.checked(
          "grub-mkimage",
          [
            "--format=\(kind.format)", "--output=\(made)", "--pubkey=\(work)/key.gpg", "--memdisk=\(work)/files.tar",
            "--prefix=(memdisk)",
          ] + kind.modules, next: "Check grub-pc-bin and grub-efi-amd64-bin on this head.")
        // Written once more, so that it is on the disk before it has its name.
        try FileSystem.write(try FileSystem.read(made), to: "\(root)/\(FileSystem.name(made))")
      }
    }
    try FileSystem.removeAll(work)
  }

  /// Everything but what the goal asks for goes.
  func tidy() throws(AgentError) -> Int {
    let loaders = goal.loaders.flatMap { loader in
      SignedBoot.Loader.allCases.map { "\(loader.name).\($0.rawValue)" }
    }
    let wanted = Set(goal.scripts.keys.map { "\($0).sig" } + loaders + Self.others)
    var removed = 0
    for name in try FileSystem.names(in: root) where !wanted.contains(name) {
      try FileSystem.removeAll("\(root)/\(name)")
      removed += 1
    }
    return removed
  }
}
