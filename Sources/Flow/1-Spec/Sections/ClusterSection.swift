// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// The top level of `cluster.yaml`.
enum ClusterSection: Section {
  struct Declaration: Sendable {
    var name: Located<String>?
    var domain: Located<String>?
    var repositories: Located<RepositoriesSection.Declaration>?
    var networks: [Named<NetworkSection.Declaration>]
    var heads: [Named<HeadSection.Declaration>]
    var images: [Named<ImageSection.Declaration>]
    /// There is no `images:` in the file, or nothing in it; not that it could not be read.
    var lacksImages: Bool
    var nodes: [Located<NodeGroupSection.Declaration>]
    var ha: Located<HighAvailabilitySection.Declaration>?
    /// `ha:` is in the file, readable or not.
    var wantsHA: Bool
    var access: Located<AccessSection.Declaration>?
    var packages: [SetRequest]
    /// Values of the keys that wings have declared, by key.
    var settings: [String: Setting] = [:]
    var span: SourceSpan
  }

  static let noun = "the cluster"
  static let doc = "One cluster: its networks, heads, images, nodes and high availability."

  static let version = Key("version", .version, required: true, "The version of this format.")
  static let cluster = Key("cluster", .label("a name"), required: true, "The name of the cluster.")
  static let domain = Key("domain", .domain, required: true, "The DNS domain of the cluster's machines.")
  static let repositories = Key(
    "repositories", RepositoriesSection.form, "Where packages come from. Default: the distribution's own mirrors.")
  static let networks = Key(
    "networks",
    .table(
      "a mapping of networks by name", named: .label("the name of a network", longest: 32), of: NetworkSection.form,
      minimum: 1),
    required: true, "The cluster's networks, by name.")
  static let heads = heads([])
  private static func heads(_ keys: [WingKey]) -> Key<[Named<HeadSection.Declaration>]> {
    Key(
      "heads",
      .table(
        "a mapping of heads by name", named: .machine("the name of a head"), of: HeadSection.form(keys), minimum: 1),
      required: true, "The head nodes, by host name. The first that is not a clone is the primary.")
  }
  static let images = Key(
    "images",
    .table("a mapping of images by name", named: .label("the name of an image", longest: 32), of: ImageSection.form),
    "What nodes run, by name.")
  static let nodes = nodes([])
  private static func nodes(_ keys: [WingKey]) -> Key<[Located<NodeGroupSection.Declaration>]> {
    Key(
      "nodes", .list(of: NodeGroupSection.form(keys), "a list of node groups"),
      "The compute nodes, in groups of alike machines.")
  }
  static let ha = Key(
    "ha", HighAvailabilitySection.form, "High availability of the heads: Corosync and Pacemaker. Default: none.")
  static let packages = Key(
    "packages", PackagesSection.form,
    "Package sets, by name, with their settings: what is in `packages/NAME` beside this file. Default: none.")
  static let access = Key("access", AccessSection.form, "How the machines are reached. Default: as root.")

  static let keys = [
    version.description, cluster.description, domain.description, repositories.description,
    networks.description, heads.description, images.description, nodes.description, ha.description,
    packages.description, access.description,
  ]

  /// The top level with the keys that wings read, here and in the sections below.
  static func form(_ keys: [WingKey]) -> Form<Declaration> {
    let (own, heads, nodes) = (keys.of(.cluster), heads(keys.of(.bmc)), nodes(keys))
    return form(with: [heads.description, nodes.description] + own.map(\.description)) { fields, problems in
      var declaration = read(fields, heads, nodes, &problems)
      declaration.settings = own.settings(fields, &problems)
      return declaration
    }
  }

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    read(fields, heads, nodes, &problems)
  }

  private static func read(
    _ fields: Fields, _ heads: Key<[Named<HeadSection.Declaration>]>,
    _ nodes: Key<[Located<NodeGroupSection.Declaration>]>, _ problems: inout Problems
  ) -> Declaration {
    _ = fields.read(version, &problems)
    return Declaration(
      name: fields.read(cluster, &problems), domain: fields.read(domain, &problems),
      repositories: fields.read(repositories, &problems),
      networks: fields.read(networks, &problems)?.value ?? [], heads: fields.read(heads, &problems)?.value ?? [],
      images: fields.read(images, &problems)?.value ?? [],
      lacksImages: fields.entry(images.name)?.value.isEmptyMapping ?? true,
      nodes: fields.read(nodes, &problems)?.value ?? [],
      ha: fields.read(ha, &problems), wantsHA: fields.entry(ha.name) != nil, access: fields.read(access, &problems),
      packages: fields.read(packages, &problems)?.value ?? [],
      span: fields.node.span)
  }
}

extension Form where Value == Int {
  /// The format's version. Another one is refused by its number, so that a newer file is not called malformed.
  static var version: Form {
    Form(noun: "1", schema: .members(["const": .number(1)])) { node, problems in
      guard let scalar = node.scalar(for: "1", &problems) else { return nil }
      if scalar.plain, scalar.text == "1" { return 1 }
      guard scalar.text != "1" else {
        problems.error(
          .unsupportedVersion, "The version is a number, and this is text.",
          help: "Numbers are written without quotes.",
          at: node.span, fixIts: [.init(label: "remove the quotes", span: node.span, replacement: "1")])
        return nil
      }
      problems.error(
        .unsupportedVersion, "Version `\(shown(scalar.text))` of this format is not known.",
        help: "This program reads version 1. A newer file needs a newer program.", at: node.span)
      return nil
    }
  }
}

enum AccessSection: Section {
  struct Declaration: Sendable { var user: Located<String>? }

  static let noun = "`access`"
  static let doc = "How the machines are reached."

  static let ssh = Key("ssh", SSHSection.form, "Over SSH.")

  static let keys = [ssh.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(user: fields.read(ssh, &problems)?.value.user)
  }
}

enum SSHSection: Section {
  struct Declaration: Sendable { var user: Located<String>? }

  static let noun = "`ssh`"
  static let doc = "How ssh(1) logs in."

  static let user = Key(
    "user", .account(longest: 32),
    "The account on every head. One that is not root uses sudo there, and needs a line with NOPASSWD. Default: root.")

  static let keys = [user.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(user: fields.read(user, &problems))
  }
}
