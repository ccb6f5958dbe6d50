// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Agent {
  func probeImage(name: String, digest: String) async throws(AgentError) -> Answer {
    .image(try ImageStore.manifest(name, digest)?.state)
  }

  func ensureImage(_ recipe: ImageRecipe, _ context: OperationContext) async throws(AgentError) -> Outcome {
    if try ImageStore.manifest(recipe.name, recipe.digest) != nil {
      return Outcome(changed: false, detail: "\(recipe.name)/\(recipe.digest) is here")
    }
    let start = ContinuousClock.now
    let manifest = try await ImageBuilder(recipe, context).build()
    let seconds = (ContinuousClock.now - start).components.seconds
    return Outcome(
      changed: true,
      detail: "built \(recipe.name)/\(recipe.digest) in \(seconds) s: \(manifest.packages.count) packages, "
        + LocalFiles.mebibytes(manifest.bytes))
  }

  func ensureImageFetched(
    name: String, digest: String, from: String, _ context: OperationContext
  ) async throws(AgentError) -> Outcome {
    if try ImageStore.manifest(name, digest) != nil {
      return Outcome(changed: false, detail: "\(name)/\(digest) is here")
    }
    let manifest = try await ImageFetch(name: name, digest: digest, from: from, context: context).run()
    return Outcome(
      changed: true, detail: "fetched and verified \(name)/\(digest), \(LocalFiles.mebibytes(manifest.bytes))")
  }

  func ensureImageAbsent(
    name: String, digest: String, _ context: OperationContext
  ) async throws(AgentError) -> Outcome {
    let folder = ImageStore.folder(name, digest)
    guard LocalFiles.exists(folder) else { return Outcome(changed: false, detail: "\(name)/\(digest) is gone") }
    // Not complete from the first moment on: nobody may boot from half an image.
    try LocalFiles.remove("\(folder)/boot.ipxe")
    try await ImageStore.remove(folder)
    return Outcome(changed: true, detail: "removed \(name)/\(digest)")
  }
}
