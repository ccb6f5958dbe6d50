// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecForms

/// `ha: state:`, the folder that both heads have.
enum StateSection: Section {
  struct Declaration: Sendable {
    var shared: Located<String>?
    var mount: Located<StateMountSection.Declaration>?
  }

  static let noun = "`state`"
  static let doc = "The folder that services which move keep their state in."

  static let shared = Key(
    "shared", .absolutePath, required: true,
    "A folder that is mounted on both heads, and the same on both. Services that need it start only where it is.")
  static let mount = Key(
    "mount", StateMountSection.form, "What is mounted there, on both heads. Default: the site mounts it itself.")

  static let keys = [shared.description, mount.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(shared: fields.read(shared, &problems), mount: fields.read(mount, &problems))
  }
}

/// A file system that several machines may have mounted at once.
enum StateMountSection: Section {
  enum FileSystem: String, CaseIterable, Sendable { case nfs, nfs4, glusterfs, ceph }

  struct Declaration: Sendable {
    var from: Located<String>?
    var type: Located<FileSystem>?
    var options: Located<String>?
  }

  static let noun = "`mount`"
  static let doc = "A file system on a server or on a storage network."

  static let from = Key(
    "from", .source, required: true, "What mount(8) takes: `nas.example.org:/export/state`.")
  static let type =
    Key(
      "type", .choice("a type of file system"), required: true,
      "One that several machines may mount at once: nfs, nfs4, glusterfs or ceph.") as Key<FileSystem>
  static let options = Key(
    "options", .source, "Options, as in fstab(5): `hard,nodev,nosuid`. Default: those of mount(8).")

  static let keys = [from.description, type.description, options.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      from: fields.read(from, &problems), type: fields.read(type, &problems), options: fields.read(options, &problems))
  }
}

extension Form where Value == String {
  /// A word that a unit file takes as it is: no spaces, no `%`, which systemd.unit(5) expands.
  fileprivate static var source: Form {
    text("a word of mount(8)", code: .wrongType) { text in
      guard !text.isEmpty, text.utf8.count <= 1024,
        text.unicodeScalars.allSatisfy({ $0.value > 32 && $0.value < 127 && !"%\\\"'".unicodeScalars.contains($0) })
      else {
        return .wrong(
          "`\(shown(text))` cannot be written into a unit of systemd.", help: "Write it without spaces, quotes and `%`."
        )
      }
      return .value(text)
    }
  }
}
