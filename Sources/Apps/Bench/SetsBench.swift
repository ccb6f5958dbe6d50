// SPDX-License-Identifier: Apache-2.0
import BuiltInSets
import ClusterModel
import Diagnostics
import Planning
import Reconciler
import SpecReading
import Templates
import Wings

/// Files of package sets for ten thousand nodes: all of them, and those of one node that has changed.
enum SetsBench {
  private static let nodes = 10_000

  private static let files: [(path: String, text: String)] = [
    (
      "/etc/scheduler.conf",
      """
      ClusterName={{ cluster.name }}
      Control={{ cluster.service_address | default('localhost') }}
      {% for node in cluster.nodes %}
      NodeName={{ node.name }} NodeAddr={{ node.boot_address | default(node.name) }}
      {% endfor %}
      Nodes={{ cluster.nodes | each('name') | hostlist }}

      """
    ),
    ("/etc/node.conf", "name = {{ node.name }}\naddress = {{ node.boot_address | default('-') }}\n"),
    (
      "/etc/agent.conf",
      "{% if node.image == 'compute' %}{{ node.fqdn }}{% else %}none{% endif %} {{ cluster.name }}\n"
    ),
  ]

  static func run() async throws {
    let bytes = SyntheticSpec.text(nodes: nodes)
    guard var cluster = SpecReader.read(bytes, file: "cluster.yaml", keys: WingCatalog.keys).cluster else {
      throw Unexpected(what: "no cluster")
    }
    let set = try set()
    cluster.adopt([set])
    let (_, all) = try await Measuring.median { [cluster] in
      // Taken in anew: what is filled in once is kept.
      var fresh = cluster
      fresh.adopt([set])
      return try Measuring.expecting("a file of each node", PackageSets.liveFiles(fresh)) {
        $0.common.count == 1 && $0.own.count == nodes && $0.own.values.allSatisfy { $0.count == 2 }
      }
    }
    Measuring.bar(
      "\(nodes) nodes: all live files", Measuring.milliseconds(all), reach: "2000 ms", met: all <= .seconds(2))

    // Its own files, and those that read all nodes: the read set of each template says which these are.
    guard let node = cluster.nodes.last?.name else { throw Unexpected(what: "no node") }
    let (_, one) = try await Measuring.median { [cluster] in
      let values = SetValues(cluster).of(set)
      let texts = try set.nodes.files.compactMap { try $0.texts(values, only: node).on(node) }
      return try Measuring.expecting("its files", texts) { $0.count == files.count }
    }
    Measuring.bar(
      "\(nodes) nodes, one changed: its live files", Measuring.milliseconds(one), reach: "50 ms",
      met: one <= .milliseconds(50))
    try await plan()
  }

  /// From the bytes of a description to the plan for bare machines, with the sets that come with the program.
  private static func plan() async throws {
    // Of those that are in each other's place, one; and none that a site has to say something for.
    let names = BuiltInSets.all.keys.sorted().filter { !["home-nfs", "accounts-ldap"].contains($0) }
    let text =
      SyntheticSpec.text(
        nodes: nodes,
        limits: "packages: { " + names.map { "\($0): {}" }.joined(separator: ", ") + " }\n"
      )
    let spec = Array(
      String(decoding: text, as: UTF8.self).replacing("\nha:\n", with: "\nha:\n  state: { shared: /srv/state }\n").utf8)
    let (count, took) = try await Measuring.median {
      guard var cluster = SpecReader.read(spec, file: "cluster.yaml", keys: WingCatalog.keys).cluster else {
        throw Unexpected(what: "no cluster")
      }
      var beside = SiteFiles()
      for name in names { beside.addBuiltIn(name) }
      let (sets, problems) = SpecReader.sets(cluster, beside)
      if let problem = problems.first(where: { $0.severity == .error }) { throw Unexpected(what: problem.detail) }
      cluster.adopt(sets)
      if let problem = WingCatalog.problems(of: cluster).first(where: { $0.severity == .error }) {
        throw Unexpected(what: problem.detail)
      }
      let desired = Expansion.expand(cluster, beside)
      let wanted = DesiredResources(
        desired, catalog: KindCatalog.all, heads: HeadOrder(cluster, sight: HighAvailability.sight))
      let inventory = BareMachine.inventory(cluster, wanted.questions(previously: []))
      let plan = try Planner.plan(wanted, previously: [], inventory: inventory, now: 0)
      if let blocked = plan.blocked.first { throw Unexpected(what: "\(blocked.resource): \(blocked.reason)") }
      return plan.steps.count
    }
    Measuring.bar(
      "\(nodes) nodes, \(names.count) sets on: description to plan (\(count) steps)", Measuring.milliseconds(took),
      reach: "500 ms", met: took <= .milliseconds(500))
  }

  private static func set() throws -> PackageSet {
    let types = SetVariables.types([:], on: .nodes)
    let made = try files.map { file in
      PackageSet.File(
        path: file.path, body: .template(try Template(file.text, variables: types)), isExecutable: false,
        origin: "bench", live: .nothing)
    }
    return PackageSet(
      name: "bench", summary: "A set.", settings: [], heads: .init(), nodes: .init(files: made),
      source: .point("cluster.yaml", 1, 1))
  }
}
