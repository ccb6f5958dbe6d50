// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecReading
import Testing
import Wings

/// Package sets that some images have, and others not.
@Suite struct SetsOfImagesTests {
  private static let sets = [
    "packages/batch/set.yaml": """
    summary: Jobs.
    settings:
      port: { type: number, default: 6817, doc: A port. }
      cpus: { type: number, per: node, default: 1, doc: Processors of a node. }
    heads: { files: heads }
    nodes: { packages: [batchd], files: nodes, live: { /etc/batch/own.conf: {}, /etc/batch/common.conf: {} } }

    """,
    "packages/batch/heads/etc/batch.conf.j2":
      "{% for node in cluster.nodes %}{{ node.name }}={{ node.set.cpus }}\n{% endfor %}",
    "packages/batch/nodes/etc/batch/own.conf.j2": "{{ node.name }} {{ node.set.cpus }} {{ set.port }}\n",
    "packages/batch/nodes/etc/batch/common.conf": "all\n",
    "packages/batch/tests/alive.yaml": "summary: It runs.\nrun: [\"true\"]\non: each node\n",
    "packages/cuda/set.yaml": """
    summary: Accelerators.
    needs: [batch]
    settings:
      driver: { type: number, doc: Its version. }
      cards: { type: number, per: node, doc: How many. }
    nodes: { packages: [nvidia-driver], files: nodes }

    """,
    "packages/cuda/nodes/etc/cuda.j2": "{{ set.driver }}\n",
  ]

  /// Four nodes of the image `cpu`, two of `gpu`, one of `io`.
  private static func read(
    site: String, gpu: String = "", io: String = "", group: String = "", gpuRelease: String = "debian/bookworm",
    strict: Bool = false
  ) -> (cluster: Cluster?, problems: [String]) {
    let image = "release: debian/bookworm, kernel: linux-image-amd64"
    let gpuImage = "release: \(gpuRelease), kernel: linux-image-amd64"
    var files = sets
    if strict { files["packages/batch/set.yaml"]? += "same_release: true\n" }
    let text = """
      version: 1
      cluster: alps
      domain: alps.example.org
      networks: { private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot] } }
      heads: { head1: { nics: { eth0: { network: private, address: 10.1.0.1 } } } }
      images: { cpu: { \(image) }, gpu: { \(gpuImage), \(gpu) }, io: { \(image), \(io) } }
      nodes:
        - names: node[1-4]
          image: cpu
          nics: { eth0: { network: private, address: 10.1.1.1+, mac: 52:54:00:11:00:01+ } }
        - names: gpu[1-2]
          image: gpu
          nics: { eth0: { network: private, address: 10.1.2.1+, mac: 52:54:00:12:00:01+ } }
          \(group)
        - names: io1
          image: io
          nics: { eth0: { network: private, address: 10.1.3.1, mac: 52:54:00:13:00:01 } }
      packages: { \(site) }

      """
    let reading = SpecReader.read(Array(text.utf8), file: "cluster.yaml", keys: WingCatalog.keys)
    var found = reading.diagnostics
    var cluster = reading.cluster
    if let read = cluster {
      let (sets, problems) = SpecReader.sets(
        read, SiteFiles(files: files.mapValues { .init(contents: .text($0), executable: false) }))
      cluster?.adopt(sets)
      found += problems + (cluster.map { WingCatalog.problems(of: $0) } ?? [])
    }
    let errors = found.filter { $0.severity == .error }.map { "\($0.code.id): \($0.detail)" }
    return (errors.isEmpty ? cluster : nil, errors)
  }

  private static func text(_ cluster: Cluster, _ path: String) throws -> String {
    let file = Expansion.expand(cluster, SiteFiles()).compactMap { $0.desired as? FileKind.Desired }
      .first { $0.file.path == path }
    return String(decoding: try #require(file).file.contents.bytes, as: UTF8.self)
  }

  @Test func anImageAddsASetAndLeavesOneOut() throws {
    let (read, problems) = Self.read(
      site: "batch: {}", gpu: "packages: { cuda: { driver: 535, cards: 4 }, batch: { cpus: 64 } }",
      io: "without: [batch]", group: "packages: { batch: { cpus: 128 } }")
    let cluster = try #require(read, "\(problems)")

    // The group counts before its image, the image before the site; who is without the set is not in its files.
    #expect(
      try Self.text(cluster, "/etc/batch.conf") == "node1=1\nnode2=1\nnode3=1\nnode4=1\ngpu1=128\ngpu2=128\n")
    let published = Publications(cluster, SiteFiles())
    let recipes = published.images
    #expect(recipes["cpu"]?.packages.contains("batchd") == true && recipes["gpu"]?.packages.contains("batchd") == true)
    #expect(recipes["io"]?.packages.contains("batchd") == false)
    #expect(recipes.filter { $0.value.packages.contains("nvidia-driver") }.keys.sorted() == ["gpu"])
    let live = published.liveFiles
    #expect(live.common.isEmpty && live.own["io1"] == nil)
    #expect(
      live.own["gpu1"]?.map { "\($0.path) \(String(decoding: $0.contents.bytes, as: UTF8.self))" }.sorted() == [
        "/etc/batch/common.conf all\n", "/etc/batch/own.conf gpu1 128 6817\n",
      ])
    let graph = try CheckGraph(CheckSelection(["batch"]), cluster, activeHead: "head1")
    #expect(graph.groups.flatMap(\.parts).map(\.machine) == ["node1", "node2", "node3", "node4", "gpu1", "gpu2"])
  }

  /// Daemons of two releases do not speak to each other; what has no daemon may be on everywhere.
  @Test func aSetOfOneReleaseIsRefusedOnAnother() throws {
    let problem = """
      spec.set-need: The set `batch` needs nodes of the heads' release, debian/bookworm, and the image `gpu` is of \
      debian/trixie.
      """
    let strict = Self.read(site: "batch: {}", gpu: "", gpuRelease: "debian/trixie", strict: true)
    #expect(strict.problems == [problem])
    for read in [
      Self.read(site: "batch: {}", gpu: "without: [batch]", gpuRelease: "debian/trixie", strict: true),
      Self.read(site: "batch: {}", gpuRelease: "debian/trixie"), Self.read(site: "batch: {}", strict: true),
    ] {
      #expect(read.problems.isEmpty && read.cluster != nil)
    }
  }

  @Test func anImagesOwnSettingsCountForItsNodes() throws {
    let (read, problems) = Self.read(site: "batch: { cpus: 2 }", gpu: "packages: { batch: { cpus: 64 } }")
    let cluster = try #require(read, "\(problems)")
    #expect(try Self.text(cluster, "/etc/batch.conf").hasSuffix("node4=2\ngpu1=64\ngpu2=64\nio1=2\n"))
    let recipes = Publications(cluster, SiteFiles()).images
    #expect(Set(recipes.values.map(\.packages)).count == 1)
  }

  @Test(arguments: [
    (
      "batch: {}", "packages: { batch: { port: 7000 } }", "", "",
      ["spec.no-effect: `port` of the set `batch` is one for the whole cluster."]
    ),
    (
      "", "packages: { cuda: { driver: 535, cards: 4 } }", "", "",
      ["spec.set-need: The set `cuda` needs the set `batch`, which is not on."]
    ),
    (
      "batch: {}", "packages: { cuda: { driver: 535, cards: 4 } }, without: [batch]", "", "",
      ["spec.set-need: The set `cuda` needs `batch`, which the image `gpu` does not have."]
    ),
    (
      "batch: {}", "packages: { cuda: { driver: 535, cards: 4 } }", "packages: { cuda: { driver: 470, cards: 1 } }", "",
      ["spec.no-effect: The images `gpu` and `io` disagree on `driver` of `cuda`, which is one for the cluster."]
    ),
    (
      "batch: {}", "packages: { cuda: { driver: 535 } }", "", "",
      ["spec.missing-key: `cards` of the set `cuda` has no value."]
    ),
    (
      "batch: {}", "", "without: [cuda]", "",
      ["spec.no-effect: The set `cuda` is not on for the site, so every image is without it."]
    ),
    (
      "batch: {}", "packages: { batch: {} }, without: [batch]", "", "",
      ["spec.no-effect: `gpu` has the set `batch`, and is without it."]
    ),
    (
      "batch: {}", "without: [batch]", "", "packages: { batch: { cpus: 3 } }",
      ["spec.set-need: The set `batch` is not on, so these nodes have no settings of it."]
    ),
  ])
  func whatContradictsIsRefused(_ site: String, _ gpu: String, _ io: String, _ group: String, _ expected: [String]) {
    #expect(Self.read(site: site, gpu: gpu, io: io, group: group).problems == expected)
  }
}
