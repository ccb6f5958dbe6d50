// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import HostAccess
import Wings

extension EnsureBootSigned: AgentOperation {
  /// The note comes last: where it fails half-way, the files are not what any note says, and are made anew.
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let signing = BootSigning(goal: goal, key: try await SigningKey(secret: context.secret(goal.key)))
    let loader = try BootSigning.loaderVersion()
    let state = try BootSignaturesNote.read()?.state(
      key: signing.key.name, loader: loader, contents: try BootSigning.contents())
    if state == BootSignaturesState(goal: goal.digest, isOfKey: true, isOfLoader: true, isIntact: true) {
      return Outcome(changed: false, detail: "as desired already")
    }
    let root = BootSigning.place
    if let entry = try FileSystem.entry(root), entry.kind != .folder {
      throw AgentError(.conflict, "\(root) is not a folder", next: "Move away what is at \(root), then try again.")
    }
    try await ManagedPaths.adopt(root)
    try FileSystem.makeFolder(root)
    try await signing.signImages()
    try await signing.signScripts()
    try await signing.makeLoaders()
    let removed = try signing.tidy()
    try FileSystem.syncFolder(root)
    try DurableJSON.write(
      BootSignaturesNote(
        goal: goal.digest, key: signing.key.name, loader: loader,
        contents: try BootSigning.contents()),
      to: WellKnown.bootSignaturesNote)
    return Outcome(
      changed: true,
      detail: "\(goal.scripts.count) scripts and \(goal.images.count) images are signed"
        + (removed > 0 ? ", \(removed) files removed" : ""))
  }
}

extension EnsureBootSignedAbsent: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let hadFolder = try await ManagedPaths.giveBack(BootSigning.place)
    // Last: as long as it is there, what it tells of is taken away again.
    let hadNote = try FileSystem.remove(WellKnown.bootSignaturesNote)
    return hadFolder || hadNote
      ? Outcome(changed: true, detail: "removed") : Outcome(changed: false, detail: "there are none")
  }
}

extension BootSignaturesProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> BootSignaturesState? {
    guard try FileSystem.entry(WellKnown.bootSignaturesNote) != nil else { return nil }
    let signing = try await SigningKey(secret: try context.secrets.required(key))
    // Half a note tells of nothing that is as it should be.
    guard let note = try BootSignaturesNote.read() else {
      return BootSignaturesState(goal: "", isOfKey: true, isOfLoader: true, isIntact: false)
    }
    return note.state(
      key: signing.name, loader: try BootSigning.loaderVersion(), contents: try BootSigning.contents())
  }
}

extension SigningKey {
  /// The digest of its public half.
  fileprivate var name: String { SHA256.hex(verifier.packet) }
}

extension BootSignaturesNote {
  /// The note of what was signed last. Nil: there is none, or half of one.
  fileprivate static func read() throws(AgentError) -> BootSignaturesNote? {
    guard let bytes = try FileSystem.contents(WellKnown.bootSignaturesNote) else { return nil }
    return try? JSONDecoder().decode(Self.self, from: Data(bytes))
  }
}
