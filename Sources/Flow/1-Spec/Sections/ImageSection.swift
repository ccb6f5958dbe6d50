// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecForms

enum ImageSection: Section {
  struct Declaration: Sendable {
    var release: Located<String>?
    var asOf: Located<ArchiveDate>?
    /// It names a day, readable or not.
    var isDated: Bool
    var oci: Located<String>?
    var kernel: Located<String>?
    var kernelArguments: [Located<String>]
    var disks: Located<[Located<DiskSection.Declaration>]>?
    var install: [String]
    var keep: [ImagePart]
    var files: Located<String>?
    var permissions: [Named<ClientImage.Permission>]
    var secrets: [Named<ImageSecretSection.Declaration>]
    var run: [Located<String>]
    var packages: [SetRequest]
    var without: [Located<String>]
  }

  static let noun = "an image"
  static let doc = "What nodes run: built from packages and files, served read-only."

  static let elsewhere = [
    "repositories": "Repositories are described once, for all machines: `repositories: { extra: [{ uri: …, suite: …, "
      + "key: …, images: [NAME] }] }` at the top level."
  ]

  static let release = Key(
    "release",
    .choice(
      ["debian/bookworm", "debian/trixie"].map { ($0, $0) }, what: "a release that images can be built from"),
    required: true,
    "The distribution's release: `debian/bookworm` is Debian 12, `debian/trixie` Debian 13.")
  static let oci = Key(
    "oci", .layout,
    "An OCI layout or archive that the image begins with, beside this file or by its whole path: of the same release, "
      + "and without a kernel, so that `kernel` has to be named. Default: it is made from packages alone.")
  static let asOf = Key(
    "as_of", .date,
    "The day whose packages the image has: `2026-11-28`. Another day makes another image. Default: that of `repositories`."
  )
  static let defaultKernel = "linux-image-amd64"
  static let kernel = Key("kernel", .package, "The kernel's package. Default: \(defaultKernel).")
  static let kernelArguments = Key(
    "kernel_args", .kernelArguments,
    "Arguments of its nodes' kernels, beside ours. A `console=` among them takes the place of tty0 and ttyS0. Default: none."
  )
  static let disks = Key(
    "disks", .list(of: DiskSection.form, "a list of disks"),
    "Disks of its nodes, for groups that have no `disks:` of their own. Default: none.")
  static let install = Key(
    "install", .list(of: .package, "a list of packages", unique: true), "Packages of the distribution to install.")
  static let keep = Key(
    "keep", .list(of: Form<ImagePart>.choice("a part that images do without"), "a list of parts", unique: true),
    "Parts of packages and of the kernel that images do without otherwise: docs, man, info, locales, or drivers by their sort. Default: none."
  )
  static let files = Key(
    "files", .path("a folder beside the spec"), "A folder beside this file, laid over the image's root. Default: none.")
  static let permissions = Key(
    "permissions",
    .table("a mapping of paths in the image", named: .imagePath, of: .permissionOrNumbers),
    "Owners and modes in the image, by path: `/etc/sssd/sssd.conf: root:root 0600`. Default: root's, readable by all."
  )
  static let secrets = Key(
    "secrets",
    .table("a mapping of paths on nodes", named: .imagePath, of: ImageSecretSection.form),
    "Files that nodes of this image get from the secret store when they boot, by path. They are never in the image."
  )
  static let run = Key(
    "run", .list(of: .path("a program beside the spec"), "a list of programs", unique: true),
    "Programs beside this file, run inside the image when all else is done.")

  static let packages = Key(
    "packages", PackagesSection.settings,
    "Package sets that are on in this image, beside those of the site; and settings of its nodes for those. Default: none."
  )
  static let without = Key(
    "without", .list(of: PackagesSection.name, "a list of package sets", unique: true),
    "Package sets of the site that this image does not have. Default: none.")

  static let keys = [
    release.description, oci.description, asOf.description, kernel.description, kernelArguments.description,
    disks.description,
    install.description, keep.description, files.description, permissions.description, secrets.description,
    run.description, packages.description, without.description,
  ]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      release: fields.read(release, &problems), asOf: fields.read(asOf, &problems),
      isDated: fields.entry(asOf.name) != nil, oci: fields.read(oci, &problems),
      kernel: fields.read(kernel, &problems),
      kernelArguments: fields.read(kernelArguments, &problems)?.value ?? [], disks: fields.read(disks, &problems),
      install: fields.read(install, &problems)?.value.map(\.value) ?? [],
      keep: fields.read(keep, &problems)?.value.map(\.value) ?? [], files: fields.read(files, &problems),
      permissions: fields.read(permissions, &problems)?.value ?? [],
      secrets: fields.read(secrets, &problems)?.value ?? [], run: fields.read(run, &problems)?.value ?? [],
      packages: fields.read(packages, &problems)?.value ?? [],
      without: fields.read(without, &problems)?.value ?? [])
  }
}

enum ImageSecretSection: Section {
  struct Declaration: Sendable {
    var from: Located<SecretRef>?
    var permissions: Located<ClientImage.Permission>?
  }

  static let noun = "a secret of an image"
  static let doc = "A file that nodes get from the secret store."

  static let from = Key(
    "from", .secret, required: true,
    "The secret in the file: `secret:NAME`. One named `secret:generated/NAME` is made, 128 random bytes, at first need."
  )
  static let permissions = Key(
    "permissions", .permission, "Its owner, group and mode on the node: `munge:munge 0400`. Default: `root:root 0600`.")

  static let keys = [from.description, permissions.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(from: fields.read(from, &problems), permissions: fields.read(permissions, &problems))
  }
}
