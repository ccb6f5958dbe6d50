// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureImage: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    if try ImageStore.manifest(goal.name, goal.digest) != nil {
      return Outcome(changed: false, detail: "\(goal.name)/\(goal.digest) is here")
    }
    let start = ContinuousClock.now
    let manifest = try await ImageBuilder(goal, context).build()
    let seconds = (ContinuousClock.now - start).components.seconds
    return Outcome(
      changed: true,
      detail: "built \(goal.name)/\(goal.digest) in \(seconds) s: \(manifest.packages.count) packages, "
        + LocalFiles.mebibytes(manifest.bytes))
  }
}

extension EnsureImageFetched: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    if try ImageStore.manifest(name, digest) != nil {
      return Outcome(changed: false, detail: "\(name)/\(digest) is here")
    }
    let manifest = try await ImageFetch(name: name, digest: digest, from: source, context: context).run()
    return Outcome(
      changed: true, detail: "fetched and verified \(name)/\(digest), \(LocalFiles.mebibytes(manifest.bytes))")
  }
}

extension EnsureImageAbsent: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let folder = ImageStore.folder(name, digest)
    guard try LocalFiles.exists(folder) else { return Outcome(changed: false, detail: "\(name)/\(digest) is gone") }
    // Not complete from the first moment on: nobody may boot from half an image.
    try LocalFiles.remove("\(folder)/boot.ipxe")
    try await ImageStore.remove(folder)
    return Outcome(changed: true, detail: "removed \(name)/\(digest)")
  }
}
