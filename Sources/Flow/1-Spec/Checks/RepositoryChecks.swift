// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Further repositories: what they say of themselves, and the keys beside the description.
enum RepositoryChecks {
  static func run(_ context: CheckContext, _ problems: inout Problems) {
    var seen: [[String]: SourceSpan] = [:]
    for entry in context.declaration.repositories?.value.extra ?? [] {
      let repository = entry.value
      images(repository, context, &problems)
      if let components = repository.components, repository.suite?.value.hasSuffix("/") == true {
        problems.error(
          .noEffect, "A suite that ends with a slash has no components.",
          help: "Remove `components`, or write the suite's name without the slash.", at: components.span)
      }
      if repository.heads == false, repository.images?.value.isEmpty == true {
        problems.error(
          .noEffect, "Neither heads nor an image would have this repository.",
          help: "Name images, or remove the repository.", at: entry.span)
      }
      guard let uri = repository.uri, let suite = repository.suite else { continue }
      let place = [uri.value, suite.value]
      if let first = seen[place] {
        problems.error(
          .repeatedItem, "`\(shown(uri.value))` has the suite `\(shown(suite.value))` twice.",
          help: "Write all its components and images in one entry.", at: uri.span,
          notes: [.init(text: "the first one is here", span: first)])
      } else {
        seen[place] = uri.span
      }
    }
  }

  private static func images(
    _ repository: ExtraRepositorySection.Declaration, _ context: CheckContext, _ problems: inout Problems
  ) {
    let known = context.declaration.images.map(\.name.value)
    for image in repository.images?.value ?? [] where !known.contains(image.value) {
      problems.unknown(.unknownImage, "image", image, among: known)
    }
    guard repository.images == nil, repository.heads == false, known.isEmpty, let uri = repository.uri,
      context.declaration.lacksImages
    else { return }
    problems.error(
      .noEffect, "There is no image that would have this repository.", help: "Remove it, or `heads: false`.",
      at: uri.span)
  }
}

extension SpecReader {
  /// The further repositories of a cluster with the keys that are beside its description.
  package static func keys(of cluster: Cluster, _ files: SiteFiles) -> ([ExtraRepository], [Diagnostic]) {
    var repositories = cluster.repositories.extra
    var problems: [Diagnostic] = []
    for index in repositories.indices {
      let key = repositories[index].keyFile
      guard let file = files.files[key.path] else {
        problems.append(
          unusable(key, "`\(shown(key.path))` is not there.", "Save the vendor's key there. \(compare)"))
        continue
      }
      guard file.kind != .link else {
        problems.append(unusable(key, "`\(shown(key.path))` is a symbolic link.", "Put the key itself there."))
        continue
      }
      do throws(OpenPGPKeys.Unfit) {
        repositories[index].keys = try OpenPGPKeys(file.contents.bytes)
      } catch { problems.append(unfit(key, error)) }
    }
    return (repositories, problems)
  }

  private static let compare = "Compare its fingerprint with the vendor's: gpg --show-keys FILE."

  private static func unfit(_ key: ExtraRepository.Located, _ reason: OpenPGPKeys.Unfit) -> Diagnostic {
    let file = "`\(shown(key.path))`"
    return switch reason {
    case .secret:
      unusable(
        key, "\(file) holds a secret key.",
        "Remove it, also from git's history, and make a new key: everybody who reads it can sign. Here goes what "
          + "`gpg --export --armor` writes.")
    case .keybox:
      unusable(
        key, "\(file) is a keyring of gpg(1) itself, which apt does not read.",
        "Write the key out: gpg --no-default-keyring --keyring FILE --export --armor.")
    case .version(let version):
      unusable(
        key, "\(file) has a key of version \(version), which Debian's apt does not take.",
        "Ask the vendor for a key of version 4.")
    case .noKey:
      unusable(
        key, "\(file) has no OpenPGP public key.", "Save the key that the vendor tells to use. \(compare)")
    }
  }

  private static func unusable(_ key: ExtraRepository.Located, _ detail: String, _ help: String) -> Diagnostic {
    Diagnostic(.repositoryKey, detail, help: help, at: key.source)
  }
}
