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
    let manifest = try await ImageFetch(
      name: name, digest: digest, from: source, signature: signature, context: context
    ).run()
    return Outcome(
      changed: true, detail: "fetched and verified \(name)/\(digest), \(LocalFiles.mebibytes(manifest.bytes))")
  }
}

extension ImageProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> ImageState? {
    try ImageStore.manifest(image, digest)?.state
  }
}

/// Copies an image from the head that has it, over HTTP, and verifies it before it counts.
struct ImageFetch {
  let name: String
  let digest: String
  /// `http://ADDRESS:PORT/images`.
  let from: String
  let signature: SecretRef?
  let context: OperationContext

  func run() async throws(AgentError) -> ImageManifest {
    let out = try await ImageStore.begin(name, digest)
    try await fetch(ImageStore.manifestName, into: out)
    guard let bytes = try LocalFiles.read("\(out)/\(ImageStore.manifestName)"),
      let manifest = ImageManifest(json: bytes),
      manifest.name == name, manifest.digest == digest
    else {
      throw AgentError(
        .imageCorrupt, "\(from) has another manifest for \(name)/\(digest)",
        next: "Remove \(ImageStore.folder(name, digest)) on that head, then run `cluster apply` again.")
    }
    try LocalFiles.requireFree(manifest.bytes + 128 << 20, at: out, for: "Fetching image \(name)")
    context.progress("fetching \(LocalFiles.mebibytes(manifest.bytes)) from \(from)")
    for file in ImageStore.files { try await fetch(file, into: out) }
    for (file, wanted) in manifest.fileDigests where ImageStore.files.contains(file) {
      guard let wanted else { continue }
      let found = try await ImageStore.sha256("\(out)/\(file)")
      if found == wanted { continue }
      try await ImageStore.remove(out)
      throw AgentError(
        .imageCorrupt, "\(file) of \(name)/\(digest) from \(from) has SHA-256 \(found) but should have \(wanted)",
        next: "Remove \(ImageStore.folder(name, digest)) on that head, then run `cluster apply` again.")
    }
    if let signature { try await verify(manifest, in: out, SigningKey(secret: context.secret(signature)).verifier) }
    try await ImageStore.finish(name, digest)
    return manifest
  }

  /// Compares what came over the boot network with the signatures beside it: this head will vouch for it.
  private func verify(
    _ manifest: ImageManifest, in out: String, _ verifier: SignatureVerifier
  ) async throws(AgentError) {
    for file in ImageStore.signatures { try await fetch(file, into: out) }
    var wrong = try await ImageSignatures(folder: out).first { (signature, bytes) throws(AgentError) in
      try await !verifier.accepts(signature, of: bytes)
    }
    // The manifest itself is not signed, and the script follows from it.
    if try LocalFiles.read("\(out)/\(ImageStore.signedScript)") != Array(manifest.signedScript.utf8) {
      wrong = wrong ?? ImageStore.manifestName
    }
    guard let wrong else { return }
    try await ImageStore.remove(out)
    throw AgentError(
      .imageCorrupt, "\(wrong) of \(name)/\(digest) from \(from) is not what this site has signed",
      next: "Remove \(ImageStore.folder(name, digest)) on that head, then run `cluster apply` again. Where "
        + "\(SecretRef.bootSigning) was changed since the image was built, bring the old one back for this run.")
  }

  private func fetch(_ file: String, into folder: String) async throws(AgentError) {
    let url = "\(from)/\(name)/\(digest)/\(file)"
    let result = try await Command.run(
      "curl",
      [
        "--fail", "--silent", "--show-error", "--noproxy", "*", "--connect-timeout", "10", "--retry", "3",
        "--retry-connrefused", "--output", "\(folder)/\(file)", url,
      ], deadline: .seconds(1800))
    if result.succeeded { return }
    throw AgentError(
      .notFound, "\(url) cannot be fetched", cause: result.lastLines,
      next: "Check that cluster-images.service runs on the other head: systemctl status cluster-images.")
  }
}
