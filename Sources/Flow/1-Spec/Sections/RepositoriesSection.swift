// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

enum RepositoriesSection: Section {
  struct Declaration: Sendable {
    var mirror: Located<String>?
    var security: Located<String>?
    var proxy: Located<String>?
    var snapshot: Located<String>?
    var asOf: Located<ArchiveDate>?
    var extra: [Located<ExtraRepositorySection.Declaration>]
    /// It names a day, readable or not.
    var isDated: Bool
  }

  static let noun = "repositories"
  static let doc = "Where packages come from."

  static let mirror = Key(
    "mirror", .url, "The HTTP address of a mirror of the distribution. Default: the distribution's own.")
  static let security = Key(
    "security", .url, "The HTTP address of a mirror of its security updates. Default: the distribution's own.")
  static let proxy = Key(
    "proxy", .url, "A caching HTTP proxy for packages, as apt.conf(5) `Acquire::http::Proxy`. Default: none.")

  static let snapshot = Key(
    "snapshot", .url,
    "The HTTP address of an archive of all days, such as http://snapshot.debian.org/archive: images with `as_of` have "
      + "exactly what was there on that day. Default: none.")
  static let asOf = Key(
    "as_of", .date,
    "The day whose packages images have that name none themselves. Default: images have no date, and no updates.")

  static let extra = Key(
    "extra", .list(of: ExtraRepositorySection.form, "a list of repositories"),
    "Further APT repositories, such as a vendor's drivers. Default: none.")

  static let keys = [
    mirror.description, security.description, proxy.description, snapshot.description, asOf.description,
    extra.description,
  ]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      mirror: fields.read(mirror, &problems), security: fields.read(security, &problems),
      proxy: fields.read(proxy, &problems), snapshot: fields.read(snapshot, &problems),
      asOf: fields.read(asOf, &problems),
      extra: fields.read(extra, &problems)?.value ?? [], isDated: fields.entry(asOf.name) != nil)
  }
}

/// An entry of `repositories: extra:`.
enum ExtraRepositorySection: Section {
  struct Declaration: Sendable {
    var uri: Located<String>?
    var suite: Located<String>?
    var components: Located<[Located<String>]>?
    var key: Located<String>?
    var images: Located<[Located<String>]>?
    var heads: Bool?
  }

  static let noun = "a repository"
  static let doc = "A further APT repository, and the key that signs it."

  static let uri = Key("uri", .url, required: true, "Its HTTP address, above `dists/`.")
  static let suite = Key(
    "suite", .archivePart("a suite", flat: true), required: true,
    "Its suite: `bookworm`, `stable`; or, where it has no `dists/`, the path to its `Packages`, which ends with a slash: `./`."
  )
  static let components = Key(
    "components", .list(of: .archivePart("a component", flat: false), "a list of components", minimum: 1, unique: true),
    "Its components. Default: main; none where `suite` ends with a slash.")
  static let key = Key(
    "key", .path("a key beside the spec"), required: true,
    "A file beside this one with the OpenPGP keys that may sign it, as text or binary. Without one, anybody on the way could put any program on every machine."
  )
  static let images = Key(
    "images", .list(of: .label("the name of an image", longest: 32), "a list of images", unique: true),
    "The only images that have it. Default: all.")
  static let heads = Key(
    "heads", .flag, "Whether the heads have it too. Default: true, or false where `images` is given.")

  static let keys = [
    uri.description, suite.description, components.description, key.description, images.description, heads.description,
  ]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      uri: fields.read(uri, &problems), suite: fields.read(suite, &problems),
      components: fields.read(components, &problems), key: fields.read(key, &problems),
      images: fields.read(images, &problems), heads: fields.read(heads, &problems)?.value)
  }
}

extension ExtraRepositorySection.Declaration {
  var isOnHeads: Bool { heads ?? (images == nil) }

  func repository(_ span: SourceSpan) -> ExtraRepository? {
    guard let uri, let suite, let key else { return nil }
    let isFlat = suite.value.hasSuffix("/")
    return ExtraRepository(
      uri: uri.value, suite: suite.value, components: components?.value.map(\.value) ?? (isFlat ? [] : ["main"]),
      keyFile: .init(path: key.value, source: key.span), images: images?.value.map(\.value), isOnHeads: isOnHeads,
      source: span)
  }
}

extension Form where Value == String {
  /// A suite or a component. apt takes more; these are one word of a line, and no option.
  fileprivate static func archivePart(_ noun: String, flat: Bool) -> Form {
    text(noun, code: .badName, pattern: "^[A-Za-z0-9./][A-Za-z0-9._/+~-]*$") { text in
      let isWord = isWord(text, first: { isAlphanumeric($0) || flat && ($0 == 46 || $0 == 47) }, rest: "._/+~-")
      guard isWord, text.utf8.count <= 200, flat || !text.hasSuffix("/"),
        !text.split(separator: "/").contains("..")
      else {
        return .wrong(
          "`\(shown(text))` is not \(noun).",
          help: "Write it as the vendor's line for sources.list has it, after the address: one word in each place.")
      }
      return .value(text)
    }
  }
}
