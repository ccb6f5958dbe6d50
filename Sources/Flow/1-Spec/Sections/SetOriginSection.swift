// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecForms

/// `packages: NAME: from:`, a set in another git repository.
enum SetOriginSection: Section {
  struct Declaration: Sendable {
    var git: Located<String>?
    var commit: Located<String>?
    var path: Located<String>?
  }

  static let noun = "`from`"
  static let doc = "A set in another git repository, as one commit has it. `cluster package fetch` gets it."

  static let git = Key(
    "git", .repository, required: true,
    "The repository: `https://…`, `ssh://…`, `user@host:path`, or a path from `/` on.")
  static let commit = Key("commit", .commit, required: true, "The commit, with all of its 40 digits.")
  static let path = Key("path", .path("a folder of the repository"), "The set's folder there. Default: packages/NAME.")

  static let keys = [git.description, commit.description, path.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      git: fields.read(git, &problems), commit: fields.read(commit, &problems), path: fields.read(path, &problems))
  }

  /// The origin of a set. Nil: it cannot be read, which has been reported.
  static func origin(of set: String, _ node: SpecNode, _ problems: inout Problems) -> SetOrigin? {
    guard let read = form.read(node, &problems), let git = read.git, let commit = read.commit else { return nil }
    return SetOrigin(
      repository: git.value, commit: commit.value, path: read.path?.value ?? PackageSet.folder(set), source: node.span)
  }
}

extension Form where Value == String {
  /// A repository that git(1) reaches by itself. Its `ext::` would run a program that a description names.
  fileprivate static var repository: Form {
    text("a git repository", code: .badURL, examples: ["https://git.example.org/sets.git"]) { text in
      let schemes = ["https://", "http://", "ssh://", "git://", "file:///", "/"]
      let isRemote = schemes.contains(where: text.hasPrefix) || isSecureCopy(text)
      guard isRemote, text.utf8.count <= 1024, text.unicodeScalars.allSatisfy({ $0.value > 32 && $0.value != 127 })
      else {
        return .wrong(
          "`\(shown(text))` is not a git repository.",
          help: "Write `https://git.example.org/sets.git`, `user@host:path`, or a path from `/` on.")
      }
      return .value(text)
    }
  }

  /// `user@host:path`, as scp(1) and git(1) read it.
  private static func isSecureCopy(_ text: String) -> Bool {
    guard let colon = text.firstIndex(of: ":"), let at = text.firstIndex(of: "@"), at < colon else { return false }
    return isWord(text[..<at], first: isAlphanumeric, rest: "._-")
      && isWord(text[text.index(after: at)..<colon], first: isAlphanumeric, rest: ".-")
      && !text[text.index(after: colon)...].hasPrefix(":")
  }

  fileprivate static var commit: Form {
    text("a commit", code: .badName, pattern: "^[0-9a-f]{40}$") { text in
      guard text.utf8.count == 40, text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
        return .wrong(
          "`\(shown(text))` is not the full name of a commit.",
          help:
            "Write all 40 digits: `git rev-parse HEAD` shows them. A branch or a tag may be another commit tomorrow.")
      }
      return .value(text)
    }
  }
}
