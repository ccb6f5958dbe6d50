// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import HostAccess
import Wings

extension EnsureBootSigned: MachineOperation {
  package var conduct: MemoryConduct { .short(.seconds(1), mayEndReports: false) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    try machine.ensureBootSigned(goal, secrets)
  }
}

extension EnsureBootSignedAbsent: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(20), mayEndReports: false) }
  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    let hadFolder = try machine.ensureTreeAbsent(root: WellKnown.signedBoot).changed
    let hadNote = machine.files.removeValue(forKey: WellKnown.bootSignaturesNote) != nil
    return hadFolder || hadNote
      ? Outcome(changed: true, detail: "removed") : Outcome(changed: false, detail: "there are none")
  }
}

extension BootSignaturesProbe: MemoryProbe {
  func answer(of asked: AskedMachine) throws(AgentError) -> BootSignaturesState? {
    guard let file = asked.machine.files[WellKnown.bootSignaturesNote] else { return nil }
    guard let secret = asked.secrets[key] else { throw .missing(key) }
    guard let note = try? JSONDecoder().decode(BootSignaturesNote.self, from: Data(file.bytes)) else {
      return BootSignaturesState(goal: "", isOfKey: true, isOfLoader: true, isIntact: false)
    }
    return note.state(
      key: FakeMachine.name(ofKey: secret), loader: asked.machine.loaderVersion,
      contents: asked.machine.signatureContents)
  }
}

extension FakeMachine {
  /// A stand-in for each signature: it follows from the key and from what is signed.
  fileprivate mutating func ensureBootSigned(
    _ goal: BootSignaturesGoal, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    let root = WellKnown.signedBoot
    guard let key = secrets[goal.key] else { throw .missing(goal.key) }
    if files[root] != nil || symbolicLinks[root] != nil {
      throw AgentError(.conflict, "\(root) is not a folder", next: "Move away what is at \(root), then try again.")
    }
    if let missing = goal.images.first(where: { images[$0] == nil }) {
      throw AgentError(
        .notFound, "Image \(missing) is not on this head",
        next: "Run `cluster apply` again: it fetches the image first.")
    }
    var wanted: [String: [UInt8]] = [:]
    for (name, digest) in goal.scripts {
      guard files["\(WellKnown.signedScripts)/\(name)"]?.digest == digest else {
        throw AgentError(
          .conflict, "\(WellKnown.signedScripts)/\(name) is not the script that is to be signed",
          next: "Run `cluster apply` again: it restores the script before it signs.")
      }
      wanted["\(root)/\(name).sig"] = Array("\(digest) \(HMAC.hex(key: key, Array(digest.utf8)))".utf8)
    }
    guard SignedBoot.packages.allSatisfy({ installed[$0] != nil }) else {
      throw AgentError(.notFound, "There is no grub-mkimage", next: "Install grub-common.")
    }
    for loader in goal.loaders {
      for kind in SignedBoot.Loader.allCases {
        let text = "\(kind.format) \(Self.name(ofKey: key)) \(loaderVersion)\n\(loader.configuration)"
        wanted["\(root)/\(loader.name).\(kind.rawValue)"] = Array(text.utf8)
      }
    }
    if managed[root] == nil { managed[root] = .nothing }
    folders.insert(root)
    for path in files.keys.filter({ $0.hasPrefix(root + "/") && wanted[$0] == nil }) { files[path] = nil }
    for (path, bytes) in wanted.sorted(by: { $0.key < $1.key }) where files[path]?.bytes != bytes {
      try take(bytes.count, for: path)
      files[path] = File(bytes: bytes, mode: 0o644, owner: "root:root", changed: step())
    }
    let note = BootSignaturesNote(
      goal: goal.digest, key: Self.name(ofKey: key), loader: loaderVersion, contents: signatureContents)
    let bytes: [UInt8]
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    do { bytes = Array(try encoder.encode(note)) } catch {
      throw AgentError(.invalid, "The note cannot be encoded", cause: "\(error)", next: "Report this as a bug.")
    }
    if files[WellKnown.bootSignaturesNote]?.bytes == bytes {
      return Outcome(changed: false, detail: "as desired already")
    }
    files[WellKnown.bootSignaturesNote] = File(bytes: bytes, mode: 0o600, changed: step())
    return Outcome(changed: true, detail: "\(goal.scripts.count) scripts and \(goal.images.count) images are signed")
  }

  fileprivate static func name(ofKey secret: [UInt8]) -> String { SHA256.hex(Array("public".utf8) + secret) }

  fileprivate var loaderVersion: String { installed["grub-common"] ?? "" }

  fileprivate var signatureContents: String {
    let prefix = WellKnown.signedBoot + "/"
    return BootSignaturesNote.contents(
      files.filter { $0.key.hasPrefix(prefix) }.map { (String($0.key.dropFirst(prefix.count)), $0.value.digest) })
  }

  /// The lines of a machine's own script, where it is signed as it is.
  func signedScript(of mac: MACAddress) -> String? {
    let name = SignedBoot.file(of: mac)
    guard let script = files["\(WellKnown.signedScripts)/\(name)"], let text = script.text,
      files["\(WellKnown.signedBoot)/\(name).sig"]?.bytes.starts(with: script.digest.utf8) == true,
      let start = text.firstRange(of: "= \"\(mac)\" ]; then\n"), isOfferedLoader(mac)
    else { return nil }
    let rest = text[start.upperBound...]
    return rest.firstRange(of: "\nfi").map { String(rest[..<$0.lowerBound]) }
  }

  /// Whether dnsmasq would tell the machine of GRUB.
  private func isOfferedLoader(_ mac: MACAddress) -> Bool {
    let lines = files["\(WellKnown.dhcpHosts)/machines"]?.text?.split(separator: "\n") ?? []
    return lines.contains { $0.hasPrefix("\(mac),") && $0.hasSuffix(",set:signed") }
  }
}
